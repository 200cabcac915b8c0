import { describe, expect, it } from "vitest";
import { MemoryCacheStore } from "../../src/adapters/memory/cache.ts";
import { memoryDurable } from "../../src/adapters/memory/durable.ts";
import { MemoryHotStore } from "../../src/adapters/memory/hot.ts";
import { unavailable } from "../../src/errors.ts";
import { createMetrics } from "../../src/observability/metrics.ts";
import { countReads } from "../../src/observability/reads.ts";
import { observedCache, observedDurable, observedHot } from "../../src/observability/stores.ts";
import { cacheContract } from "../contract/cache.ts";
import { durableContract } from "../contract/durable.ts";
import { hotContract } from "../contract/hot.ts";
import { onVirtualClock } from "../contract/memory-harness.ts";
import { samplesOf } from "./support.ts";

const observation = () => ({ metrics: createMetrics(), tracing: undefined });
const OPERATIONS = "dbconn_store_operation_duration_seconds_count";

// What is looked at must stay what it is: the ports' own suites say so.
durableContract("memory, observed", async (collections) => {
  const store = observedDurable(memoryDurable(collections), observation());
  return { store, stop: () => store.close() };
});
hotContract("memory, observed", () =>
  onVirtualClock((options) =>
    observedHot(new MemoryHotStore({ ...options, identity: "memory-1" }), observation()),
  ),
);
cacheContract("memory, observed", () =>
  onVirtualClock((options) => observedCache(new MemoryCacheStore(options), "memory", observation())),
);

describe("an observed store", () => {
  const slot = { generation: 1, key: "task/a/b" };
  const request = { minRevision: 0, token: "t", leaseMs: 1000 };
  const memory = () =>
    new MemoryHotStore({ now: () => 0, maxBytes: 1000, maxEntries: 10, identity: "memory-1" });

  it("counts hits, misses and those that wait for another's fill", async () => {
    const { metrics, tracing } = observation();
    const hot = observedHot(memory(), { metrics, tracing });
    await hot.getOrLease(slot, request);
    await hot.getOrLease(slot, { ...request, token: "u" });
    await hot.fill(slot, "t", { value: "v", revision: 1, ttlMs: 1000 });
    await hot.getOrLease(slot, request);
    expect(await samplesOf(metrics, "dbconn_hot_lookups_total")).toEqual([
      'dbconn_hot_lookups_total{result="hit"} 1',
      'dbconn_hot_lookups_total{result="miss"} 1',
      'dbconn_hot_lookups_total{result="busy"} 1',
      'dbconn_hot_lookups_total{result="error"} 0',
    ]);
    expect(await samplesOf(metrics, OPERATIONS)).toEqual([
      `${OPERATIONS}{store="hot",operation="get_or_lease",outcome="ok"} 3`,
      `${OPERATIONS}{store="hot",operation="fill",outcome="ok"} 1`,
    ]);
  });

  it("counts a failure by its kind, and throws it on", async () => {
    const { metrics, tracing } = observation();
    const failure = unavailable("hot");
    const away = Object.assign(memory(), { getOrLease: () => Promise.reject(failure) });
    const hot = observedHot(away, { metrics, tracing });
    await expect(hot.getOrLease(slot, request)).rejects.toBe(failure);
    expect(await samplesOf(metrics, "dbconn_hot_lookups_total")).toContain(
      'dbconn_hot_lookups_total{result="error"} 1',
    );
    expect(await samplesOf(metrics, OPERATIONS)).toEqual([
      `${OPERATIONS}{store="hot",operation="get_or_lease",outcome="unavailable"} 1`,
    ]);
  });
});

describe("reads", () => {
  it.each([
    ["hit", "fast", { source: "hot", degraded: false }],
    ["degraded", "fast", { source: "hot", degraded: true }],
    ["miss", "fast", { source: "durable", degraded: false }],
    ["fallback", "fast", { source: "durable", degraded: true }],
    ["strong", "strong", { source: "durable", degraded: false }],
  ] as const)("count as %s where they are %s and come from %o", async (result, consistency, provenance) => {
    const metrics = createMetrics();
    const answer = { provenance };
    const reader = countReads(
      { read: async () => answer, readMany: async () => [answer, new Error("that one not")] },
      "task",
      metrics,
    );
    expect(await reader.read("k", { consistency })).toBe(answer);
    await reader.readMany(["k", "l"], { consistency });
    const counted = (await samplesOf(metrics, "dbconn_reads_total")).filter((line) => !line.endsWith(" 0"));
    expect(counted).toEqual([
      `dbconn_reads_total{kind="task",result="${result}"} 2`,
      'dbconn_reads_total{kind="task",result="error"} 1',
    ]);
  });
});
