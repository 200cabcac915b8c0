/**
 * The stores that the settings name, and the generation that all instances agree through: what the service and the
 * tools beside it stand on.
 */
import { setTimeout as delay } from "node:timers/promises";
import { UnknownFormat, withFormat } from "../adapters/documents/format.ts";
import { openMemory } from "../adapters/memory/open.ts";
import { openSqlite } from "../adapters/sqlite/durable.ts";
import type { Config } from "../config.ts";
import { Generation } from "../consistency/generation.ts";
import { CONTROL } from "../consistency/generation-document.ts";
import type { Timing } from "../consistency/timing.ts";
import { SCHEMA_BODIES, SCHEMA_EVENTS, SCHEMAS } from "../domain/schemas/collections.ts";
import { TASK_EVENTS, TASKS } from "../domain/tasks/collections.ts";
import type { CacheStore } from "../ports/cache-store.ts";
import type { CollectionSpec, DurableStore } from "../ports/durable-store.ts";
import type { HotStore } from "../ports/hot-store.ts";
import { uniqueId } from "./unique-id.ts";

export const timing: Timing = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    delay(ms, undefined, signal === undefined ? {} : { signal }).then(
      () => undefined,
      () => undefined,
    ),
  uniqueId,
};

/** Of the documents in MongoDB. Grows when what this version writes cannot be read by the version before. */
const MONGODB_FORMAT = 1;
const COLLECTIONS = [TASKS, TASK_EVENTS, SCHEMAS, SCHEMA_BODIES, SCHEMA_EVENTS, CONTROL];
/** How long one renewal of the lease or one probe of the hot store may take, at least. */
const STEWARD_TIMEOUT_MS = 1_000;

export interface Stores {
  readonly durable: DurableStore;
  readonly hot: HotStore;
  readonly cache: CacheStore;
  /** Not started yet. */
  readonly generation: Generation;
  /** Why this version cannot use what the durable store holds; undefined when it can, or that is not known in time. */
  formatProblem(signal: AbortSignal): Promise<Error | undefined>;
  /** Ends the generation, then closes the stores. */
  close(): Promise<void>;
}

/** Puts something between the stores and those who use them that looks at what is done. */
export interface ObserveStores {
  durable(store: DurableStore): DurableStore;
  hot(store: HotStore): HotStore;
  cache(store: CacheStore, kind: string): CacheStore;
}

/** Whose work nobody looks at, such as a tool's. */
const UNOBSERVED: ObserveStores = {
  durable: (store) => store,
  hot: (store) => store,
  cache: (store) => store,
};

/** `instance` names this process to the others. Rejects when an embedded store cannot be used. */
export async function openStores(
  config: Config,
  instance: string,
  observe: ObserveStores = UNOBSERVED,
): Promise<Stores> {
  const durable = observe.durable(await openDurable(config));
  const control = await openControl(config, durable);
  const opened = await openHot(config);
  const hot = observe.hot(opened.hot);
  const cache = observe.cache(opened.cache, hot.kind);
  const generation = new Generation({
    durable: control,
    hot,
    timing,
    instance,
    leaseMs: config.generationLeaseMs,
    // What takes longer than a lease lives is of no use to it.
    timeoutMs: Math.max(STEWARD_TIMEOUT_MS, config.generationLeaseMs),
  });
  const close = async () => {
    await generation.close();
    await Promise.allSettled([hot.close(), control.close(), durable.close()]);
  };
  const formatProblem = (signal: AbortSignal) =>
    durable.ping(signal).then(
      () => undefined,
      (error: unknown) => (error instanceof UnknownFormat ? error : undefined),
    );
  return { durable, hot, cache, generation, formatProblem, close };
}

function openDurable(config: Config): Promise<DurableStore> {
  if (config.durable.mongodb !== undefined) return openMongodb(config.durable.mongodb, config, COLLECTIONS);
  return openSqlite({ directory: config.durable.dataDir, collections: COLLECTIONS });
}

/**
 * What the lease is renewed through: its commands must not wait for a socket behind the calls that it permits, or a
 * busy store would pass for an absent one.
 */
async function openControl(config: Config, durable: DurableStore): Promise<DurableStore> {
  const { mongodb } = config.durable;
  return mongodb === undefined ? durable : openMongodb(mongodb, config, [CONTROL]);
}

async function openMongodb(
  mongodb: NonNullable<Config["durable"]["mongodb"]>,
  config: Config,
  collections: readonly CollectionSpec[],
): Promise<DurableStore> {
  // The drivers are loaded where they are used: each takes 30 MB.
  const { openMongo } = await import("../adapters/mongo/durable.ts");
  const store = await openMongo({
    uri: mongodb.uri,
    database: mongodb.database,
    names: mongodb.collections,
    collections,
    commandTimeoutMs: config.durable.timeoutMs,
  });
  return withFormat(store, CONTROL.name, MONGODB_FORMAT);
}

async function openHot(config: Config): Promise<{ readonly hot: HotStore; readonly cache: CacheStore }> {
  const { redis, memory, timeoutMs } = config.hot;
  if (redis !== undefined) {
    const { openRedis } = await import("../adapters/redis/open.ts");
    return openRedis({ ...redis, timeoutMs });
  }
  return openMemory({ ...memory, now: timing.monotonic, identity: timing.uniqueId() });
}
