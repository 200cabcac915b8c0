/** Ends what was kept for long enough: tasks by the retention of their state, tombstones by theirs. */
import type { Objects } from "../../consistency/objects.ts";
import type { Document, DurableStore } from "../../ports/durable-store.ts";
import type { Clock } from "../clock.ts";
import { TASK_EVENTS, TASKS } from "./collections.ts";
import { TASK_STATES, type TaskSettings, type TaskState } from "./policy.ts";
import { deletion } from "./writes.ts";

export interface RetentionContext {
  /** Over the collection of TASK_OBJECTS. */
  readonly objects: Objects;
  /** The same collection, to find what is due. */
  readonly store: DurableStore;
  readonly settings: TaskSettings;
  /** Milliseconds that a deleted task's revision is remembered. */
  readonly tombstoneRetentionMs: number;
  readonly clock: Clock;
}

/** Documents looked at in one step; each step is a query of its own. */
const STEP = 200;

/** Several instances may do this at once: what one has ended, the others find changed and leave. */
export async function endOldTasks(context: RetentionContext, signal?: AbortSignal): Promise<void> {
  for (const state of TASK_STATES) {
    const retention = context.settings.retentionMs[state];
    if (retention !== undefined) await purge(context, state, context.clock.now() - retention, signal);
  }
  await removeTombstones(context, context.clock.now() - context.tombstoneRetentionMs, signal);
}

async function purge(
  { clock, objects, settings, store }: RetentionContext,
  state: TaskState,
  before: number,
  signal?: AbortSignal,
): Promise<void> {
  // Nothing that was last written before is younger by its creation, and that has an index.
  const filters = [
    { field: "live", equals: true },
    { field: "state", equals: state },
    { field: "create_time", below: before },
    { field: "update_time", below: before },
  ];
  for await (const due of steps(store, "create_time", filters, signal)) {
    const write = deletion({ settings, now: clock.now(), requestId: "" }, undefined);
    const unchanged = { path: ["revision"], test: "equals", value: due.revision } as const;
    const conditions = [...write.conditions, unchanged];
    await objects.mutate(due.key, { id: undefined, body: null }, { ...write, conditions }, signal);
  }
}

/** Long after every hot copy has gone, so that nothing is left that a lower revision could contradict. */
async function removeTombstones(
  { store }: RetentionContext,
  before: number,
  signal?: AbortSignal,
): Promise<void> {
  const filters = [
    { field: "live", equals: false },
    { field: "delete_time", below: before },
  ];
  for await (const { key, revision } of steps(store, "delete_time", filters, signal)) {
    if ((await store.deleteMany(TASKS.name, [{ key, revision }], signal)) > 0) {
      await removeEvents(store, key, revision, signal);
    }
  }
}

async function removeEvents(
  store: DurableStore,
  object: string,
  upTo: number,
  signal?: AbortSignal,
): Promise<void> {
  const filters = [
    { field: "object", equals: object },
    { field: "number", below: upTo + 1 },
  ];
  const order = [
    { field: "number", direction: "ascending" },
    { field: "key", direction: "ascending" },
  ] as const;
  for (;;) {
    const found = await store.find({ collection: TASK_EVENTS.name, filters, order, limit: STEP }, signal);
    if (found.length === 0) return;
    await store.deleteMany(
      TASK_EVENTS.name,
      found.map(({ key }) => key),
      signal,
    );
  }
}

/** What matches, oldest first, without holding more than one step of it. */
async function* steps(
  store: DurableStore,
  by: "create_time" | "delete_time",
  filters: Parameters<DurableStore["find"]>[0]["filters"],
  signal: AbortSignal | undefined,
): AsyncIterable<Document> {
  const order = [
    { field: by, direction: "ascending" },
    { field: "key", direction: "ascending" },
  ] as const;
  let after: readonly (string | number)[] | undefined;
  for (;;) {
    const found = await store.find(
      {
        collection: TASKS.name,
        filters,
        order,
        limit: STEP,
        omit: ["data"],
        ...(after === undefined ? {} : { after }),
      },
      signal,
    );
    yield* found;
    const last = found.at(-1);
    if (last === undefined || found.length < STEP) return;
    after = [Number(last[by]), last.key];
  }
}
