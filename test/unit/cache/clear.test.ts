import { describe, expect, it } from "vitest";
import { type ClearRequest, clearCache } from "../../../src/domain/cache/clear.ts";
import { setEntry } from "../../../src/domain/cache/entries.ts";
import { leaseEntry } from "../../../src/domain/cache/lease.ts";
import { listKeys } from "../../../src/domain/cache/list-keys.ts";
import { ServiceError, unavailable } from "../../../src/errors.ts";
import type { CacheStore } from "../../../src/ports/cache-store.ts";
import { ResponseBudget } from "../../../src/rpc/budget.ts";
import { failure, fieldsOf, type Harness, harness, text } from "./support.ts";

const NOTHING: ClearRequest = {
  namespace: "",
  pattern: "",
  allNamespaces: false,
  validateOnly: false,
  expectedCount: undefined,
};

/** 30 entries in each of two namespaces. */
async function filled(plant?: (store: CacheStore) => Partial<CacheStore>): Promise<Harness> {
  const it = harness(plant);
  for (const namespace of ["one", "two"]) {
    for (let index = 0; index < 30; index++) await setEntry(it.cache, text(`a/${index}`, "v", { namespace }));
  }
  return it;
}

async function left({ cache }: Harness): Promise<readonly number[]> {
  const count = async (namespace: string) => {
    const request = { namespace, pattern: "", includeValues: false, includeTtls: false };
    const page = await listKeys(cache, { ...request, pageSize: 1000, pageToken: "" }, new ResponseBudget());
    return page.keys.length;
  };
  return [await count("one"), await count("two")];
}

/** A store whose scan gives every key twice, as Redis may while it grows. */
function repeating(store: CacheStore): Partial<CacheStore> {
  return {
    scan: async (...[generation, query, signal]: Parameters<CacheStore["scan"]>) => {
      const again = query.cursor?.startsWith("again ") ?? false;
      const cursor = again ? query.cursor?.slice("again ".length) || undefined : query.cursor;
      const page = await store.scan(generation, { ...query, cursor }, signal);
      return again ? page : { keys: page.keys, cursor: `again ${query.cursor ?? ""}` };
    },
  };
}

/** A store whose slots move under the first scans, after some pages of each. */
function moving(times: number): (store: CacheStore) => Partial<CacheStore> {
  let left = times;
  return (store) => ({
    scan: async (generation, query, signal) => {
      if (query.cursor !== undefined && left-- > 0) throw new ServiceError("aborted", "SLOTS_MOVED", "moved");
      return store.scan(generation, { ...query, count: 1 }, signal);
    },
  });
}

