// A small case for the explorer: processes with the real Generation, clients with the real Objects, one durable and some
// hot servers, and how many of which faults may come.
import type { Plant } from "../../support/virtual/plant.ts";
import type { Action } from "../../support/virtual/things.ts";
import type { Ending } from "./stepper.ts";
import type { World } from "./world.ts";

export const KEY = "k";

export interface ClientPlan {
  readonly name: string;
  readonly process: string;
  readonly actions: readonly Action[];
  /** Clients that are done before this one begins. */
  readonly after?: readonly string[];
}

export interface Fault {
  readonly name: string;
  readonly times: number;
  /** Left out: at any time. */
  readonly possible?: (world: World) => boolean;
  readonly strike: (world: World) => void;
}

export interface Scenario {
  readonly name: string;
  readonly processes: readonly string[];
  readonly clients: readonly ClientPlan[];
  /** Milliseconds; by default so long that no lease ends. */
  readonly leaseMs?: number;
  /** Before the clients begin: the object is written that often, and hot or not. */
  readonly prepared?: { readonly revision: number; readonly hot?: true };
  readonly faults?: readonly Fault[];
  /** How many calls of clients may end in another way. */
  readonly endings?: Partial<Record<Exclude<Ending, "answered">, number>>;
  /** How often a process may go on though its timers are not due yet for others, by process. */
  readonly ticks?: Readonly<Record<string, number>>;
  /** How often waiting clients may go on before everybody else has to wait for them. */
  readonly clientTicks?: number;
  /** How often a process may go on alone after so many milliseconds, while the others still sleep. */
  readonly strides?: { readonly ms: number; readonly times: Readonly<Record<string, number>> };
  /** Jumps of the clock, each by so many milliseconds. */
  readonly leaps?: { readonly times: number; readonly ms: number };
  /** The hot store cannot be reached at the start. */
  readonly startsBypassed?: true;
  /** How the first moves begin: what is explored comes after them. */
  readonly opening?: readonly string[];
  /** In the end the object is hot. */
  readonly mustBeHot?: true;
}

/** A wrong protocol, and the faults that the right one says cannot happen. */
export interface PlantedCase extends Plant {
  readonly faults?: readonly Fault[];
}
