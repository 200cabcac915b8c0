// Three times as many calls at once as a process admits.

import type { Crowd } from "../crowd.ts";
import type { World } from "../world.ts";
import type { Cell, Evidence, Fault } from "./cell.ts";

/** So few that a small load is more than that. */
const MAX_IN_FLIGHT = 12;
const TIMES = 3;

async function overload(world: World, crowd: Crowd): Promise<Fault> {
  const leave = crowd.burst(TIMES * MAX_IN_FLIGHT * world.instances.length);
  return {
    heal: leave,
    proof({ operations }: Evidence) {
      const shed = operations.filter(({ reason }) => reason === "OVERLOADED").length;
      return shed > 0 ? `${shed} calls shed` : undefined;
    },
  };
}

const env = { MAX_IN_FLIGHT: String(MAX_IN_FLIGHT) };

export const OVERLOAD_CELLS: readonly Cell[] = [
  { name: "overload", setup: "shared", env, inject: overload },
  // The load besides the burst has to fit.
  { name: "sqlite-overload", setup: "embedded", env, load: { clients: 8 }, inject: overload },
];
