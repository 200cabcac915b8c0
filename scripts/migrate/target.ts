// The domain over the stores that the service's own settings name.
import { existsSync, readFileSync } from "node:fs";
import { type Config, loadConfig } from "../../src/config.ts";
import { createObjects } from "../../src/consistency/dual-store.ts";
import type { Generation } from "../../src/consistency/generation.ts";
import type { Objects } from "../../src/consistency/objects.ts";
import { StoresView } from "../../src/consistency/stores-view.ts";
import { Bodies } from "../../src/domain/schemas/bodies.ts";
import { schemaObjects } from "../../src/domain/schemas/collections.ts";
import type { SchemaContext } from "../../src/domain/schemas/context.ts";
import { TASK_OBJECTS } from "../../src/domain/tasks/collections.ts";
import { Tasks } from "../../src/domain/tasks/tasks.ts";
import { openSchemaThreads } from "../../src/main/schema-threads.ts";
import { openStores, timing } from "../../src/main/stores.ts";

export interface Target {
  readonly taskObjects: Objects;
  /** Tasks as of a moment, in milliseconds since the epoch. */
  tasksAt(time: number): Tasks;
  readonly schemas: SchemaContext;
  /** For people: where it is. */
  readonly where: string;
  close(): Promise<void>;
}

const BODY_CACHE_BYTES = 16 * 1024 * 1024;
const READY_MS = 60_000;
/** No client waits here, and a schema must not stay behind because the machine was busy. */
const JUDGING_MS = 60_000;

/** Throws ConfigError. */
export function readSettings(): Config {
  return loadConfig(process.env, existsSync(".env") ? readFileSync(".env", "utf8") : "");
}

export async function openTarget(config: Config): Promise<Target> {
  const { durable, hot, generation, close: closeStores } = await openStores(config, timing.uniqueId());
  const validator = openSchemaThreads({ ...config.validator, jobMs: JUDGING_MS });
  const taskObjects = createObjects({ kind: TASK_OBJECTS, durable, hot, generation, timing });
  const ids = { random: timing.uniqueId };
  const close = async () => {
    await Promise.allSettled([validator.close(), closeStores()]);
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
      comparer: validator,
      clock: { now: timing.now },
      ids,
    },
    where: `${durable.kind}, with ${hot.kind} as the hot store`,
    close,
  };
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
