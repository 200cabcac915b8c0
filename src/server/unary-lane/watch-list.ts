import { Bag, type Bagged } from "../bag.ts";

/** How long a call is left alone; what has to happen sooner needs a timer from the start. */
const GRACE_MS = 50;

/** A call that has time limits. */
export interface Watched extends Bagged {
  /** Sets a timer for whatever is due next. */
  watch(): void;
}

/** Spares a timer to calls that are over soon, as nearly all are: it would be a good part of their cost. */
export class WatchList {
  #fresh = new Bag<Watched>();
  #timer: NodeJS.Timeout | undefined;

  /** @param withinMs when the first of its limits is reached */
  add(call: Watched, withinMs: number): void {
    if (withinMs <= 2 * GRACE_MS) {
      call.watch();
      return;
    }
    this.#fresh.add(call);
    this.#timer ??= setTimeout(this.#watchAll, GRACE_MS);
  }

  /** To be called when the call is over. */
  delete(call: Watched): void {
    this.#fresh.delete(call);
  }

  readonly #watchAll = (): void => {
    this.#timer = undefined;
    const calls = this.#fresh;
    this.#fresh = new Bag();
    for (const call of calls) call.watch();
  };
}
