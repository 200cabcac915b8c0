import type { Crowd } from "../crowd.ts";
import type { LoadOptions } from "../load.ts";
import type { Observer } from "../observer.ts";
import type { Recorded } from "../recorder.ts";
import type { RedisDeployment, Setup, World } from "../world.ts";

/** What a run saw, for the proof that its fault took place. */
export interface Evidence {
  readonly observer: Observer;
  readonly operations: readonly Recorded[];
}

export interface Fault {
  heal(): Promise<void>;
  /** One phrase that shows that the fault took place; undefined when nothing shows it. Asked when the load is over. */
  proof(evidence: Evidence): string | undefined;
  /** A process that was told to end, and when: it owes an answer to every call that it had accepted. */
  drained?: { readonly instance: string; readonly at: number };
}

/** One row of the table. */
export interface Cell {
  readonly name: string;
  readonly setup: Setup;
  /** In the place of the setup's one Redis. */
  readonly redis?: RedisDeployment;
  /** Settings of the service beside its stores. */
  readonly env?: Readonly<Record<string, string>>;
  readonly load?: Partial<LoadOptions>;
  /** How long the fault lasts; milliseconds. Default 3000. */
  readonly holdMs?: number;
  /** The hot store loses what it holds, though no new generation may say so. */
  readonly losesCache?: boolean;
  inject(world: World, crowd: Crowd): Promise<Fault>;
}
