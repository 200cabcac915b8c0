// A few cells for a short time; npm run test:fault runs all of them for as long as one likes.
import { expect, it } from "vitest";
import { describeWithTools } from "../support/real-stores.ts";
import { cellsNamed } from "./cells/all.ts";
import { runCell } from "./run-cell.ts";

/** Most on SQLite, since FerretDB takes its turns slowly. */
const CELLS = cellsNamed([
  "sqlite-killed",
  "sqlite-terminated",
  "sqlite-redis-killed",
  "redis-killed",
  "ferretdb-reply-lost",
]);
const GOAL = { seconds: 4, acknowledged: 20, operations: 0 };
/** For the whole cell on a busy machine; most of it is starting stores and servers. */
const CELL_TIMEOUT_MS = 120_000;

describeWithTools("clients of real processes see every promise kept", ["redis-server", "ferretdb"], () => {
  it.each(CELLS)("$name", { timeout: CELL_TIMEOUT_MS }, async (cell) => {
    const { violations, operations, writes, acknowledged, proof } = await runCell(cell, GOAL);
    expect(violations).toEqual([]);
    expect(proof).not.toBe("");
    expect(acknowledged).toBeGreaterThanOrEqual(GOAL.acknowledged);
    expect(writes / operations).toBeGreaterThan(0.2);
  });
});
