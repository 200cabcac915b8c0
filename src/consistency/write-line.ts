/** The writers of one object in this process, those under way and those who wait, and who of them is next. */
import { aborted, ServiceError } from "../errors.ts";
import type { Document } from "../ports/durable-store.ts";
import { roomInTail } from "./history.ts";

/** So many wait in the order in which they came, however long that takes. */
const SHORT = 64;
/**
 * Where a longer line makes its first wait longer (ms) than this, more come than can be served. Then the newest are
 * served first: so what is written at all is written soon, and only the others are late.
 */
const PATIENCE_MS = 150;
/** How long (ms) these wait for their refusal. Their callers cannot call again meanwhile, so refusals stay few. */
const REFUSAL_MS = 500;
/** At most so much (ms) of the time between two ends of writes counts: nobody is refused for a store that stood still. */
const STEP_MS = 250;

export interface Manner {
  /** With no other writer under way. */
  readonly alone: boolean;
  /** Before all who wait. */
  readonly first: boolean;
}

interface Waiter {
  readonly alone: boolean;
  readonly since: number;
  readonly start: () => void;
  readonly refuse: () => void;
}

export class WriteLine {
  readonly #monotonic: () => number;
  readonly #maxWaiting: number;
  /** The oldest comes first. */
  readonly #waiting: Waiter[] = [];
  readonly #first: Waiter[] = [];
  #underWay = 0;
  #alone = false;
  /** The newest revision that an answer told of. Until there was one, a single writer finds out. */
  #newest: { readonly revision: number; readonly room: number } = { revision: 0, room: 1 };
  #lastEnd: number;
  /** Time (ms) that counts as waiting. */
  #clock = 0;

  constructor(monotonic: () => number, maxWaiting: number) {
    this.#monotonic = monotonic;
    this.#maxWaiting = maxWaiting;
    this.#lastEnd = monotonic();
  }

  get isEmpty(): boolean {
    return this.#underWay === 0;
  }

  learn(document: Document): void {
    if (document.revision < this.#newest.revision) return;
    this.#newest = { revision: document.revision, room: roomInTail(document) };
  }

  /** Resolves when it is the caller's turn; `leave` ends it. */
  async enter(manner: Manner, signal: AbortSignal | undefined): Promise<void> {
    const queue = manner.first ? this.#first : this.#waiting;
    if (this.#waiting.length + this.#first.length === 0 && this.#takes(manner.alone))
      this.#start(manner.alone);
    else if (manner.first || queue.length < this.#maxWaiting) await this.#wait(queue, manner.alone, signal);
    else throw overloaded();
  }

  leave(): void {
    this.#underWay--;
    this.#alone = false;
    const now = this.#monotonic();
    this.#clock += Math.min(now - this.#lastEnd, STEP_MS);
    this.#lastEnd = now;
    if (this.#isCrowded()) {
      while (this.#oldestWaited() > REFUSAL_MS) this.#waiting.shift()?.refuse();
    }
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#start(next.alone);
      next.start();
    }
  }

  /** Whoever is next, if it may start, and no longer in the line. */
  #next(): Waiter | undefined {
    const queue = this.#first.length > 0 ? this.#first : this.#waiting;
    const newest = queue === this.#waiting && this.#isCrowded();
    const next = newest ? queue.at(-1) : queue[0];
    if (next === undefined || !this.#takes(next.alone)) return undefined;
    return newest ? queue.pop() : queue.shift();
  }

  #isCrowded(): boolean {
    return this.#waiting.length > SHORT && this.#oldestWaited() > PATIENCE_MS;
  }

  /** Milliseconds; 0 where nobody waits. */
  #oldestWaited(): number {
    const [oldest] = this.#waiting;
    return oldest === undefined ? 0 : this.#clock - oldest.since;
  }

  /** Somebody always is under way while others wait, even where the tail is full: it is that one who finds so. */
  #takes(alone: boolean): boolean {
    return this.#underWay === 0 || (!alone && !this.#alone && this.#underWay < this.#newest.room);
  }

  #start(alone: boolean): void {
    this.#underWay++;
    this.#alone = alone;
  }

  #wait(queue: Waiter[], alone: boolean, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        queue.splice(queue.indexOf(waiter), 1);
        reject(aborted(signal));
      };
      const ended = () => signal?.removeEventListener("abort", abort);
      const waiter: Waiter = {
        alone,
        since: this.#clock,
        start: () => {
          ended();
          resolve();
        },
        refuse: () => {
          ended();
          reject(overloaded());
        },
      };
      queue.push(waiter);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }
}

function overloaded(): ServiceError {
  return new ServiceError("resource_exhausted", "OVERLOADED", "too many calls wait to write this object", {
    retryAfterMs: 1000,
  });
}
