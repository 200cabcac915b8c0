import { describe, expect, it } from "vitest";
import { checkSchemas } from "./check.ts";
import type { FinalSchema, SchemaHistory, SchemaOperation, TrailEvent } from "./operation.ts";

const name = "s";

/** Published x, published y, reverted to x, x deleted so that y is active, schema deleted, restored. */
const EVENTS: readonly TrailEvent[] = [
  event("PUBLISHED", 1, { release: 1, active: 1 }),
  event("PUBLISHED", 2, { release: 2, active: 2 }),
  event("REVERTED", 3, { release: 1, active: 1 }),
  event("RELEASE_DELETED", 4, { release: 1, active: 2 }),
  event("DELETED", 5, { active: 2 }),
  event("RESTORED", 6, { active: 2 }),
];
const END = { revision: 6, active: 2, latest: 2, count: 1, deleted: false };
const FINAL: FinalSchema = { name, events: EVENTS, schema: END, releases: [{ number: 2, content: "y" }] };

function event(type: TrailEvent["type"], revision: number, more: Partial<TrailEvent>): TrailEvent {
  return {
    type,
    revision,
    actor: "ada",
    note: "",
    requestId: `r${revision}`,
    release: 0,
    active: 0,
    ...more,
  };
}

function call(
  asked: SchemaOperation["call"],
  answer: NonNullable<SchemaOperation["answer"]>,
  [start, end]: readonly [number, number],
  more: Partial<SchemaOperation> = {},
): SchemaOperation {
  return { client: "c", name, call: asked, answer, start, end, ...more };
}

/** The writes that made the trail, one after the other: revision n from 10n to 10n + 5. */
const WRITES: readonly SchemaOperation[] = (
  [
    { method: "publish", content: "x" },
    { method: "publish", content: "y" },
    { method: "revert", release: 1 },
    { method: "delete_release", release: 1 },
    { method: "delete" },
    { method: "undelete" },
  ] as const
).map((asked, index) => write(asked, index + 1));

function write(
  asked: SchemaOperation["call"],
  revision: number,
  more: Partial<SchemaOperation> = {},
): SchemaOperation {
  const answer = { outcome: "ok", appliedRevision: revision } as const;
  const made = { requestId: `r${revision}`, actor: "ada", ...more };
  return call(asked, answer, [10 * revision, 10 * revision + 5], made);
}

const publishX = write({ method: "publish", content: "x" }, 1);
const without = (revision: number) => WRITES.filter(({ requestId }) => requestId !== `r${revision}`);
const refused = (reason: string) => ({ outcome: "failed", reason, applied: "no" }) as const;
const shows = (number: number, content: string) => ({ outcome: "ok", release: { number, content } }) as const;
const active = { method: "get_release", release: 0 } as const;

function found(
  operations: readonly SchemaOperation[],
  final: Partial<FinalSchema> = {},
  more: Partial<SchemaHistory> = {},
): readonly string[] {
  return checkSchemas({ operations, final: [{ ...FINAL, ...final }], ...more }).map(
    ({ invariant, name: what }) => `${invariant} ${what}`,
  );
}

/** The trail with other facts at one revision. */
function changed(revision: number, more: Partial<TrailEvent>): Partial<FinalSchema> {
  return { events: EVENTS.map((known) => (known.revision === revision ? { ...known, ...more } : known)) };
}

describe("a history of a schema that keeps every promise", () => {
  it("has no violation", () => {
    const schema = { revision: 2, active: 2, latest: 2, count: 2 };
    const operations = [
      ...WRITES,
      call({ method: "get_schema" }, refused("SCHEMA_NOT_FOUND"), [0, 1]),
      call(active, shows(1, "x"), [11, 18]),
      call(active, shows(2, "y"), [19, 32]),
      call({ method: "get_schema" }, { outcome: "ok", schema }, [26, 29]),
      call({ method: "publish", content: "x" }, { outcome: "ok", appliedRevision: 0 }, [36, 38], {
        requestId: "same",
      }),
      call(active, shows(1, "x"), [37, 41]),
      call({ method: "get_release", release: 1 }, refused("RELEASE_NOT_FOUND"), [46, 47]),
      call(active, refused("SCHEMA_DELETED"), [56, 57]),
      call({ method: "delete" }, refused("UNAVAILABLE"), [58, 59], { requestId: "away" }),
      call(active, { ...shows(1, "x"), degraded: true }, [58, 59]),
      call({ method: "purge" }, { outcome: "failed", reason: "reset", applied: "unknown" }, [58, 59]),
      { client: "c", name, call: active, start: 60 },
      { ...publishX, answer: { outcome: "ok", appliedRevision: 1, replayed: true }, start: 70, end: 80 },
    ] as const;
    expect(found(operations, {}, { mayFollow: () => true })).toEqual([]);
  });
});

