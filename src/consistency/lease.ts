import type { Generation } from "./generation.ts";
import type { GenerationMode } from "./generation-document.ts";

/** A permission to act on one number and mode, until `Generation.holds` says no more. */
export interface Lease {
  readonly number: number;
  readonly mode: Exclude<GenerationMode, "bypassing">;
  readonly epoch: number;
}

/** What those who read and write objects need of the generation. */
export type Leases = Pick<
  Generation,
  "current" | "lease" | "holds" | "reportHotFailure" | "lastKnown" | "durableDown"
>;

/** The generation as it was when the durable store was last heard of. */
export interface LastKnown {
  readonly number: number;
  /**
   * Milliseconds since the epoch: what was acknowledged before is in the hot store. Undefined when this process never
   * held a lease, or does not know the hot store to be the one that the number belongs to.
   */
  readonly asOf: number | undefined;
}
