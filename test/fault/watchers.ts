// Watchers that go on from where they were whenever their stream breaks, on any instance.
import { setTimeout as delay } from "node:timers/promises";
import { WatchEventType } from "../../gen/dbconn/v1/task_pb.ts";
import type { Revision, Watch, WatchedEvent } from "../support/history/operation.ts";
import { now } from "./clock.ts";
import type { Instance } from "./instance.ts";
import type { Recorded } from "./recorder.ts";

/** Where it is tried again after a stream that broke. */
const AFTER_BREAK_MS = 100;
const EVENTUALLY_MS = 30_000;

interface Told extends WatchedEvent {
  readonly key: string;
  readonly at: number;
  readonly instance: string;
}

interface Watcher {
  readonly name: string;
  /** Undefined: of all tasks of the kind. */
  readonly key?: string;
  readonly told: Told[];
}

export class Watchers {
  readonly #kind: string;
  readonly #instances: readonly Instance[];
  readonly #stop = new AbortController();
  readonly #watchers: readonly Watcher[];
  readonly #running: Promise<void>[] = [];
  /** Streams that broke and were taken up again. */
  breaks = 0;

  /** One of each key alone, and one of all that there is. */
  constructor(kind: string, keys: readonly string[], instances: readonly Instance[]) {
    this.#kind = kind;
    this.#instances = instances;
    this.#watchers = [
      ...keys.map((key) => ({ name: `watcher of ${key}`, key, told: [] })),
      { name: "watcher of all", told: [] },
    ];
  }

  get events(): number {
    return this.#watchers.reduce((sum, { told }) => sum + told.length, 0);
  }

  start(): void {
    for (const watcher of this.#watchers) this.#running.push(this.#follow(watcher));
  }

  /** What each was told, once it was told of the last revision, or for so long was not. */
  async finish(final: ReadonlyMap<string, readonly Revision[]>): Promise<readonly Watch[]> {
    const last = (key: string) => final.get(key)?.at(-1)?.revision ?? 0;
    const deadline = now() + EVENTUALLY_MS;
    const watches = () => this.#watchers.flatMap((watcher) => watchesOf(watcher, [...final.keys()]));
    while (
      now() < deadline &&
      watches().some(({ key, events }) => (events.at(-1)?.revision ?? 0) < last(key))
    )
      await delay(20);
    this.#stop.abort();
    await Promise.all(this.#running);
    return watches();
  }

  /** What was told counts for readers, who must not be shown less afterwards. It may have been old itself. */
  revelations(): readonly Recorded[] {
    return this.#watchers.flatMap(({ name, told }) =>
      told.map(({ key, revision, value, at, instance }) => ({
        client: name,
        key,
        op: "read",
        consistency: "fast",
        outcome: "ok",
        told: true,
        deadlineMs: 0,
        instance,
        start: Number.NEGATIVE_INFINITY,
        end: at,
        revision,
        ...(value === undefined ? {} : { value }),
      })),
    );
  }

  async #follow({ key = "", told }: Watcher): Promise<void> {
    let resumeToken = "";
    const { signal } = this.#stop;
    for (let n = 0; !signal.aborted; n++) {
      const instance = this.#instances[n % this.#instances.length];
      if (instance === undefined) throw new Error("there is no instance");
      try {
        const stream = instance.tasks.watchTasks({ kind: this.#kind, taskId: key, resumeToken }, { signal });
        for await (const item of stream) {
          resumeToken = item.resumeToken;
          const { type, task } = item;
          if (type === WatchEventType.HEARTBEAT || task === undefined) continue;
          const value = type === WatchEventType.DELETED ? {} : { value: task.message };
          told.push({
            key: task.taskId,
            revision: Number(task.revision),
            at: now(),
            instance: instance.name,
            ...value,
          });
        }
      } catch {
        // A task that is not there yet, a process that is gone, a store that is away: the token knows where to go on.
      }
      this.breaks++;
      await delay(AFTER_BREAK_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

function watchesOf({ name, key: only, told }: Watcher, keys: readonly string[]): readonly Watch[] {
  const watched = only === undefined ? keys : [only];
  return watched.map((key) => ({
    client: name,
    key,
    events: told.filter((event) => event.key === key),
    ...(only === undefined ? {} : { whole: true }),
  }));
}
