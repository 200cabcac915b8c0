import type { Cell } from "./cell.ts";
import { DEPLOYMENT_CELLS } from "./deployments.ts";
import { FERRET_CELLS } from "./ferret.ts";
import { INSTANCE_CELLS } from "./instances.ts";
import { OVERLOAD_CELLS } from "./overload.ts";
import { REDIS_CELLS } from "./redis.ts";
import { REPLICA_SET_CELLS } from "./replica-set.ts";
import { SQLITE_CELLS } from "./sqlite.ts";

export const CELLS: readonly Cell[] = [
  ...INSTANCE_CELLS,
  ...REDIS_CELLS,
  ...DEPLOYMENT_CELLS,
  ...FERRET_CELLS,
  ...SQLITE_CELLS,
  ...OVERLOAD_CELLS,
  ...REPLICA_SET_CELLS,
];

/** Throws on a name that no cell has. */
export function cellsNamed(names: readonly string[]): readonly Cell[] {
  return names.map((name) => {
    const cell = CELLS.find((candidate) => candidate.name === name);
    if (cell === undefined)
      throw new Error(`there is no cell ${name}; there are ${CELLS.map((c) => c.name).join(", ")}`);
    return cell;
  });
}
