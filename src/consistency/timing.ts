/** Time and chance as the protocol sees them; a simulator passes its own. */
export interface Timing {
  /** Milliseconds since the epoch, for people. */
  now(): number;
  /** Milliseconds on a clock that never goes back and never stops, for leases. */
  monotonic(): number;
  /** Resolves after `ms`, or at once when the signal fires; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** A text that is never made twice, at least 96 bits of chance. */
  uniqueId(): string;
}
