import type { Limits } from "../limits.ts";
import { ConnectionFault, ENHANCE_YOUR_CALM } from "./frames.ts";

/** How often a peer may still give up streams that it has just opened (rapid reset). */
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

  count(): void {
    const now = performance.now();
    this.#left = Math.min(this.#burst, this.#left + (now - this.#at) * this.#perMs) - 1;
    this.#at = now;
    if (this.#left < 0) throw new ConnectionFault(ENHANCE_YOUR_CALM, "too many streams are reset");
  }
}
