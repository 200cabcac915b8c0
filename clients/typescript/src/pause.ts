/** How long to wait before a call is made again. */

export interface Pauses {
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  /** Resolves after `ms`; rejects with the signal's reason when that fires. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** 0 to 1. */
  readonly random: () => number;
}

const FIRST_MS = 50;
const LAST_MS = 2_000;

export const realPauses: Pauses = {
  now: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const abort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", abort);
        resolve();
      }, ms);
      if (signal?.aborted) abort();
      else signal?.addEventListener("abort", abort, { once: true });
    }),
  random: Math.random,
};

/** Milliseconds before attempt number `attempt` (1 = the first repetition): ever longer, and never the same for all. */
export function pauseMs(attempt: number, retryAfterMs: number | undefined, random: () => number): number {
  const grown = Math.min(FIRST_MS * 2 ** (attempt - 1), LAST_MS);
  return (retryAfterMs ?? 0) + grown * (0.5 + random() / 2);
}
