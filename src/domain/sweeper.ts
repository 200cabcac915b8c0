/** Background work that every instance does once in a while. */
import type { Timing } from "../consistency/timing.ts";

export interface Sweep {
  readonly name: string;
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/**
 * Runs the sweeps one after another, again and again, until the signal fires; resolves then. A sweep that fails is
 * told and tried again at the next round: what it left is still there. `chance` is from 0 to 1 and keeps instances
 * that started together from sweeping together.
 */
export async function sweepForever(
  sweeps: readonly Sweep[],
  options: {
    readonly everyMs: number;
    readonly timing: Pick<Timing, "sleep">;
    readonly chance: () => number;
    readonly onFailure: (sweep: string, error: unknown) => void;
  },
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await options.timing.sleep(options.everyMs * (0.5 + options.chance()), signal);
    for (const { name, run } of sweeps) {
      if (signal.aborted) return;
      try {
        await run(signal);
      } catch (error) {
        if (!signal.aborted) options.onFailure(name, error);
      }
    }
    if (signal.aborted) return;
  }
}
