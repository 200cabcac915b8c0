import type { HotStore } from "../ports/hot-store.ts";

/** Keeps the hot store's hint, and clears the namespaces that were left. What fails is made good by the next one. */
export class Namespaces {
  readonly #hot: HotStore;
  #entered = 0;
  #clearing = 0;

  constructor(hot: HotStore) {
    this.#hot = hot;
  }

  /** How many times clearing is under way. */
  get backlog(): number {
    return this.#clearing;
  }

  entered(number: number, signal: AbortSignal): void {
    if (number <= this.#entered) return;
    this.#entered = number;
    void this.#hot.writeHint(number, signal).catch(() => undefined);
    this.#clearing += 1;
    void this.#hot
      .sweepBelow(number, signal)
      .catch(() => undefined)
      .finally(() => {
        this.#clearing -= 1;
      });
  }
}