describe("clearing", () => {
  it("begins again where a cluster's slots moved meanwhile, and removes and counts each entry once", async () => {
    const it = await filled(moving(3));
    expect(await clearCache(it.cache, { ...NOTHING, namespace: "one" })).toEqual({ count: 30, sample: [] });
    const counted = await filled(moving(3));
    const request = { ...NOTHING, allNamespaces: true, expectedCount: 60 };
    expect((await clearCache(counted.cache, request)).count).toBe(60);
    const always = await filled(moving(Number.POSITIVE_INFINITY));
    const error = await failure(() => clearCache(always.cache, { ...NOTHING, allNamespaces: true }));
    expect(error).toMatchObject({ kind: "aborted", reason: "SLOTS_MOVED", applied: "unknown" });
  });

  it("ends leases and drops stale values in scope, whether or not there was an entry", async () => {
    const it = harness();
    const stale = { namespace: "one", ttlMs: 10, staleTtlMs: 10_000 };
    await setEntry(it.cache, text("stale", "old", stale));
    it.advance(20);
    const ask = (key: string, namespace = "one") =>
      leaseEntry(it.cache, { namespace, key, leaseMs: undefined, waitMs: 0 });
    const [leased, kept] = [await ask("leased"), await ask("leased", "two")];
    if (leased.outcome !== "granted" || kept.outcome !== "granted") throw new Error("no lease was granted");
    const cleared = await clearCache(it.cache, { ...NOTHING, namespace: "one", expectedCount: 0 });
    expect(cleared.count).toBe(0);
    const filling = (namespace: string, leaseToken: string) =>
      setEntry(it.cache, text("leased", "v", { namespace, leaseToken }));
    expect((await failure(() => filling("one", leased.token))).reason).toBe("LEASE_LOST");
    await filling("two", kept.token);
    expect(await ask("stale")).toMatchObject({ outcome: "granted", entry: undefined });
  });

  it.each([
    ["a namespace", { namespace: "one" }, 30, [0, 30]],
    ["a pattern in a namespace", { namespace: "one", pattern: "a/1?" }, 10, [20, 30]],
    ["all namespaces", { allNamespaces: true }, 60, [0, 0]],
  ])("%s removes that and nothing else", async (_what, request, count, remaining) => {
    const it = await filled();
    expect(await clearCache(it.cache, { ...NOTHING, ...request })).toEqual({ count, sample: [] });
    expect(await left(it)).toEqual(remaining);
  });

  it("with validate_only counts, samples and removes nothing", async () => {
    const it = await filled();
    const { count, sample } = await clearCache(it.cache, {
      ...NOTHING,
      allNamespaces: true,
      validateOnly: true,
    });
    expect(count).toBe(60);
    expect(sample).toHaveLength(20);
    expect(sample[0]).toMatch(/^(one|two)\/a\/\d+$/);
    expect(await left(it)).toEqual([30, 30]);
  });

  it("goes on when the expected count is met", async () => {
    const it = await filled();
    const request = { ...NOTHING, namespace: "one", expectedCount: 30 };
    expect((await clearCache(it.cache, request)).count).toBe(30);
    expect(await left(it)).toEqual([0, 30]);
  });

  it.each([false, true])("stops when it is not, validate_only %s", async (validateOnly) => {
    const it = await filled();
    const request = { ...NOTHING, allNamespaces: true, expectedCount: 59, validateOnly };
    expect(await failure(() => clearCache(it.cache, request))).toMatchObject({
      kind: "failed_precondition",
      reason: "COUNT_MISMATCH",
      metadata: { counted: "60" },
      applied: "no",
    });
    expect(await left(it)).toEqual([30, 30]);
  });

  it.each([
    ["counted first", 30],
    ["removed as they are found", undefined],
  ])("counts an entry once though the scan gives it twice, %s", async (_how, expectedCount) => {
    const it = await filled(repeating);
    const request = { ...NOTHING, namespace: "one", expectedCount };
    expect((await clearCache(it.cache, request)).count).toBe(30);
  });

  it("says that it may have been applied when it fails half way", async () => {
    let deletes = 0;
    const it = await filled((store) => ({
      scan: async () => ({ keys: ["a/0"], cursor: "more" }),
      deleteMany: async (...args: Parameters<CacheStore["deleteMany"]>) => {
        if (deletes++ > 0) throw unavailable("hot");
        return store.deleteMany(...args);
      },
    }));
    const request = { ...NOTHING, namespace: "one" };
    expect(await failure(() => clearCache(it.cache, request))).toMatchObject({
      kind: "unavailable",
      applied: "unknown",
    });
    expect((await failure(() => clearCache(it.cache, request))).applied).toBe("no");
  });

  it("does not count without end", async () => {
    let next = 0;
    const it = harness((_store) => ({
      scan: async () => ({ keys: Array.from({ length: 50_000 }, () => String(next++)), cursor: "more" }),
    }));
    const request = { ...NOTHING, namespace: "one", validateOnly: true };
    expect(await failure(() => clearCache(it.cache, request))).toMatchObject({
      kind: "resource_exhausted",
      reason: "LIMIT_REACHED",
    });
  });

  it.each([
    [["namespace"], {}],
    [["namespace"], { pattern: "a*" }],
    [["namespace"], { allNamespaces: true, namespace: "one" }],
    [["pattern"], { allNamespaces: true, pattern: "a*" }],
    [["namespace", "pattern"], { namespace: "ONE", pattern: "\\" }],
    [["expected_count"], { namespace: "one", expectedCount: -1 }],
  ])("is refused for %j in %j, and removes nothing", async (fields, request) => {
    const it = await filled();
    const error = await failure(() => clearCache(it.cache, { ...NOTHING, ...request }));
    expect(fieldsOf(error)).toEqual(fields);
    expect(await left(it)).toEqual([30, 30]);
  });
});
