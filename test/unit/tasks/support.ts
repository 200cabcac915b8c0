// Tasks over embedded stores, with a clock and ids that the test owns.
import { onTestFinished } from "vitest";
import type { Feed } from "../../../src/consistency/feed.ts";
import type { Objects } from "../../../src/consistency/objects.ts";
import type { Timing } from "../../../src/consistency/timing.ts";
import { TASK_EVENTS, TASK_OBJECTS, TASKS } from "../../../src/domain/tasks/collections.ts";
import { DEFAULT_TASK_SETTINGS, type TaskSettings } from "../../../src/domain/tasks/policy.ts";
import {
  type CancelInput,
  type CreateInput,
  type DeleteInput,
  type PutInput,
  Tasks,
  type UpdateInput,
} from "../../../src/domain/tasks/tasks.ts";
import { TaskWatches } from "../../../src/domain/tasks/watches.ts";
import { ServiceError } from "../../../src/errors.ts";
import type { Json } from "../../../src/json.ts";
import type { DurableStore } from "../../../src/ports/durable-store.ts";
import type { HotStore } from "../../../src/ports/hot-store.ts";
import { type Instance, openInstance, realTiming } from "../../support/dual-store.ts";

export interface Bench {
  readonly tasks: Tasks;
  readonly watches: TaskWatches;
  readonly feed: Feed;
  readonly objects: Objects;
  readonly instance: Instance;
  /** Milliseconds since the epoch; the test moves it. */
  readonly clock: { time: number };
}

export async function openTasks(
  options: {
    readonly settings?: Partial<TaskSettings>;
    readonly intercept?: (objects: Objects) => Objects;
    readonly heartbeatMs?: number;
    readonly timing?: Timing;
    readonly leaseMs?: number;
    /** Another instance's, to be a second one on the same stores. */
    readonly stores?: { readonly durable: DurableStore; readonly hot: HotStore };
  } = {},
): Promise<Bench> {
  const { timing = realTiming, leaseMs = 200 } = options;
  const instance = await openInstance({ specs: [TASKS, TASK_EVENTS], timing, leaseMs, ...options.stores });
  onTestFinished(() => instance.close());
  const clock = { time: 1_750_000_000_000 };
  let ids = 0;
  const feed = instance.feed(TASK_OBJECTS);
  const objects = (options.intercept ?? ((same) => same))(
    instance.objects(TASK_OBJECTS, (key) => feed.wake(key)),
  );
  const common = {
    objects,
    store: instance.durable,
    settings: { ...DEFAULT_TASK_SETTINGS, ...options.settings },
  };
  const tasks = new Tasks({
    ...common,
    clock: { now: () => clock.time },
    ids: { random: () => `id${++ids}` },
  });
  const { heartbeatMs = 60_000 } = options;
  const watches = new TaskWatches({ ...common, feed, timing, heartbeatMs });
  return { tasks, watches, feed, objects, instance, clock };
}

const NAME = { kind: "import", taskId: "t1", requestId: "" };

export const creation = (more: Partial<CreateInput> = {}): CreateInput => ({ ...NAME, ...more });
export const put = (more: Partial<PutInput> = {}): PutInput => ({ ...NAME, etag: "", ...more });
export const update = (more: Partial<UpdateInput> = {}): UpdateInput => ({
  ...NAME,
  etag: "",
  replaceData: false,
  ...more,
});
export const cancellation = (more: Partial<CancelInput> = {}): CancelInput => ({
  ...NAME,
  etag: "",
  message: "",
  ...more,
});
export const deletion = (more: Partial<DeleteInput> = {}): DeleteInput => ({ ...NAME, etag: "", ...more });
export const named = (more: { kind?: string; taskId?: string } = {}) => ({
  kind: NAME.kind,
  taskId: NAME.taskId,
  consistency: "fast" as const,
  minRevision: 0,
  ...more,
});
export const eventsOf = (more: { taskId?: string; pageSize?: number; pageToken?: string } = {}) => ({
  kind: NAME.kind,
  taskId: NAME.taskId,
  pageSize: 0,
  pageToken: "",
  ...more,
});
/** The methods by themselves, so that a test can put its own beside them. */
export function bound(objects: Objects): Objects {
  return {
    read: objects.read.bind(objects),
    readMany: objects.readMany.bind(objects),
    mutate: objects.mutate.bind(objects),
    transform: objects.transform.bind(objects),
    history: objects.history.bind(objects),
  };
}

export const always = () => true;

/** What a call failed with; fails the test when it did not. */
export async function failure(call: Promise<unknown>): Promise<ServiceError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
  throw new Error("the call did not fail");
}

/** Field and nothing else of each violation. */
export async function badFields(call: Promise<unknown>): Promise<readonly string[]> {
  const error = await failure(call);
  if (error.kind !== "invalid_argument") throw error;
  return error.violations.map(({ field }) => field);
}

/** Comparable whatever the order of keys, with `__proto__` as a key like any other. */
export function comparable(value: Json | undefined): string {
  return JSON.stringify(value, (_, node: Json) =>
    typeof node === "object" && node !== null && !Array.isArray(node)
      ? Object.entries(node)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, child]) => ["member", key, child])
      : node,
  );
}
