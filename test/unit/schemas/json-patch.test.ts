import fc from "fast-check";
import { applyPatch, type Operation as Rfc6902Operation } from "rfc6902";
import { describe, expect, it } from "vitest";
import { jsonPatch } from "../../../src/domain/schemas/json-patch.ts";
import type { Json } from "../../../src/json.ts";

/** Few keys and values, so that two documents share much; keys that pointers have to escape. */
const document = fc.letrec<{ node: Json }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom<Json>(null, 0, 1, "a", true),
    fc.array(tie("node"), { maxLength: 5 }),
    fc.dictionary(fc.constantFrom("a", "b/c", "d~e", "", "0"), tie("node"), { maxKeys: 4 }),
  ),
})).node;

function apply(from: Json, patch: ReturnType<typeof jsonPatch>): Json {
  // The library changes what it is given, and cannot replace the whole of it.
  const holder = { root: structuredClone(from) };
  const below = patch.map((operation) => ({ ...operation, path: `/root${operation.path}` }));
  const results = applyPatch(holder, structuredClone(below) as Rfc6902Operation[]);
  expect(results.every((result) => result === null)).toBe(true);
  return holder.root;
}

describe("a patch", () => {
  it("makes the one document out of the other", () => {
    fc.assert(
      fc.property(document, document, (from, to) => {
        expect(apply(from, jsonPatch(from, to))).toEqual(to);
      }),
      { numRuns: 2000 },
    );
  });

  it("of equal documents is empty", () => {
    fc.assert(
      fc.property(document, (value) => {
        expect(jsonPatch(value, structuredClone(value))).toEqual([]);
      }),
    );
  });

  it("leaves alone what arrays share at both ends", () => {
    const from = { list: [1, 2, 3, 4] };
    expect(jsonPatch(from, { list: [1, 9, 3, 4] })).toEqual([{ op: "replace", path: "/list/1", value: 9 }]);
    expect(jsonPatch(from, { list: [1, 2, 7, 8, 3, 4] })).toEqual([
      { op: "add", path: "/list/2", value: 7 },
      { op: "add", path: "/list/3", value: 8 },
    ]);
    expect(jsonPatch(from, { list: [1, 4] })).toEqual([
      { op: "remove", path: "/list/2" },
      { op: "remove", path: "/list/1" },
    ]);
  });

  it("treats __proto__ as a key like any other", () => {
    const from = JSON.parse('{"__proto__":{"a":1}}') as Json;
    const to = JSON.parse('{"__proto__":{"a":2}}') as Json;
    expect(jsonPatch(from, to)).toEqual([{ op: "replace", path: "/__proto__/a", value: 2 }]);
    expect(jsonPatch({}, to)).toMatchObject([{ op: "add", path: "/__proto__" }]);
    expect(jsonPatch(from, {})).toEqual([{ op: "remove", path: "/__proto__" }]);
    expect(jsonPatch({}, { toString: 1 })).toEqual([{ op: "add", path: "/toString", value: 1 }]);
  });

  it("replaces the whole where its paths would outgrow the documents", () => {
    const wide = (value: number) => ({
      ["k".repeat(10_000)]: Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`p${i}`, value])),
    });
    expect(jsonPatch(wide(1), wide(2))).toEqual([{ op: "replace", path: "", value: wide(2) }]);
  });

  it("of nested arrays that differ everywhere takes a number of steps like their size", () => {
    const nested = (leaf: number, depth: number): Json =>
      depth === 0 ? leaf : [nested(leaf, depth - 1), nested(leaf + 1, depth - 1)];
    expect(jsonPatch(nested(0, 12), nested(100, 12))).toHaveLength(2 ** 12);
    const long = (seed: number) => Array.from({ length: 20_000 }, (_, i) => seed + i);
    expect(jsonPatch(long(0), long(50_000))).toHaveLength(20_000);
  });
});
