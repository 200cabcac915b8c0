/** Waiting for one task in one call. */
import { Violations } from "../validation.ts";
import { checkTaskName } from "./content.ts";
import { taskNotFound } from "./errors.ts";
import { NEXT_STATES, TASK_STATES, type TaskState } from "./policy.ts";
import { getTask, type TaskRead } from "./reads.ts";
import { isLive, type Task, type TaskName, taskKey, toTask } from "./task.ts";
import type { WatchContext } from "./watch-context.ts";

export interface WaitInput extends TaskName {
  /** Empty = the terminal ones, unless afterRevision is given. */
  readonly until: readonly TaskState[];
  /** 0 = not asked. */
  readonly afterRevision: number;
  /** Milliseconds; undefined = 30 s. */
  readonly timeoutMs: number | undefined;
  readonly violations?: Violations;
}

export interface Waited extends Pick<TaskRead, "task" | "provenance"> {
  readonly done: "STATE" | "REVISION" | "TIMEOUT";
}

const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_TIMEOUT_MS = 60_000;
const TERMINAL = TASK_STATES.filter((state) => NEXT_STATES[state].length === 0);

/** `not_found` when there is no such task, or it goes meanwhile. */
export async function waitForTask(
  context: WatchContext,
  input: WaitInput,
  signal: AbortSignal,
): Promise<Waited> {
  const v = input.violations ?? new Violations();
  checkTaskName(v, input);
  const { kind, taskId, afterRevision, timeoutMs = DEFAULT_TIMEOUT_MS } = input;
  v.check(timeoutMs >= 0 && timeoutMs <= MAX_TIMEOUT_MS, "timeout", "must be 0 to 60 s");
  v.throwIfAny();
  const { feed, objects, settings, timing } = context;
  const until = input.until.length === 0 && afterRevision === 0 ? TERMINAL : input.until;
  const doneBy = ({ state, revision }: Task): "STATE" | "REVISION" | undefined => {
    if (until.includes(state)) return "STATE";
    return afterRevision > 0 && revision > afterRevision ? "REVISION" : undefined;
  };
  const look = async (): Promise<Waited> => {
    const read = await getTask(
      objects,
      settings,
      { kind, taskId, consistency: "fast", minRevision: 0 },
      signal,
    );
    return { ...read, done: doneBy(read.task) ?? "TIMEOUT" };
  };

  const end = timing.monotonic() + timeoutMs;
  const first = await look();
  if (first.done !== "TIMEOUT" || timeoutMs === 0) return first;
  const key = taskKey(input);
  const listener = await feed.listen({ key }, signal);
  try {
    // It may have happened before the feed was listened to.
    const second = await look();
    if (second.done !== "TIMEOUT") return second;
    listener.hasRead();
    for (;;) {
      const left = end - timing.monotonic();
      const change = left > 0 ? await listener.next(left, signal) : undefined;
      if (change === undefined) return await look();
      const { document, asOf } = change;
      if (document.revision <= second.task.revision && !listener.isFresh(change)) continue;
      if (!isLive(document)) throw taskNotFound();
      const task = toTask(document, settings);
      const done = doneBy(task);
      if (done !== undefined) return { task, done, provenance: { source: "durable", degraded: false, asOf } };
    }
  } finally {
    listener.close();
  }
}
