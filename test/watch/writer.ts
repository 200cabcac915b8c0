// Writes a fixed number of updates to tasks of its own, in batches, now and then a deletion and a new beginning, and
// sends each again under its request id until it is known to be applied.
import { setTimeout as delay } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Instance } from "../fault/instance.ts";

export interface WriterOptions {
  readonly kind: string;
  readonly group: string;
  readonly taskIds: readonly string[];
  readonly updates: number;
  readonly batch: number;
  /** Resolves when so many updates of this writer in all may have been made. */
  readonly allowed: (done: number) => Promise<void>;
  readonly instance: () => Instance;
}

const CALL_MS = 10_000;
const AGAIN_AFTER_MS = 50;
/** Every so many updates of a task it is deleted and put anew. */
const DELETED_EVERY = 50;

export class Writer {
  /** Revisions that it knows it made. */
  done = 0;
  readonly #options: WriterOptions;
  readonly #name: string;
  #calls = 0;

  constructor(name: string, options: WriterOptions) {
    this.#name = name;
    this.#options = options;
  }

  async create(): Promise<void> {
    for (const taskId of this.#options.taskIds) await this.#put(taskId);
  }

  async run(): Promise<void> {
    const { updates, batch, taskIds, allowed } = this.#options;
    const begun = this.done;
    for (let round = 1; this.done - begun < updates; round++) {
      await allowed(this.done - begun);
      const left = updates - (this.done - begun);
      const one = taskIds[round % taskIds.length];
      if (one !== undefined && round % DELETED_EVERY === 0 && left >= 2) {
        const name = { kind: this.#options.kind, taskId: one, requestId: this.#id() };
        await this.#until((instance, options) => instance.tasks.deleteTask(name, options));
        this.done++;
        await this.#put(one);
      } else await this.#update(Math.min(batch, left));
    }
  }

  /** As many updates, one after another of each task. */
  async #update(count: number): Promise<void> {
    const { kind, taskIds } = this.#options;
    let left = Array.from({ length: count }, (_, at) => {
      const requestId = this.#id();
      // The first task is the fast one: every other update is its.
      const taskId = at % 2 === 0 ? taskIds[0] : taskIds[(this.#calls + at) % taskIds.length];
      return { kind, taskId: String(taskId), message: requestId, requestId };
    });
    while (left.length > 0) {
      const requests = left;
      const { results } = await this.#until((instance, options) =>
        instance.tasks.batchUpdateTasks({ requests }, options),
      );
      left = requests.filter((_, at) => results[at]?.result.case !== "task");
      this.done += requests.length - left.length;
      if (left.length > 0) await delay(AGAIN_AFTER_MS);
    }
  }

  async #put(taskId: string): Promise<void> {
    const { kind, group } = this.#options;
    const requestId = this.#id();
    const task = { kind, taskId, group, message: requestId, requestId };
    await this.#until((instance, options) => instance.tasks.putTask(task, options));
    this.done++;
  }

  async #until<Answer>(
    send: (instance: Instance, options: { readonly timeoutMs: number }) => Promise<Answer>,
  ): Promise<Answer> {
    for (;;) {
      try {
        return await send(this.#options.instance(), { timeoutMs: CALL_MS });
      } catch (error) {
        const { code } = ConnectError.from(error);
        if (code === Code.InvalidArgument || code === Code.NotFound) throw error;
        await delay(AGAIN_AFTER_MS);
      }
    }
  }

  #id(): string {
    return `${this.#name}-${++this.#calls}`;
  }
}
