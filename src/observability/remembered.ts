/** How it is found, and how long that may take. */
export interface RememberedOptions<T> {
  readonly find: (signal: AbortSignal) => Promise<T>;
  /** Milliseconds that a value is good for, at the least. */
  readonly everyMs: number;
  /** Milliseconds that the finding may take. */
  readonly timeoutMs: number;
  /** Milliseconds on a clock that never goes back. */
  readonly monotonic: () => number;
}

/** Share of the time that may go into finding: one part in so many. */
const REST = 20;

/** A value that costs something to find: nobody waits for it, and who looks often does not cause more work. */
export class Remembered<T> {
  readonly #options: RememberedOptions<T>;
  #value: T | undefined;
  #goodUntil = Number.NEGATIVE_INFINITY;
  #finding: Promise<void> | undefined;

  constructor(options: RememberedOptions<T>) {
    this.#options = options;
  }

  /** As it was last found. Where that is long ago, it is found again, for the next one who looks. */
  get value(): T | undefined {
    if (this.#finding === undefined && this.#options.monotonic() >= this.#goodUntil) {
      this.#finding = this.#find().finally(() => {
        this.#finding = undefined;
      });
    }
    return this.#value;
  }

  /** Resolves when what is being found was found, or could not be. */
  async settled(): Promise<void> {
    await this.#finding;
  }

  async #find(): Promise<void> {
    const { find, everyMs, timeoutMs, monotonic } = this.#options;
    const began = monotonic();
    try {
      this.#value = await find(AbortSignal.timeout(timeoutMs));
    } catch {
      // An old count would pass for today's.
      this.#value = undefined;
    }
    const ended = monotonic();
    this.#goodUntil = ended + Math.max(everyMs, REST * (ended - began));
  }
}
