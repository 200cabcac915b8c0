import type { Limits } from "../limits.ts";

export interface Mortal {
  /** Whether no stream is open. */
  readonly idle: boolean;
  leave(): void;
  closeGracefully(): void;
}

/** The limits of a connection in time: how long it may be idle, and how old it may become. */
export class Lifetime {
  readonly #of: Mortal;
  readonly #idleMs: number;
  readonly #age: NodeJS.Timeout;
  #check: NodeJS.Timeout;
  #idleSince = performance.now();

  constructor(of: Mortal, { idleMs, maxAgeMs }: Limits) {
    this.#of = of;
    this.#idleMs = idleMs;
    this.#age = setTimeout(() => of.closeGracefully(), maxAgeMs);
    this.#check = setTimeout(() => this.#checkIdle(), idleMs);
  }

  /** It is idle from now on. A timer that began anew with each short call would cost more than the call's frames. */
  rest(): void {
    this.#idleSince = performance.now();
  }

  end(): void {
    clearTimeout(this.#age);
    clearTimeout(this.#check);
  }

  #checkIdle(): void {
    const left = this.#of.idle ? Math.ceil(this.#idleSince + this.#idleMs - performance.now()) : this.#idleMs;
    if (left <= 0) this.#of.leave();
    else this.#check = setTimeout(() => this.#checkIdle(), left);
  }
}
