// The stores that the service's own settings name, with the domain over them: what src/main.ts puts together, without
// the port.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { openDocumentValidator } from "../../src/adapters/ajv/open.ts";
import { openMemory } from "../../src/adapters/memory/open.ts";
import { openMongo } from "../../src/adapters/mongo/durable.ts";
import { openRedis } from "../../src/adapters/redis/open.ts";
import { openSqlite } from "../../src/adapters/sqlite/durable.ts";
import { type Config, loadConfig } from "../../src/config.ts";
import { createObjects } from "../../src/consistency/dual-store.ts";
import { Generation } from "../../src/consistency/generation.ts";
import { CONTROL } from "../../src/consistency/generation-document.ts";
import type { Objects } from "../../src/consistency/objects.ts";
import { StoresView } from "../../src/consistency/stores-view.ts";
import type { Timing } from "../../src/consistency/timing.ts";
import { Bodies } from "../../src/domain/schemas/bodies.ts";
import {
  SCHEMA_BODIES,
  SCHEMA_EVENTS,
  SCHEMAS,
  schemaObjects,
} from "../../src/domain/schemas/collections.ts";
import type { SchemaContext } from "../../src/domain/schemas/context.ts";
import { TASK_EVENTS, TASK_OBJECTS, TASKS } from "../../src/domain/tasks/collections.ts";
import { Tasks } from "../../src/domain/tasks/tasks.ts";
import type { DurableStore } from "../../src/ports/durable-store.ts";

export interface Target {
  readonly taskObjects: Objects;
  /** Tasks as of a moment, in milliseconds since the epoch. */
  tasksAt(time: number): Tasks;
  readonly schemas: SchemaContext;
  /** For people: where it is. */
  readonly where: string;
  close(): Promise<void>;
}

const COLLECTIONS = [TASKS, TASK_EVENTS, SCHEMAS, SCHEMA_BODIES, SCHEMA_EVENTS, CONTROL];
const BODY_CACHE_BYTES = 16 * 1024 * 1024;
const STEWARD_TIMEOUT_MS = 1_000;
const READY_MS = 60_000;
/** No client waits here, and a schema must not stay behind because the machine was busy. */
const JUDGING_MS = 60_000;

const timing: Timing = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    delay(ms, undefined, signal === undefined ? {} : { signal }).then(
      () => undefined,
      () => undefined,
    ),
  uniqueId: () => randomBytes(12).toString("base64url"),
};

/** Throws ConfigError. */
export function readSettings(): Config {
  return loadConfig(process.env, existsSync(".env") ? readFileSync(".env", "utf8") : "");
}

export async function openTarget(config: Config): Promise<Target> {
  const durable = await openDurable(config);
  const { hot } = await openHot(config);
  const generation = new Generation({
    durable,
    hot,
    timing,
    instance: timing.uniqueId(),
    leaseMs: config.generationLeaseMs,
    timeoutMs: STEWARD_TIMEOUT_MS,
  });
  const validator = openDocumentValidator({ ...config.validator, jobMs: JUDGING_MS });
  const taskObjects = createObjects({ kind: TASK_OBJECTS, durable, hot, generation, timing });
  const ids = { random: timing.uniqueId };
  const close = async () => {
    await generation.close();
    await Promise.allSettled([validator.close(), hot.close(), durable.close()]);
  };
  try {
    await ready(generation, new StoresView(generation, durable, hot));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    taskObjects,
    tasksAt: (time) =>
      new Tasks({
        objects: taskObjects,
        store: durable,
        settings: config.tasks,
        clock: { now: () => time },
        ids,
      }),
    schemas: {
      objects: createObjects({
        kind: schemaObjects(config.schemas.hotTtlMs),
        ...{ durable, hot, generation, timing },
      }),
      store: durable,
      bodies: new Bodies(durable, BODY_CACHE_BYTES),
      validator,
      clock: { now: timing.now },
      ids,
    },
    where: `${durable.kind}, with ${hot.kind} as the hot store`,
    close,
  };
}

function openDurable(config: Config): Promise<DurableStore> {
  const { mongodb, dataDir, timeoutMs } = config.durable;
  if (mongodb === undefined) return openSqlite({ directory: dataDir, collections: COLLECTIONS });
  return openMongo({
    uri: mongodb.uri,
    database: mongodb.database,
    names: mongodb.collections,
    collections: COLLECTIONS,
    commandTimeoutMs: timeoutMs,
  });
}

async function openHot({ hot: { redis, memory, timeoutMs } }: Config) {
  if (redis !== undefined) return openRedis({ ...redis, timeoutMs });
  return openMemory({ ...memory, now: timing.monotonic, identity: timing.uniqueId() });
}

/** Resolves when the stores were reached. */
async function ready(generation: Generation, stores: StoresView): Promise<void> {
  let unsubscribe = () => {};
  const reached = new Promise<void>((resolve) => {
    unsubscribe = generation.onChange(() => {
      if (stores.readiness().ready) resolve();
    });
  });
  generation.start();
  const late = AbortSignal.timeout(READY_MS);
  const timedOut = new Promise<never>((_, reject) => {
    late.addEventListener("abort", () => {
      reject(new Error(`the service's own stores cannot be used: ${stores.readiness().reason}`));
    });
  });
  try {
    if (!stores.readiness().ready) await Promise.race([reached, timedOut]);
  } finally {
    unsubscribe();
  }
}
