// One instance of the dual-store protocol over embedded stores, as main.ts puts it together; for tests of what
// stands on it.
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { memoryDurable } from "../../src/adapters/memory/durable.ts";
import { openMemory } from "../../src/adapters/memory/open.ts";
import { createObjects } from "../../src/consistency/dual-store.ts";
import { Feed } from "../../src/consistency/feed.ts";
import { Generation } from "../../src/consistency/generation.ts";
import { CONTROL } from "../../src/consistency/generation-document.ts";
import type { ObjectKind, Objects } from "../../src/consistency/objects.ts";
import type { Timing } from "../../src/consistency/timing.ts";
import type { CacheStore } from "../../src/ports/cache-store.ts";
import type { CollectionSpec, DurableStore } from "../../src/ports/durable-store.ts";
import type { HotStore } from "../../src/ports/hot-store.ts";

export const realTiming: Timing = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  },
  uniqueId: () => randomBytes(12).toString("base64url"),
};

export interface Instance {
  readonly durable: DurableStore;
  readonly hot: HotStore;
  readonly cache: CacheStore;
  readonly generation: Generation;
  objects(kind: ObjectKind, written?: (key: string) => void): Objects;
  feed(kind: ObjectKind): Feed;
  close(): Promise<void>;
}

/** Opens it on memory stores unless others are given; `specs` are the collections beside the protocol's own. */
export async function openInstance(options: {
  readonly specs: readonly CollectionSpec[];
  readonly durable?: DurableStore;
  readonly hot?: HotStore;
  readonly timing?: Timing;
  readonly leaseMs?: number;
}): Promise<Instance> {
  const timing = options.timing ?? realTiming;
  const durable = options.durable ?? memoryDurable([...options.specs, CONTROL]);
  const memory = openMemory({
    now: () => timing.now(),
    identity: timing.uniqueId(),
    maxBytes: 64 * 1024 * 1024,
    maxEntries: 100_000,
  });
  const hot = options.hot ?? memory.hot;
  const generation = new Generation({
    durable,
    hot,
    timing,
    instance: timing.uniqueId(),
    leaseMs: options.leaseMs ?? 200,
    timeoutMs: 500,
  });
  generation.start();
  return {
    durable,
    hot,
    cache: memory.cache,
    generation,
    objects: (kind, written) =>
      createObjects({
        kind,
        durable,
        hot,
        generation,
        timing,
        ...(written === undefined ? {} : { written }),
      }),
    feed: (kind) => new Feed({ kind, durable, hot, generation, timing }),
    close: async () => {
      await generation.close();
      if (options.durable === undefined) await durable.close();
      await hot.close();
    },
  };
}
