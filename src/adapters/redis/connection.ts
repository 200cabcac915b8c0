import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { RESP_TYPES } from "redis";
import { type Applied, ServiceError, unavailable } from "../../errors.ts";
import { throwIfAborted } from "../signal.ts";
import type { CallOptions, Command, Layout, Master, RedisAccess } from "./access.ts";
import { Answers } from "./answers.ts";
import { dial, type RedisClient, within } from "./dial.ts";
import { askServer, type ServerFacts } from "./server-facts.ts";

export interface RedisConnectionOptions {
  /**
   * Where the server is now: `redis://` or `rediss://`, with credentials and database number where needed. Asked before
   * every connection, and again while it lasts; where it cannot tell, the connection stays.
   */
  locate(): Promise<string>;
  /** How long a command may take, milliseconds. Default 500. */
  readonly timeoutMs?: number;
  /** Commands sent and not yet answered; more are refused. Default 10,000. */
  readonly maxInFlight?: number;
  /** Run on every new socket after the server said who it is, before anybody else may use it. */
  prepare(client: RedisClient): Promise<unknown>;
}

interface Live extends ServerFacts {
  readonly url: string;
  readonly client: RedisClient;
}

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1_000;
const TO_TEXT = {};
const TO_BUFFERS = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } } as const;

/**
 * One connection to one server, made again for ever. A socket serves nobody before its server said who it is; while
 * there is none that did, commands fail at once. A server that stands still or becomes another one is noticed by
 * asking again every `timeoutMs`.
 */
export class RedisConnection implements RedisAccess {
  readonly #options: RedisConnectionOptions;
  readonly #timeoutMs: number;
  readonly #maxInFlight: number;
  readonly #answers: Answers;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<() => void>();
  #live: Live | undefined;
  #lastIdentity: string | undefined;
  #lastFailure: unknown = new Error("not connected yet");
  #clockOffsetMs = 0;

  private constructor(options: RedisConnectionOptions) {
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? 500;
    this.#answers = new Answers(this.#timeoutMs);
    this.#maxInFlight = options.maxInFlight ?? 10_000;
  }

