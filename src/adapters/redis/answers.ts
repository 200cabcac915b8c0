import { type Applied, aborted, unavailable } from "../../errors.ts";
import { type Watched, WatchList } from "../../watch-list.ts";
import { afterPoll } from "./dial.ts";
import { failureOf } from "./failures.ts";

/** How long an answer is awaited before anything is spent on what to do without it. */
const GRACE_MS = 10;

export interface AwaitOptions {
  readonly signal: AbortSignal | undefined;
  /** Whether the command had an effect, where no answer tells. */
  readonly unanswered: Applied;
  /** The same, where it was refused. */
  readonly refused: Applied;
}

/** Answers of the server, each awaited for a command's time and for as long as its caller wants it. */
export class Answers {
  readonly #timeoutMs: number;
  readonly #watchList = new WatchList(GRACE_MS);
  #outstanding = 0;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Commands that the socket has neither answered nor ended, even where their callers were told earlier. */
  get outstanding(): number {
    return this.#outstanding;
  }

  /** The answer to what is sent, or what stands for it when the commands' time, or the caller's, is over. */
  bounded<T>(send: () => Promise<T>, commands: number, options: AwaitOptions): Promise<T> {
    return new Promise((resolve, reject) => {
      const answer = send();
      this.#outstanding += commands;
      const waiting = new Waiting(this.#timeoutMs, options, reject);
      this.#watchList.add(waiting, this.#timeoutMs);
      const end = (): void => {
        this.#outstanding -= commands;
        this.#watchList.delete(waiting);
        waiting.end();
      };
      answer.then(
        (value) => {
          end();
          resolve(value);
        },
        (error) => {
          end();
          reject(failureOf(error, options.unanswered, options.refused));
        },
      );
    });
  }
}

class Waiting implements Watched {
  place = 0;
  readonly #until: number;
  readonly #timeoutMs: number;
  readonly #options: AwaitOptions;
  readonly #reject: (error: Error) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number, options: AwaitOptions, reject: (error: Error) => void) {
    this.#until = performance.now() + timeoutMs;
    this.#timeoutMs = timeoutMs;
    this.#options = options;
    this.#reject = reject;
  }

  watch(): void {
    const { signal, unanswered } = this.#options;
    if (signal?.aborted) {
      this.#onAbort();
      return;
    }
    signal?.addEventListener("abort", this.#onAbort);
    this.#timer = afterPoll(Math.max(0, this.#until - performance.now()), () => {
      this.end();
      const message = `the hot store did not answer within ${this.#timeoutMs} ms`;
      this.#reject(unavailable("hot", { message, applied: unanswered }));
    });
  }

  end(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
  }

  readonly #onAbort = (): void => {
    this.end();
    this.#reject(aborted(this.#options.signal, this.#options.unanswered));
  };
}
