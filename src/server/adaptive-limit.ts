/** How many calls may be at work, as far as one thread keeps up with them. */
export interface AdaptiveLimitOptions {
  /** Never fewer, so that the service always makes progress and can find out that it is better. */
  readonly min: number;
  readonly max: number;
  /** How late (ms) the thread may be with what it has to do. */
  readonly targetMs: number;
}

/** What is taken back at once when the thread is late, and given again step by step when it is not. */
const DECREASE = 0.8;
const INCREASE = 0.05;

/**
 * Additive increase, multiplicative decrease, by how late the event loop is: everything that waits for the thread, of
 * every method, waits at least so long, while a slow store delays nothing but its own calls.
 */
export class AdaptiveLimit {
  readonly #options: AdaptiveLimitOptions;
  #current: number;
  #peak = 0;

  constructor(options: AdaptiveLimitOptions) {
    this.#options = options;
    this.#current = options.max;
  }

  get current(): number {
    return this.#current;
  }

  /** Whether there is room for fewer than there may be at most. */
  get isLowered(): boolean {
    return this.#current < this.#options.max;
  }

  /** Whether a call may come beside so many. */
  takes(inFlight: number): boolean {
    this.#peak = Math.max(this.#peak, inFlight + 1);
    return inFlight < this.#current;
  }

  /** The end of an interval in which the thread was so late (ms) on average. */
  observe(delayMs: number): void {
    const { min, max, targetMs } = this.#options;
    const peak = this.#peak;
    this.#peak = 0;
    if (delayMs > targetMs) {
      // From what was in use: a limit far above would take many intervals to come down to where it works.
      this.#current = Math.max(min, Math.floor(Math.min(this.#current, peak) * DECREASE));
    } else if (peak * 2 >= this.#current) {
      this.#current = Math.min(max, Math.ceil(this.#current * (1 + INCREASE)));
    } else if (delayMs * 2 < targetMs) {
      // Idle: whatever there was is over.
      this.#current = Math.min(max, this.#current * 2);
    }
  }
}

const TICK_MS = 10;
const TICKS = 10;

/**
 * Tells a limit how late the event loop is, ten times a second, and then `observed`. Returns how to stop that.
 */
export function watchEventLoop(limit: AdaptiveLimit, now: () => number, observed: () => void): () => void {
  let expected = now() + TICK_MS;
  let ticks = 0;
  let late = 0;
  const timer = setInterval(() => {
    const at = now();
    late += Math.max(0, at - expected);
    expected = at + TICK_MS;
    ticks++;
    if (ticks < TICKS && late < TICK_MS * TICKS) return;
    limit.observe(late / ticks);
    observed();
    ticks = 0;
    late = 0;
  }, TICK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
