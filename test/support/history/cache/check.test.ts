import { describe, expect, it } from "vitest";
import { checkCache } from "./check.ts";
import type { CacheAnswer, CacheCall, CacheOperation, Span } from "./operation.ts";

/** One call a millisecond long. */
function at(start: number, call: CacheCall, answer: CacheAnswer): CacheOperation {
  return { client: "c", key: "k", call, start, end: start + 1, answer };
}

const done = { outcome: "ok" } as const;
const refused = { outcome: "refused" } as const;
const unknown = { outcome: "failed", reason: "away", applied: "unknown" } as const;
const notApplied = { outcome: "failed", reason: "away", applied: "no" } as const;
const set = (start: number, value: string, answer: CacheAnswer = done) =>
  at(start, { method: "set", value }, answer);
const claim = (start: number, value: string, answer: CacheAnswer = done) =>
  at(start, { method: "set_if_absent", value }, answer);
const get = (start: number, value?: string) =>
  at(start, { method: "get" }, value === undefined ? done : { outcome: "ok", value });
const remove = (start: number) => at(start, { method: "delete" }, done);
const increment = (start: number, requestId: string, answer: CacheAnswer) =>
  at(start, { method: "increment", requestId }, answer);
const count = (value: number, replayed = false): CacheAnswer => ({ outcome: "ok", count: value, replayed });

function found(operations: readonly CacheOperation[], losses: readonly Span[] = []): readonly string[] {
  return checkCache({ operations, losses }).map(({ invariant, name }) => `${invariant} ${name}`);
}

const LOSS = [{ from: 14, until: 16 }];

describe("the checker of cache histories finds", () => {
  it.each<[string, readonly CacheOperation[], readonly Span[], string]>([
    ["an older value after a newer one", [set(0, "a"), set(10, "b"), get(20, "a")], [], "C1 older_value"],
    [
      "an older value after a newer one that was read, though the writer never heard of it",
      [set(0, "a"), set(10, "b", unknown), get(20, "b"), get(30, "a")],
      [],
      "C1 older_value",
    ],
    ["an older value after a loss", [set(0, "a"), set(10, "b"), get(20, "a")], LOSS, "C1 older_value"],
    ["a value after its deletion", [set(0, "a"), remove(10), get(20, "a")], [], "C1 older_value"],
    ["a value that nobody wrote", [set(0, "a"), get(10, "x")], [], "C1 phantom"],
    ["a value before it was written", [get(0, "a"), set(10, "a")], [], "C1 phantom"],
    ["a value that vanished", [set(0, "a"), get(10)], [], "C1 vanished"],
    ["an effect of a set that had none", [set(0, "a", notApplied), get(10, "a")], [], "E1 had_effect"],
    [
      "two increments that made the same",
      [increment(0, "a", count(1)), increment(10, "b", count(1))],
      [],
      "C2 lost_increment",
    ],
    [
      "a counter that went back",
      [increment(0, "a", count(5)), at(10, { method: "get" }, { outcome: "ok", value: "4" })],
      [],
      "C2 went_back",
    ],
    [
      "an increment that was applied twice",
      [increment(0, "a", unknown), increment(5, "a", count(2)), get(10, "2")],
      [],
      "C2 twice",
    ],
    [
      "an acknowledged increment that is not there",
      [increment(0, "a", count(1)), increment(10, "b", count(2, true)), get(20, "1")],
      [],
      "C2 lost_increment",
    ],
    ["two winners", [claim(0, "a"), claim(10, "b")], [], "C3 two_winners"],
    ["a refusal by nobody", [claim(0, "a", refused)], [], "C3 false_refusal"],
  ])("%s", (_, operations, losses, violation) => {
    expect(found(operations, losses)).toContain(violation);
  });
});

describe("the checker of cache histories is content with", () => {
  it.each<[string, readonly CacheOperation[], readonly Span[]]>([
    ["values in a row", [set(0, "a"), get(5, "a"), set(10, "b"), get(20, "b"), remove(30), get(40)], []],
    ["either of two sets at once", [set(0, "a"), { ...set(0, "b"), end: 9 }, get(10, "a")], []],
    [
      "a set of unknown outcome that comes late",
      [set(0, "a", unknown), set(10, "b"), get(20, "b"), get(30, "a")],
      [],
    ],
    ["a value that was lost with the store", [set(0, "a"), get(20)], LOSS],
    [
      "a counter that began anew after a loss",
      [increment(0, "a", count(1)), increment(20, "b", count(1)), get(30, "1")],
      LOSS,
    ],
    [
      "a repeated increment",
      [increment(0, "a", unknown), increment(5, "a", count(1, true)), get(10, "1")],
      [],
    ],
    ["one winner, and those who met it", [claim(0, "a"), claim(5, "b", refused), get(10, "a")], []],
    ["a winner nobody heard of", [claim(0, "a", unknown), claim(5, "b", refused)], []],
    ["a second winner after a loss", [claim(0, "a"), claim(20, "b")], LOSS],
  ])("%s", (_, operations, losses) => {
    expect(found(operations, losses)).toEqual([]);
  });
});