describe("the checker of schemas finds", () => {
  it("a release whose content changed, in an answer and in the end", () => {
    expect(found([...WRITES, call(active, shows(1, "z"), [16, 18])])).toEqual(["S1 changed"]);
    expect(found(WRITES, { releases: [{ number: 2, content: "z" }] })).toEqual(["S1 changed"]);
  });

  it("a number that was used twice", () => {
    expect(found(WRITES, changed(2, { release: 1, active: 1 }))).toContain("S2 number");
  });

  it("one content that made two releases", () => {
    const again = write({ method: "publish", content: "x" }, 2);
    expect(found([...without(2), again], { releases: undefined })).toEqual(["S3 same_content"]);
  });

  it("a content that the mode in force did not allow", () => {
    const strict = [{ ...publishX, call: { ...publishX.call, mode: "BACKWARD" } }, ...without(1)];
    const mayFollow = (mode: string, older: string, newer: string) =>
      !(mode === "BACKWARD" && older === "x" && newer === "y");
    expect(found(WRITES, {}, { mayFollow })).toEqual([]);
    expect(found(strict as readonly SchemaOperation[], {}, { mayFollow })).toEqual(["S4 incompatible"]);
  });

  it("a pointer that names what is not there, or moved where it should not", () => {
    expect(found(WRITES, changed(4, { active: 1 }))).toContain("S5 dangling");
    expect(found(WRITES, changed(3, { active: 2 }))).toContain("S5 moved");
    expect(found(WRITES, changed(6, { active: 1 }))).toContain("S5 moved");
    expect(found([...WRITES, call(active, refused("RELEASE_NOT_FOUND"), [26, 28])])).toContain("S5 dangling");
  });

  it("an end that the trail does not lead to", () => {
    expect(found(WRITES, { schema: { ...END, active: 1 } })).toEqual(["S5 end"]);
    expect(found(WRITES, { releases: [] })).toEqual(["S5 end"]);
    expect(found(WRITES, { schema: undefined })).toEqual(["S5 end"]);
  });

  it("an answer that is old, by what was acknowledged and by what was shown", () => {
    expect(found([...WRITES, call(active, shows(1, "x"), [46, 48])])).toEqual(["S5 stale"]);
    const newer = call(active, shows(2, "y"), [41, 42]);
    const older = call(active, shows(1, "x"), [43, 44]);
    expect(found([...WRITES, newer])).toEqual([]);
    expect(found([...WRITES, older])).toEqual([]);
    expect(found([...WRITES, newer, older])).toEqual(["S5 stale"]);
  });

  it("an answer that shows what nobody had asked for yet", () => {
    expect(found([...WRITES, call(active, shows(1, "x"), [8, 9])])).toEqual(["S5 early"]);
    expect(found([...WRITES, call(active, shows(2, "y"), [56, 58])])).toEqual(["S5 early"]);
  });

  it("an answer that shows what never was", () => {
    const schema = { revision: 2, active: 1, latest: 2, count: 2 };
    expect(found([...WRITES, call({ method: "get_schema" }, { outcome: "ok", schema }, [26, 28])])).toEqual([
      "S5 phantom",
    ]);
    expect(found([...WRITES, call(active, shows(3, "z"), [26, 28])])).toEqual(["S5 phantom"]);
    const publish = { method: "publish", content: "z" } as const;
    expect(found([...WRITES, call(publish, { outcome: "ok", appliedRevision: 0 }, [26, 28])])).toEqual([
      "S5 phantom",
    ]);
  });

  it("a write that was acknowledged and is not there", () => {
    const revert = { method: "revert", release: 2 } as const;
    const applied = { outcome: "failed", reason: "reset", applied: "yes" } as const;
    expect(found([...WRITES, call(revert, applied, [36, 38], { requestId: "rx" })])).toEqual(["T1 lost"]);
    const ok = { outcome: "ok", appliedRevision: 3 } as const;
    expect(found([...WRITES, call(revert, ok, [36, 38], { requestId: "rx" })])).toContain("T1 lost");
  });

  it("a write that was refused, or wrote nothing, and is there", () => {
    const purge = call({ method: "delete" }, refused("UNAVAILABLE"), [50, 55], {
      requestId: "r5",
      actor: "ada",
    });
    expect(found([...without(5), purge])).toEqual(["E1 had_effect"]);
  });

  it("a request that took effect twice, and a gap", () => {
    expect(found(without(3), changed(3, { requestId: "r2" }))).toContain("T1 twice");
    expect(found(WRITES, changed(3, { revision: 4 }))).toContain("T2 gap");
  });

  it("an audit trail that says something else than what was done", () => {
    expect(found(WRITES, changed(3, { actor: "bob" }))).toEqual(["A1 other_actor"]);
    expect(found(WRITES, changed(3, { note: "why not" }))).toEqual(["A1 other_note"]);
    expect(found(WRITES, changed(6, { type: "UPDATED" }))).toContain("A1 other_deed");
    expect(found(WRITES, changed(5, { type: "RESTORED" }))).toContain("A1 out_of_order");
    expect(found([...without(3), write({ method: "revert", release: 2 }, 3)])).toContain("A1 other_release");
  });
});
