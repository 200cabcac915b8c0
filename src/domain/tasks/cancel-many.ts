/** Cancels what a filter names, task by task. */
import { sha256Hex } from "../../canonical.ts";
import { ServiceError } from "../../errors.ts";
import type { DurableStore } from "../../ports/durable-store.ts";
import { checkRequestId, checkText, Violations } from "../validation.ts";
import { isIllegalTransition, isTaskNotFound } from "./errors.ts";
import { MESSAGE_CHARS, WRITES_AT_ONCE } from "./limits.ts";
import {
  checkFilter,
  countTasks,
  filtersOf,
  findNewestFirst,
  type Position,
  type TaskFilter,
} from "./list.ts";
import { statesBefore } from "./policy.ts";
import { type TaskName, taskName } from "./task.ts";
import type { CancelInput, TaskChanged } from "./tasks.ts";

export interface CancelManyInput extends TaskFilter {
  /** Empty = each task keeps its own. */
  readonly message: string;
  /** Counts and changes nothing. */
  readonly validateOnly: boolean;
  /** Empty = none. */
  readonly requestId: string;
}

const CANCELLABLE = statesBefore("CANCELLED");

/**
 * How many were cancelled by this call (or would be). A task that ended meanwhile is no error and is not counted;
 * neither is one that an earlier call with the same request id has cancelled. A failure after the first cancellation
 * says `applied` = unknown: some were, some were not.
 */
export async function cancelMany(
  store: DurableStore,
  input: CancelManyInput,
  cancel: (input: CancelInput) => Promise<TaskChanged>,
  signal?: AbortSignal,
): Promise<number> {
  const v = input.violations ?? new Violations();
  checkFilter(v, input);
  v.check(input.kind !== "" || input.group !== "", "kind", "must be set, or group");
  const ended = input.states.findIndex((state) => !CANCELLABLE.includes(state));
  v.check(ended < 0, `states[${ended}]`, `must be one of ${CANCELLABLE.join(", ")}`);
  checkText(v, "message", input.message, MESSAGE_CHARS);
  checkRequestId(v, input.requestId);
  v.throwIfAny();
  const filter = { ...input, states: input.states.length === 0 ? CANCELLABLE : input.states };
  if (input.validateOnly) return (await countTasks(store, filter, signal)).total;

  let cancelled = 0;
  try {
    for await (const names of pages(store, filter, signal)) {
      const outcomes = await Promise.allSettled(names.map((name) => cancelOne(name, input, cancel)));
      for (const outcome of outcomes) if (outcome.status === "fulfilled" && outcome.value) cancelled++;
      throwWorst(outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : [])));
    }
  } catch (error) {
    throw error instanceof ServiceError && cancelled > 0 ? error.withApplied("unknown") : error;
  }
  return cancelled;
}

/** Of several failures, one that may have taken effect: the answer must not say less. */
function throwWorst(failures: readonly unknown[]): void {
  if (failures.length === 0) return;
  throw failures.find((error) => error instanceof ServiceError && error.applied !== "no") ?? failures[0];
}

/** False for a task that could not be cancelled any more, or was before. */
async function cancelOne(
  name: TaskName,
  { requestId, message }: CancelManyInput,
  cancel: (input: CancelInput) => Promise<TaskChanged>,
): Promise<boolean> {
  try {
    // An id of its own, so that the caller may use the same one for other calls on the task.
    const ownId = requestId === "" ? "" : sha256Hex(JSON.stringify(["CancelTasks", requestId]));
    return !(await cancel({ ...name, message, etag: "", requestId: ownId })).replayed;
  } catch (error) {
    if (isIllegalTransition(error) || isTaskNotFound(error)) return false;
    throw error;
  }
}

/** The names of what matches, newest first; what is made meanwhile is not among them. */
async function* pages(
  store: DurableStore,
  filter: TaskFilter,
  signal: AbortSignal | undefined,
): AsyncIterable<readonly TaskName[]> {
  let after: Position | undefined;
  for (;;) {
    const query = { ...(after === undefined ? {} : { after }), limit: WRITES_AT_ONCE, omit: ["data"] };
    const found = await findNewestFirst(store, query, filtersOf(filter), signal);
    const last = found.at(-1);
    if (last === undefined) return;
    yield found.map(({ key }) => taskName(key));
    if (found.length < WRITES_AT_ONCE) return;
    after = [Number(last.create_time), last.key];
  }
}
