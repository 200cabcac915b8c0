import { Bag, type Bagged } from "../bag.ts";
import type { Exchange } from "./exchange.ts";

/** A call in flight. */
export interface Call {
  readonly exchange: Exchange;
  /** The service that was called. */
  readonly service: string;
  /** It ends when something happens, not when work is done: a stream or a long poll. */
  waits: boolean;
}

interface Kept extends Call, Bagged {
  ended: boolean;
}

/** The calls in flight, and a way to wait for their end. A call is in it until its exchange has closed. */
export class CallTable {
  readonly #calls = new Bag<Kept>();
  #waiting = 0;
  /** Those at work, by service. */
  readonly #working = new Map<string, number>();
  readonly #waiters = new Set<() => void>();
  readonly #onEnd: () => void;

  /** @param onEnd called at the end of each */
  constructor(onEnd: () => void = () => {}) {
    this.#onEnd = onEnd;
  }

  get size(): number {
    return this.#calls.size;
  }

  /** How many of them wait, or are at work. */
  count(waits: boolean): number {
    return waits ? this.#waiting : this.#calls.size - this.#waiting;
  }

  /** How many of a service's are at work. */
  workingOf(service: string): number {
    return this.#working.get(service) ?? 0;
  }

  [Symbol.iterator](): IterableIterator<Call> {
    return this.#calls[Symbol.iterator]();
  }

  /** Returns the call as it is kept. */
  add({ exchange, service, waits }: Readonly<Call>): Kept {
    const call = { exchange, service, waits, place: 0, ended: false };
    this.#calls.add(call);
    this.#count(call, 1);
    exchange.onClose(() => {
      call.ended = true;
      this.#calls.delete(call);
      this.#count(call, -1);
      for (const waiter of this.#waiters) waiter();
      this.#onEnd();
    });
    return call;
  }

  /** One that waited is at work from now on. */
  work(call: Kept): void {
    if (call.ended || !call.waits) return;
    this.#count(call, -1);
    call.waits = false;
    this.#count(call, 1);
  }

  #count({ service, waits }: Call, by: 1 | -1): void {
    if (waits) this.#waiting += by;
    else this.#working.set(service, this.workingOf(service) + by);
  }

  /** Resolves when no call matches. */
  async whenNone(matches: (call: Call) => boolean): Promise<void> {
    const none = (): boolean => ![...this.#calls].some(matches);
    if (none()) return;
    await new Promise<void>((resolve) => {
      const waiter = (): void => {
        if (!none()) return;
        this.#waiters.delete(waiter);
        resolve();
      };
      this.#waiters.add(waiter);
    });
  }
}
