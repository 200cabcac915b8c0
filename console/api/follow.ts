// Streams that come back by themselves.
import { describeFailure } from "./failure.ts";

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Reads a stream until the signal ends it, and begins it again when it breaks off, after a pause that grows while
 * nothing comes. `open` is called for each beginning and may go on from what was read before.
 */
export async function follow<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  read: { readonly item: (item: T) => void; readonly broken: (why: string) => void },
  signal: AbortSignal,
): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      for await (const item of open(signal)) {
        pauseMs = FIRST_PAUSE_MS;
        read.item(item);
      }
    } catch (error) {
      if (signal.aborted) return;
      read.broken(describeFailure(error));
    }
    await pause(pauseMs, signal);
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      window.clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = window.setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
