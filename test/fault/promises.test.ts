import { describe, expect, it } from "vitest";
import { checkHistory } from "../support/history/check.ts";
import type { Revision } from "../support/history/operation.ts";
import { resolveAbsences } from "./absences.ts";
import { checkDeadlines, checkDrain, checkRefusals, checkShed, withSharedIds } from "./promises.ts";
import type { Recorded } from "./recorder.ts";

const FINAL: readonly Revision[] = ["a", "b", "c", "d"].map((value, index) => ({
  revision: index + 1,
  value,
  requestId: value,
}));
/** The second and the fourth revision are tombstones. */
const DELETIONS = FINAL.filter(({ value }) => value === "b" || value === "d");

function recorded(fields: Partial<Recorded> & Pick<Recorded, "start" | "end">): Recorded {
  return {
    client: "x",
    key: "k",
    instance: "i0",
    deadlineMs: 100,
    op: "read",
    outcome: "ok",
    told: true,
    ...fields,
  };
}

function write(wrote: string, start: number, more: Partial<Recorded> = {}): Recorded {
  const revision = FINAL.findIndex(({ value }) => value === wrote) + 1;
  const shown = { revision, value: wrote };
  return recorded({ op: "write", start, end: start + 1, wrote, requestId: wrote, ...shown, ...more });
}

const WRITES = [write("a", 0), write("b", 10), write("c", 20), write("d", 30)];

function absentAt(start: number, end: number): Recorded {
  return recorded({ start, end, absent: true, consistency: "fast" });
}

function revisionSeen(absence: Recorded): number | undefined {
  const resolved = resolveAbsences([...WRITES, absence], DELETIONS);
  return resolved.find(({ absent }) => absent)?.revision;
}

describe("an answer that there is no such task", () => {
  it.each([
    ["before the first creation saw nothing", absentAt(-5, -4), 0],
    ["while the task is created may have seen nothing", absentAt(0, 1), 0],
    ["after a deletion saw that one", absentAt(12, 13), 2],
    ["while it is created again saw the deletion before", absentAt(20, 21), 2],
    ["after the last deletion saw that one", absentAt(40, 41), 4],
  ])("%s", (_, absence, revision) => {
    expect(revisionSeen(absence)).toBe(revision);
  });

  it("while the task was there all the time is found to be stale", () => {
    const operations = withSharedIds(resolveAbsences([...WRITES, absentAt(22, 23)], DELETIONS));
    const found = checkHistory({ operations, final: new Map([["k", FINAL]]) });
    expect(found.map(({ invariant, name }) => `${invariant} ${name}`)).toEqual(["T5 stale"]);
  });
});

describe("what is checked beside the history", () => {
  const final = new Map([["k", FINAL]]);

  it("finds a compare-and-set that was refused before anybody wrote after it", () => {
    const refused = (end: number) => write("x", 12, { outcome: "refused", expected: 2, end });
    expect(checkRefusals([...WRITES, refused(19)], final)).toHaveLength(1);
    expect(checkRefusals([...WRITES, refused(25)], final)).toEqual([]);
  });

  it("finds an effect of a request all of whose calls say that it had none", () => {
    const refusal = { outcome: "failed", applied: "no" } as const;
    const found = (second: Partial<Recorded>) =>
      checkHistory({
        operations: withSharedIds([...WRITES.slice(0, 3), write("d", 30, refusal), write("d", 31, second)]),
        final,
      }).map(({ invariant }) => invariant);
    expect(found(refusal)).toContain("E1");
    expect(found({})).toEqual([]);
  });

  it("finds an answer after its deadline, unless its process was disturbed", () => {
    const late = recorded({ start: 0, end: 2_101 });
    const running = { name: "i0", disturbed: [] };
    expect(checkDeadlines([late], [running])).toHaveLength(1);
    expect(checkDeadlines([late], [{ name: "i0", disturbed: [{ from: 50, until: 60 }] }])).toEqual([]);
  });

  it("finds a call that a draining process dropped", () => {
    const dropped = recorded({ start: 0, end: 110, outcome: "failed", told: false });
    expect(checkDrain([dropped], "i0", 100)).toHaveLength(1);
    expect(checkDrain([{ ...dropped, told: true }], "i0", 100)).toEqual([]);
    expect(checkDrain([dropped], "i1", 100)).toEqual([]);
  });

  it("finds a call that was shed and had an effect, or does not say that it had none", () => {
    const shed = { outcome: "failed", reason: "OVERLOADED" } as const;
    const names = (operations: readonly Recorded[]) => checkShed(operations, final).map(({ name }) => name);
    expect(names([write("d", 30, { ...shed, applied: "no" })])).toEqual(["had_effect"]);
    expect(names([write("x", 30, { ...shed, applied: "unknown" })])).toEqual(["not_told"]);
    expect(names([write("x", 30, { ...shed, applied: "no" })])).toEqual([]);
    expect(names([write("d", 30, { ...shed, applied: "no" }), write("d", 31)])).toEqual([]);
  });
});