  /** Resolves after the first attempt to connect, whether it succeeded or not. */
  static async open(options: RedisConnectionOptions): Promise<RedisConnection> {
    const connection = new RedisConnection(options);
    await new Promise<void>((resolve) => void connection.#keepConnected(resolve));
    return connection;
  }

  call<T>(command: Command, options: CallOptions): Promise<T> {
    const { signal } = options;
    const send = () => this.#send<T>(this.#liveFor(1, options), command, options);
    return this.#answers.bounded(send, 1, { signal, unanswered: unansweredOf(options), refused: "no" });
  }

  /** Commands in one round trip; the replies in their order. */
  batch<T>(commands: readonly Command[], options: CallOptions): Promise<readonly T[]> {
    const { length } = commands;
    const { signal } = options;
    const send = () => {
      const live = this.#liveFor(length, options);
      const replies = commands.map((command) => this.#send<T>(live, command, options));
      // Not at the first failure: the others are still in flight then.
      return Promise.allSettled(replies).then(() => Promise.all(replies));
    };
    const unanswered = unansweredOf(options);
    // Of several commands, others may have been taken where one was refused.
    const refused = length === 1 ? "no" : unanswered;
    return this.#answers.bounded(send, length, { signal, unanswered, refused });
  }

  #liveFor(commands: number, { signal }: CallOptions): Live {
    throwIfAborted(signal);
    if (this.#live === undefined) throw unavailable("hot", { cause: this.#lastFailure });
    if (this.#answers.outstanding + commands > this.#maxInFlight) throw overloaded();
    return this.#live;
  }

  #send<T>({ client }: Live, command: Command, { binary, asking }: CallOptions): Promise<T> {
    // Sent together, so that no other command comes between; what it answers, the command answers too.
    if (asking) client.sendCommand(["ASKING"]).catch(() => {});
    return client.sendCommand<T>(command, binary ? TO_BUFFERS : TO_TEXT);
  }

  async layout(): Promise<Layout> {
    return { fingerprint: "", masters: this.masters() };
  }

  masters(): readonly Master[] {
    return [this];
  }

  async keysOfAll(stem: string): Promise<readonly string[]> {
    return [stem];
  }

  async identity(signal?: AbortSignal): Promise<string> {
    const live = this.#liveFor(0, { signal });
    const options = { signal, unanswered: "no", refused: "no" } as const;
    const { identity } = await this.#answers.bounded(() => askServer(live.client), 0, options);
    if (identity !== live.identity) throw unavailable("hot", { message: "the hot store became another one" });
    return identity;
  }

  async beside(greet: (client: RedisClient) => Promise<unknown>): Promise<RedisClient> {
    const { client } = await dial(await this.#options.locate(), greet);
    return client;
  }

  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  serverNow(): number {
    return performance.now() + this.#clockOffsetMs;
  }

  onDoubt(listener: () => void): () => void {
    // A wrapper of its own, so that the same function may be registered twice.
    const entry = () => listener();
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  close(): void {
    this.#lastFailure = new Error("the connection was closed");
    this.#closing.abort();
    this.#live?.client.destroy();
    this.#live = undefined;
  }

  async #keepConnected(onFirstAttempt: () => void): Promise<void> {
    const { signal } = this.#closing;
    for (let retryMs = FIRST_RETRY_MS; !signal.aborted; retryMs = Math.min(2 * retryMs, LAST_RETRY_MS)) {
      try {
        const url = await this.#options.locate();
        const { client, greeting } = await dial(url, async (dialed) => {
          const facts = await askServer(dialed);
          await this.#options.prepare(dialed);
          return facts;
        });
        retryMs = FIRST_RETRY_MS;
        const lost = this.#serve({ ...greeting, client, url });
        onFirstAttempt();
        this.#lose(await lost);
      } catch (error) {
        this.#lastFailure = error;
        onFirstAttempt();
      }
      await delay(retryMs, undefined, { signal }).catch(() => {});
    }
  }

  /** Lets commands through, until the promise resolves with the reason why no more. */
  #serve(live: Live): Promise<unknown> {
    if (this.#closing.signal.aborted) {
      live.client.destroy();
      return Promise.resolve(this.#lastFailure);
    }
    this.#live = live;
    this.#clockOffsetMs = live.clockOffsetMs;
    const becameAnother = this.#lastIdentity !== undefined && this.#lastIdentity !== live.identity;
    this.#lastIdentity = live.identity;
    const lost = Promise.race([
      new Promise((resolve) => {
        live.client.once("error", resolve);
        live.client.once("end", resolve);
      }),
      this.#watch(live),
    ]);
    if (becameAnother) this.#doubt();
    return lost;
  }

  /** Resolves with the reason when the server stands still or is another one than before. */
  async #watch(live: Live): Promise<unknown> {
    const { signal } = this.#closing;
    try {
      while (this.#live === live) {
        await delay(this.#timeoutMs, undefined, { signal });
        if (this.#live !== live) break;
        // Twice a command's time, so that one slow answer does not cost the connection.
        const facts = await within(2 * this.#timeoutMs, askServer(live.client));
        if (facts.identity !== live.identity) throw new Error("the Redis server became another one");
        this.#clockOffsetMs = facts.clockOffsetMs;
        const url = await this.#options.locate().catch(() => live.url);
        if (url !== live.url) throw new Error("another Redis server took this one's place");
      }
      return undefined;
    } catch (error) {
      return error;
    }
  }

  #lose(reason: unknown): void {
    if (this.#closing.signal.aborted) return;
    this.#lastFailure = reason;
    this.#live?.client.destroy();
    this.#live = undefined;
    this.#doubt();
  }

  #doubt(): void {
    for (const listener of this.#listeners) listener();
  }
}

function unansweredOf({ mutates }: CallOptions): Applied {
  return mutates ? "unknown" : "no";
}

function overloaded(): ServiceError {
  return new ServiceError(
    "resource_exhausted",
    "OVERLOADED",
    "too many commands wait for the hot store's answer",
    { retryAfterMs: 100 },
  );
}
