import { describe, expect, it } from "vitest";
import { batchSetEntries } from "../../../src/domain/cache/batches.ts";
import { getEntry, setEntry } from "../../../src/domain/cache/entries.ts";
import { cacheStats } from "../../../src/domain/cache/stats.ts";
import { ServiceError } from "../../../src/errors.ts";
import { failure, fieldsOf, harness, text } from "./support.ts";

const all = { namespace: "" };

describe("cache statistics", () => {
  it("count reads that found an entry and reads that found none", async () => {
    const { cache } = harness();
    await setEntry(cache, text("k", "v"));
    await getEntry(cache, { namespace: "", key: "k" });
    await getEntry(cache, { namespace: "", key: "k" });
    await failure(() => getEntry(cache, { namespace: "", key: "none" }));
    expect(await cacheStats(cache, all)).toMatchObject({ hits: 2, misses: 1 });
  });

  it("tell entries and about the bytes of each namespace, the fullest first", async () => {
    const { cache } = harness();
    for (let page = 0; page < 3; page++) {
      const requests = Array.from({ length: 1000 }, (_, i) =>
        text(`${page}/${i}`, "x".repeat(100), { namespace: "many" }),
      );
      await batchSetEntries(cache, requests);
    }
    await setEntry(cache, text("k", "y".repeat(5000), { namespace: "few" }));
    expect(await cacheStats(cache, all)).toMatchObject({
      partial: false,
      namespaces: [
        { namespace: "many", entries: 3000, bytes: 300_000 },
        { namespace: "few", entries: 1, bytes: 5000 },
      ],
    });
    expect((await cacheStats(cache, { namespace: "few" })).namespaces).toEqual([
      { namespace: "few", entries: 1, bytes: 5000 },
    ]);
    expect((await cacheStats(cache, { namespace: "none" })).namespaces).toEqual([]);
  });

  it("end after a bounded look, and say so", async () => {
    let pages = 0;
    const { cache } = harness(() => ({
      scan: async () => ({ keys: [`n/${++pages}`], cursor: "more" }),
    }));
    const { namespaces, partial } = await cacheStats(cache, all);
    expect([namespaces, partial, pages]).toEqual([[{ namespace: "n", entries: 100, bytes: 0 }], true, 100]);
  });

  it("end where a cluster's slots move meanwhile, and say so", async () => {
    const { cache } = harness(() => ({
      scan: async (_generation, { cursor }) => {
        if (cursor !== undefined) throw new ServiceError("aborted", "SLOTS_MOVED", "moved");
        return { keys: ["n/1"], cursor: "more" };
      },
    }));
    const { namespaces, partial } = await cacheStats(cache, all);
    expect([namespaces.length, partial]).toEqual([1, true]);
  });

  it("leave out namespaces beyond what an answer holds, and say so", async () => {
    const { cache } = harness();
    const requests = Array.from({ length: 1000 }, (_, i) => text("k", "v", { namespace: `n${i}` }));
    await batchSetEntries(cache, requests);
    expect(await cacheStats(cache, all)).toMatchObject({ partial: false });
    await setEntry(cache, text("k", "v", { namespace: "one-more" }));
    const { namespaces, partial } = await cacheStats(cache, all);
    expect([namespaces.length, partial]).toEqual([1000, true]);
  });

  it("refuse a bad namespace, and are not to be had while the hot store is away", async () => {
    const { cache, bypass } = harness();
    expect(fieldsOf(await failure(() => cacheStats(cache, { namespace: "/" })))).toEqual(["namespace"]);
    bypass();
    expect(await failure(() => cacheStats(cache, all))).toMatchObject({ kind: "unavailable" });
  });
});
