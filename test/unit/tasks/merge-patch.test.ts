import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FAST_PATCH_LEAVES } from "../../../src/domain/tasks/limits.ts";
import { compilePatch, mergePatch } from "../../../src/domain/tasks/merge-patch.ts";
import type { Json, JsonObject } from "../../../src/json.ts";
import { jsonObject, jsonValue, referenceMerge } from "./json-arbitrary.ts";
import { bound, comparable, creation, named, openTasks, update } from "./support.ts";

describe("merge patches", () => {
  // The test cases of RFC 7396, appendix A, whose patch is an object.
  it.each<[Json, JsonObject, Json]>([
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])("%j patched with %j is %j", (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result);
  });

  it("agree with the RFC's own text on every target and patch, and change neither", () => {
    fc.assert(
      fc.property(jsonValue, jsonObject, (target, patch) => {
        const before = comparable([target, patch]);
        expect(comparable(mergePatch(target, patch))).toBe(comparable(referenceMerge(target, patch)));
        expect(comparable([target, patch])).toBe(before);
      }),
      { numRuns: 2_000 },
    );
  });

  it("leave prototypes alone", () => {
    const patch = JSON.parse(
      '{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}',
    );
    const merged = mergePatch({}, patch);
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
    expect(Object.hasOwn(merged, "__proto__")).toBe(true);
    expect({}).not.toHaveProperty("polluted");
  });

  it("of too many leaves are not compiled", () => {
    const wide = (leaves: number) =>
      Object.fromEntries(Array.from({ length: leaves }, (_, index) => [`k${index}`, index]));
    expect(compilePatch(["data"], wide(FAST_PATCH_LEAVES), FAST_PATCH_LEAVES)?.set).toHaveLength(
      FAST_PATCH_LEAVES,
    );
    expect(compilePatch(["data"], wide(FAST_PATCH_LEAVES + 1), FAST_PATCH_LEAVES)).toBeUndefined();
  });
});

describe("an update of data", () => {
  it("is the RFC's merge, by the conditional write and by the exact one", async () => {
    const paths = { fast: 0, exact: 0 };
    const { tasks } = await openTasks({
      intercept: (objects) => ({
        ...bound(objects),
        mutate: async (...call) => {
          const result = await objects.mutate(...call);
          const [, , { conditions }] = call;
          const exact = conditions.some(({ path: [field] }) => field === "revision");
          if (result.outcome === "applied") paths[exact ? "exact" : "fast"]++;
          return result;
        },
      }),
    });
    let count = 0;
    await fc.assert(
      fc.asyncProperty(
        jsonObject,
        fc.array(jsonObject, { minLength: 1, maxLength: 4 }),
        async (data, patches) => {
          const taskId = `t${++count}`;
          await tasks.create(creation({ taskId, data }));
          let expected: Json = data;
          for (const patch of patches) {
            const { task } = await tasks.update(update({ taskId, data: patch }));
            expected = referenceMerge(expected, patch);
            expect(comparable(task.data)).toBe(comparable(expected));
          }
          const { task } = await tasks.get(named({ taskId }));
          expect(comparable(task.data)).toBe(comparable(expected));
          expect(task.revision).toBe(1 + patches.length);
        },
      ),
      { numRuns: 300 },
    );
    // Both ways were really taken.
    expect(paths.fast).toBeGreaterThan(count + 100);
    expect(paths.exact).toBeGreaterThan(100);
  });
});
