import { Bag, type Bagged } from "../bag.ts";
import type { Exchange } from "./exchange.ts";

/** A call in flight. */
export interface Call {
  readonly exchange: Exchange;
  /** The service that was called. */
  readonly service: string;
  /** It ends when something happens, not when work is done: a stream or a long poll. */
  readonly waits: boolean;
}

/** The calls in flight, and a way to wait for their end. A call is in it until its exchange has closed. */
export class CallTable {
  readonly #calls = new Bag<Call & Bagged>();
  #waiting = 0;
  /** Those at work, by service. */
  readonly #working = new Map<string, number>();
  readonly #waiters = new Set<() => void>();

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

  add({ exchange, service, waits }: Call): void {
    const call = { exchange, service, waits, place: 0 };
    this.#calls.add(call);
    this.#count(call, 1);
    exchange.onClose(() => {
      this.#calls.delete(call);
      this.#count(call, -1);
      for (const waiter of this.#waiters) waiter();
    });
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
