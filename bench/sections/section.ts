import type { Options } from "../options.ts";
import type { Row } from "../run/table.ts";

/** What a section is given. */
export interface Bench {
  readonly options: Options;
  /** Progress, for people. */
  say(text: string): void;
}

/** What was promised, and what came out. */
export interface Target {
  readonly promise: string;
  readonly limit: "at least" | "at most";
  readonly wanted: number;
  readonly measured: number;
  /** Of both numbers: `x`, `MB`. */
  readonly unit: string;
}

export interface Outcome {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly targets: readonly Target[];
}

export interface Section {
  readonly name: string;
  /** Whether it is run when nobody asks for it by name. */
  readonly always: boolean;
  /** Whether it is part of a quick run. */
  readonly inQuick: boolean;
  run(bench: Bench): Promise<Outcome>;
}
