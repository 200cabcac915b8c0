// Each promise of the durable store's contract can fail: here are stores that break one, and the suite finds it.
import { describe, expect, it } from "vitest";
import { memoryDurable } from "../../src/adapters/memory/durable.ts";
import type { DurableStore } from "../../src/ports/durable-store.ts";
import { BROKEN_READS } from "./durable/broken-reads.ts";
import { BROKEN_WRITES } from "./durable/broken-writes.ts";
import { COLLECTIONS } from "./durable/harness.ts";
import { durableChecks } from "./durable.ts";

/** The promises among these that a store breaks; each check gets a store of its own. */
async function brokenPromises(
  open: () => DurableStore,
  promises: readonly string[],
): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const { promise, run } of durableChecks) {
    if (!promises.includes(promise)) continue;
    await run(open()).catch(() => broken.push(promise));
  }
  return broken.sort();
}

const BROKEN_STORES = [...BROKEN_WRITES, ...BROKEN_READS];

describe("the durable store's contract suite", () => {
  const all = durableChecks.map(({ promise }) => promise);

  it("finds nothing wrong with a good store", async () => {
    expect(await brokenPromises(() => memoryDurable(COLLECTIONS), all)).toEqual([]);
  });

  for (const { flaw, breaks, open } of BROKEN_STORES) {
    it(`finds that ${flaw}`, async () => {
      expect(await brokenPromises(open, breaks)).toEqual([...breaks].sort());
    });
  }

  it("has no check that no broken store fails", () => {
    expect(BROKEN_STORES.flatMap(({ breaks }) => breaks)).toEqual(expect.arrayContaining(all));
  });
});
