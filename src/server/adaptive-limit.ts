/** How many calls may be at work, as far as one thread keeps up with them. */
export interface AdaptiveLimitOptions {
  /** Never fewer, so that the service always makes progress and can find out that it is better. */
  readonly min: number;
  readonly max: number;
  /** How late (ms) the thread may be with what it has to do. */
  readonly targetMs: number;
}

/** What is left at once when the thread is late, by how late it is, and what is given again step by step. */
const LEAST_LEFT = 0.5;
const MOST_LEFT = 0.8;
const INCREASE = 0.05;
/** Of its time that a thread is at work; one that still rests keeps up, however late the machine lets it be. */
const SATURATED = 0.95;

/**
 * Additive increase, multiplicative decrease, by how late the event loop is: everything that waits for the thread, of
 * every method, waits at least so long, while a slow store delays nothing but its own calls. Lateness alone does not
 * count, since another process on the machine can cause it, and fewer calls would not help against that.
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

  /** Whether a call may come beside so many. */
  takes(inFlight: number): boolean {
    this.#peak = Math.max(this.#peak, inFlight + 1);
    return inFlight < this.#current;
  }

  /** The end of an interval in which the thread was so late (ms) on average, and at work for that part of the time. */
  observe(delayMs: number, busy: number): void {
    const { min, max, targetMs } = this.#options;
    const peak = this.#peak;
    this.#peak = 0;
    if (delayMs > targetMs && busy >= SATURATED) {
      const left = Math.min(MOST_LEFT, Math.max(LEAST_LEFT, targetMs / delayMs));
      // From what was in use: a limit far above would take many intervals to come down to where it works.
      this.#current = Math.max(min, Math.floor(Math.min(this.#current, peak) * left));
    } else if (peak * 2 >= this.#current) {
      this.#current = Math.min(max, Math.ceil(this.#current * (1 + INCREASE)));
    } else if (delayMs * 2 < targetMs || busy < SATURATED) {
      // Idle: whatever there was is over.
      this.#current = Math.min(max, this.#current * 2);
    }
  }
}

const TICK_MS = 10;
const TICKS = 10;

/** What a thread's clock and its event loop tell. */
export interface ThreadClock {
  /** Milliseconds. */
  now(): number;
  /** The part of the time since it was asked last in which the thread was at work, from 0 to 1. */
  busy(): number;
}

export function threadClock(): ThreadClock {
  let last = performance.eventLoopUtilization();
  return {
    now: () => performance.now(),
    busy: () => {
      const before = last;
      last = performance.eventLoopUtilization();
      return performance.eventLoopUtilization(last, before).utilization;
    },
  };
}

/** Tells a limit how late the event loop is, ten times a second. Returns how to stop that. */
export function watchEventLoop(limit: AdaptiveLimit, clock: ThreadClock): () => void {
  let expected = clock.now() + TICK_MS;
  let ticks = 0;
  let late = 0;
  const timer = setInterval(() => {
    const at = clock.now();
    late += Math.max(0, at - expected);
    expected = at + TICK_MS;
    ticks++;
    if (ticks < TICKS && late < TICK_MS * TICKS) return;
    limit.observe(late / ticks, clock.busy());
    ticks = 0;
    late = 0;
  }, TICK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
