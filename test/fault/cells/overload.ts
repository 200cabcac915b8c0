// Many times as many calls at once as a process admits, so that some of them wait in vain for their turn.

import type { Crowd } from "../crowd.ts";
import type { World } from "../world.ts";
import type { Cell, Evidence, Fault } from "./cell.ts";

/** @param callers that come together, for each process */
function overload(callers: number) {
  return async (world: World, crowd: Crowd): Promise<Fault> => {
    const leave = crowd.burst(callers * world.instances.length);
    return {
      heal: leave,
      proof({ operations }: Evidence) {
        const shed = operations.filter(({ reason }) => reason === "OVERLOADED").length;
        return shed > 0 ? `${shed} calls shed` : undefined;
      },
    };
  };
}

/** So few that a small load is more than that; fewer, and for more callers, where calls take less time. */
const atMost = (calls: number) => ({ MAX_IN_FLIGHT: String(calls) });

export const OVERLOAD_CELLS: readonly Cell[] = [
  { name: "overload", setup: "shared", env: atMost(12), inject: overload(36) },
  // The load besides the burst has to fit.
  { name: "sqlite-overload", setup: "embedded", env: atMost(1), load: { clients: 8 }, inject: overload(100) },
];
