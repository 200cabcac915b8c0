import { type Measured, ratio } from "../run/rounds.ts";
import { named } from "../run/rows.ts";
import type { Target } from "./section.ts";

export interface Comparison {
  readonly promise: string;
  /** Names of cases. */
  readonly of: string;
  readonly to: string;
  /** The least ratio of the two. */
  readonly wanted: number;
}

/** What was promised of one measured case beside another. */
export function compared(measured: readonly Measured[], { promise, of, to, wanted }: Comparison): Target {
  return {
    promise,
    limit: "at least",
    wanted,
    measured: ratio(named(measured, of), named(measured, to)),
    unit: "x",
  };
}
