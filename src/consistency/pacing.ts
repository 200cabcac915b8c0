/** How the steward's loops rest and how long their commands may take. */
import type { Broadcast } from "./signal.ts";
import type { Timing } from "./timing.ts";

/** Runs one command under a time-out of its own. */
export async function bounded<T>(
  timing: Timing,
  timeoutMs: number,
  command: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeout = new AbortController();
  const finished = new AbortController();
  const expiry = timing.sleep(timeoutMs, finished.signal).then(() => {
    if (finished.signal.aborted) return;
    timeout.abort(new DOMException("the store did not answer", "TimeoutError"));
  });
  try {
    return await command(timeout.signal);
  } finally {
    finished.abort();
    await expiry;
  }
}

/** Rests until the time is over, somebody wakes it, or it is to stop. */
export async function rest(timing: Timing, ms: number, wake: Broadcast, stop: AbortSignal): Promise<void> {
  const over = new AbortController();
  const end = () => over.abort();
  stop.addEventListener("abort", end, { once: true });
  await Promise.race([timing.sleep(ms, over.signal), wake.next(over.signal).catch(() => undefined)]);
  stop.removeEventListener("abort", end);
  over.abort();
}

const FIRST_MS = 1_000;
const LAST_MS = 60_000;

/** Ever longer waits before something that keeps failing is tried again. Times on the monotonic clock. */
export class Backoff {
  #until = Number.NEGATIVE_INFINITY;
  #nextMs = FIRST_MS;

  get until(): number {
    return this.#until;
  }

  failed(now: number): void {
    this.#until = now + this.#nextMs;
    this.#nextMs = Math.min(this.#nextMs * 2, LAST_MS);
  }

  succeeded(): void {
    this.#nextMs = FIRST_MS;
  }
}
