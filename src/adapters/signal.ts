import { aborted } from "../errors.ts";

/** Nothing was sent yet, so nothing had an effect. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal);
}
