/** What answers when something happens to a task. */
import type { NameSet } from "../../names.ts";
import { checkName, Violations } from "../validation.ts";
import { type Waited, type WaitInput, waitForTask } from "./wait.ts";
import type { WatchContext, WatchItem } from "./watch-context.ts";
import { watchMany } from "./watch-many.ts";
import { watchOne } from "./watch-one.ts";

/** One task by kind and taskId, or all of a kind, a group, or both. Empty = not given. */
export interface WatchInput {
  readonly kind: string;
  readonly taskId: string;
  readonly group: string;
  /** The kinds that there are for the caller; any, unless given. */
  readonly visible?: NameSet;
  /** Empty = from the beginning, which is a snapshot. */
  readonly resumeToken: string;
}

export class TaskWatches {
  readonly #context: WatchContext;

  constructor(context: WatchContext) {
    this.#context = context;
  }

  /** `not_found` when there is no such task, or it goes meanwhile. */
  wait(input: WaitInput, signal: AbortSignal): Promise<Waited> {
    return waitForTask(this.#context, input, signal);
  }

  /** Ends only by an error: the signal's, READER_TOO_SLOW, `unavailable`; or when its reader stops reading. */
  watch(input: WatchInput, signal: AbortSignal): AsyncGenerator<WatchItem> {
    const { kind, taskId, group, visible, resumeToken } = input;
    const v = new Violations();
    checkName(v, "kind", kind, { optional: taskId === "" && group !== "" });
    checkName(v, "task_id", taskId, { optional: true });
    checkName(v, "group", group, { optional: true });
    v.check(taskId === "" || group === "", "group", "must not be set beside task_id");
    v.throwIfAny();
    return taskId === ""
      ? watchMany(this.#context, { kind, group, ...(visible && { visible }) }, resumeToken, signal)
      : watchOne(this.#context, { kind, taskId }, resumeToken, signal);
  }
}
