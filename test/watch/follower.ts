// A client that follows a watch for as long as it is asked to: whatever cuts the stream off, it asks again with the
// last resume token. What it was told becomes the watches of a history.
import { setTimeout as delay } from "node:timers/promises";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { type TaskService, WatchEventType, type WatchTasksResponse } from "../../gen/dbconn/v1/task_pb.ts";
import type { Watch, WatchedEvent } from "../support/history/operation.ts";

export interface FollowerOptions {
  /** For the history. */
  readonly name: string;
  /** Of one task every revision is expected, of many the last one of each. */
  readonly question: { readonly kind?: string; readonly taskId?: string; readonly group?: string };
  /** Asked before each attempt, so that a follower may go on at another instance. */
  readonly connect: () => Pick<Client<typeof TaskService>, "watchTasks">;
}

/** So that a service that is away is not asked without rest. */
const AGAIN_AFTER_MS = 20;

export class Follower {
  readonly name: string;
  /** Streams that told something and then ended, for whatever reason. */
  cuts = 0;
  /** Whether the stream that it reads now has told something. */
  reading = false;
  /** How often each reason ended one, or kept one from beginning. */
  readonly reasons = new Map<string, number>();
  readonly #options: FollowerOptions;
  readonly #events = new Map<string, WatchedEvent[]>();
  readonly #ended: Promise<void>;
  #call = new AbortController();
  #resumeToken = "";
  #finishing = false;
  #caughtUp = Promise.withResolvers<void>();

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.name = options.name;
    this.#ended = this.#run();
  }

  /** How many events there were. */
  get told(): number {
    let told = 0;
    for (const events of this.#events.values()) told += events.length;
    return told;
  }

  /** Ends the stream that it reads now, as a client that cancels. */
  cut(): void {
    this.#call.abort();
  }

  /** Resolves when a stream that begins from now on says that there is nothing more to tell. */
  caughtUp(): Promise<void> {
    this.#caughtUp = Promise.withResolvers();
    this.cut();
    return this.#caughtUp.promise;
  }

  /** When all writes are over: reads once more up to where nothing is left to tell, and stops. */
  async finish(): Promise<void> {
    this.#finishing = true;
    this.cut();
    await this.#ended;
  }

  /** One watch for each of the tasks, told of or not. */
  watches(taskIds: Iterable<string>): readonly Watch[] {
    const whole = (this.#options.question.taskId ?? "") !== "";
    return [...taskIds].map((key) => ({
      client: this.name,
      key,
      whole,
      events: this.#events.get(key) ?? [],
    }));
  }

  async #run(): Promise<void> {
    for (;;) {
      this.#call = new AbortController();
      try {
        if (await this.#follow(this.#call.signal)) return;
      } catch (error) {
        const { code, rawMessage } = ConnectError.from(error);
        const reason = code === Code.Unknown ? rawMessage : Code[code];
        this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1);
      }
      if (this.reading) this.cuts++;
      this.reading = false;
      await delay(AGAIN_AFTER_MS);
    }
  }

  /** Answers true when it was the last time. */
  async #follow(signal: AbortSignal): Promise<boolean> {
    const { connect, question } = this.#options;
    const [last, waiting] = [this.#finishing, this.#caughtUp];
    const request = { ...question, resumeToken: this.#resumeToken };
    for await (const item of connect().watchTasks(request, { signal })) {
      this.#take(item);
      this.reading = true;
      if (item.type !== WatchEventType.HEARTBEAT) continue;
      waiting.resolve();
      if (last) return true;
    }
    return false;
  }

  #take({ type, task, resumeToken }: WatchTasksResponse): void {
    this.#resumeToken = resumeToken;
    if (task === undefined) return;
    const revision = Number(task.revision);
    const events = this.#events.get(task.taskId) ?? [];
    events.push(type === WatchEventType.DELETED ? { revision } : { revision, value: task.message });
    this.#events.set(task.taskId, events);
  }
}
