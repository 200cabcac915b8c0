// The rows of the task table: filled by a watch and kept up to date by it where there is a kind or a group to watch, else
// by asking for the newest tasks again and again.
import { signal } from "@preact/signals";
import {
  type Task,
  TaskState,
  WatchEventType,
  type WatchTasksResponse,
} from "../../gen/dbconn/v1/task_pb.ts";
import { bounded, tasksApi } from "../api/clients.ts";
import { describeFailure } from "../api/failure.ts";
import { follow } from "../api/follow.ts";
import { type Filter, isWatchable } from "./filter.ts";

/** The newest ones are kept; a page with more rows helps nobody. */
export const MOST_ROWS = 10_000;
const LIST_ROWS = 500;
const LIST_EVERY_MS = 2_000;

/** Tasks by name, newest first, in a signal that changes at most once a frame. */
export class LiveTasks {
  readonly rows = signal<readonly Task[]>([]);
  readonly failure = signal<string | undefined>(undefined);
  /** The rows are all there, or all that are kept. */
  readonly isComplete = signal(false);
  readonly #filter: Filter;
  readonly #tasks = new Map<string, Task>();
  #isDrawing = false;

  constructor(filter: Filter) {
    this.#filter = filter;
  }

  run(gone: AbortSignal): Promise<void> {
    return isWatchable(this.#filter) ? this.#watch(gone) : this.#poll(gone);
  }

  async #watch(gone: AbortSignal): Promise<void> {
    const { kind, group } = this.#filter;
    let resumeToken = "";
    await follow(
      (signal) => tasksApi.watchTasks({ kind, group, resumeToken }, { signal }),
      {
        item: (item) => {
          resumeToken = item.resumeToken;
          this.failure.value = undefined;
          this.#take(item);
        },
        broken: (why) => {
          this.failure.value = why;
        },
      },
      gone,
    );
  }

  async #poll(gone: AbortSignal): Promise<void> {
    while (!gone.aborted) {
      try {
        const { tasks } = await tasksApi.listTasks(
          { states: [...this.#filter.states], pageSize: LIST_ROWS },
          bounded(gone),
        );
        this.failure.value = undefined;
        this.#tasks.clear();
        for (const task of tasks) this.#tasks.set(nameOf(task), task);
        this.isComplete.value = true;
        this.#draw();
      } catch (error) {
        if (gone.aborted) return;
        this.failure.value = describeFailure(error);
      }
      await new Promise((resolve) => setTimeout(resolve, LIST_EVERY_MS));
    }
  }

  #take({ type, task }: WatchTasksResponse): void {
    if (type === WatchEventType.HEARTBEAT) this.isComplete.value = true;
    if (task === undefined) return;
    const name = nameOf(task);
    const { states } = this.#filter;
    const isWanted = states.length === 0 || states.includes(task.state);
    if (type === WatchEventType.DELETED || !isWanted) this.#tasks.delete(name);
    // A snapshot comes newest first, so what no longer fits is older than all that did.
    else if (type !== WatchEventType.SNAPSHOT || this.#tasks.size < MOST_ROWS) this.#tasks.set(name, task);
    this.#draw();
  }

  #draw(): void {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    requestAnimationFrame(() => {
      this.#isDrawing = false;
      const rows = [...this.#tasks.values()].sort(newestFirst);
      for (const old of rows.splice(MOST_ROWS)) this.#tasks.delete(nameOf(old));
      this.rows.value = rows;
    });
  }
}

export const nameOf = ({ kind, taskId }: Task): string => `${kind}/${taskId}`;

export const isTerminal = (state: TaskState): boolean => state >= TaskState.COMPLETED;

function newestFirst(one: Task, other: Task): number {
  const seconds = Number((other.createTime?.seconds ?? 0n) - (one.createTime?.seconds ?? 0n));
  return seconds || (other.createTime?.nanos ?? 0) - (one.createTime?.nanos ?? 0);
}
