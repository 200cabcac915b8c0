import { Bag, type Bagged } from "./bag.ts";

/** What has time limits. */
export interface Watched extends Bagged {
  /** Sets a timer for whatever is due next. */
  watch(): void;
}

/** Spares a timer to what is over soon, as nearly all calls are: it would be a good part of their cost. */
export class WatchList {
  readonly #graceMs: number;
  #fresh = new Bag<Watched>();
  #timer: NodeJS.Timeout | undefined;

  /** @param graceMs how long each is left alone; what has to happen sooner is watched from the start */
  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  /** @param withinMs when the first of its limits is reached */
  add(one: Watched, withinMs: number): void {
    if (withinMs <= 2 * this.#graceMs) {
      one.watch();
      return;
    }
    this.#fresh.add(one);
    this.#timer ??= setTimeout(this.#watchAll, this.#graceMs);
  }

  /** To be called when it is over. */
  delete(one: Watched): void {
    this.#fresh.delete(one);
  }

  readonly #watchAll = (): void => {
    this.#timer = undefined;
    const left = this.#fresh;
    this.#fresh = new Bag();
    for (const one of left) one.watch();
  };
}
