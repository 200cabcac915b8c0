import type { Limits } from "../limits.ts";

/**
 * How often a peer may give up streams that it has just opened (rapid reset), or make the server do so by a frame that is
 * not right.
 */
export class Resets {
  readonly #burst: number;
  readonly #perMs: number;
  #left: number;
  #at = performance.now();

  constructor({ streamResetBurst, streamResetPerSecond }: Limits) {
    this.#burst = streamResetBurst;
    this.#left = streamResetBurst;
    this.#perMs = streamResetPerSecond / 1000;
  }

  /** Counts one more. Returns whether there may be so many. */
  count(): boolean {
    const now = performance.now();
    this.#left = Math.min(this.#burst, this.#left + (now - this.#at) * this.#perMs) - 1;
    this.#at = now;
    return this.#left >= 0;
  }
}
