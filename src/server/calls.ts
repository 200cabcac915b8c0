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
  /** Nothing is done for it at the moment: it counts as one that waits. */
  idle: boolean;
}

/** A call that holds no more may be idle whatever others hold. */
const SMALL_BYTES = 16 * 1024;
/** What the larger ones may hold in all; beyond that they count as being at work. */
const MAX_IDLE_BYTES = 64 * 1024 * 1024;

/**
 * The calls in flight, and a way to wait for their end. A call is in it until its exchange has closed, be it that it waits
 * for its peer all the time: a few hundred peers that send by the byte, or take nothing of their answers, must not have all
 * the room that there is for calls.
 */
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
    const call = { exchange, service, waits, place: 0, ended: false, idle: false };
    this.#calls.add(call);
    this.#count(call, 1);
    exchange.onClose(() => {
      call.ended = true;
      exchange.resumed = undefined;
      this.#calls.delete(call);
      this.#count(call, -1);
      for (const waiter of this.#waiters) waiter();
      this.#onEnd();
    });
    return call;
  }

  /** One that waited is at work from now on. */
  work(call: Kept): void {
    if (!call.ended && call.waits) this.#change(call, { waits: false });
  }

  /**
   * Looks which of those at work wait for their peers; they are at work again as soon as they say so. Returns whether there
   * is more room now.
   * @param maxWaiting how many may count as waiting
   */
  lookForIdle(maxWaiting: number): boolean {
    const before = this.count(false);
    let largeBytes = 0;
    for (const call of this.#calls) {
      if (call.waits) continue;
      const { idleBytes } = call.exchange;
      const isLarge = idleBytes !== undefined && idleBytes > SMALL_BYTES;
      if (isLarge) largeBytes += idleBytes;
      const fits = (!isLarge || largeBytes <= MAX_IDLE_BYTES) && (call.idle || this.#waiting < maxWaiting);
      const idle = idleBytes !== undefined && fits;
      if (idle !== call.idle) this.#turn(call, idle);
    }
    return this.count(false) < before;
  }

  #turn(call: Kept, idle: boolean): void {
    this.#change(call, { idle });
    call.exchange.resumed = idle ? () => this.#turn(call, false) : undefined;
  }

  /** It counts as what it has become. */
  #change(call: Kept, change: Partial<Pick<Kept, "waits" | "idle">>): void {
    this.#count(call, -1);
    Object.assign(call, change);
    this.#count(call, 1);
  }

  #count({ service, waits, idle }: Kept, by: 1 | -1): void {
    if (waits || idle) this.#waiting += by;
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
