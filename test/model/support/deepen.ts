import { type Explored, explore, type Limits } from "./explore.ts";
import { ScenarioRun } from "./run.ts";
import type { PlantedCase, Scenario } from "./scenario.ts";

export interface Deepened extends Explored {
  /** Every interleaving with up to so many disturbances was explored; -1: not even all those without any; Infinity: all. */
  readonly disturbances: number;
}

/** First every interleaving without a disturbance, then those with one, and so on: what is simple is found first. */
export async function deepen(
  scenario: Scenario,
  plant: PlantedCase,
  limits: Limits & { readonly from?: number | undefined },
): Promise<Deepened> {
  let runs = 0;
  let states = 0;
  for (let disturbances = limits.from ?? 0; ; disturbances++) {
    const open = () => ScenarioRun.open(scenario, plant, disturbances);
    const explored = await explore(open, { ...limits, runs: limits.runs - runs });
    runs += explored.runs;
    const done = explored.complete ? disturbances : disturbances - 1;
    if (!explored.complete || explored.found.length > 0) return { ...explored, runs, disturbances: done };
    // No state was new: there are no more disturbances to be had.
    if (explored.states === states) return { ...explored, runs, disturbances: Number.POSITIVE_INFINITY };
    states = explored.states;
  }
}
