// npm run test:fault
import { parseArgs } from "node:util";
import { beginCommand } from "../support/command.ts";
import { CELLS, cellsNamed } from "./cells/all.ts";
import type { Cell } from "./cells/cell.ts";
import { LEAST, shortOf } from "./least.ts";
import { REPLICA_SET, WITHOUT_REPLICA_SET } from "./replica-set.ts";
import type { Row } from "./row.ts";
import { isFast, runCell } from "./run-cell.ts";
import { table } from "./table.ts";

const HELP = `Runs real server processes on real stores under faults, checks what their clients saw, and prints one table:
a row for each fault, with violations by invariant. Exits with 1 when there is a violation, when a fault did not fire,
when the service did not recover, or when there were too few calls to tell.

  npm run test:fault -- [--cells NAME,NAME] [--seconds N] [--operations N]

  --cells       which faults; all by default
  --seconds     how long clients call in each cell, at least; 12 by default
  --operations  calls in all, at least; the cells on SQLite make up for what is missing. ${LEAST.operations} by default, 0
                with --cells

Of all cells: at least ${LEAST.acknowledged} acknowledged writes and ${LEAST.clients} clients in each, and ${LEAST.writeShare * 100} % writes.

Cells: ${CELLS.map(({ name }) => name).join(", ")}

Needs redis-server and FerretDB; scripts/install-tools.sh installs them. What only a replica set of MongoDB can do
(mongodb-step-down) runs where MONGODB_URI names one, and is listed as not run elsewhere.
`;
/** How many violations of a cell are told in full. */
const TOLD = 10;

function options() {
  return parseArgs({
    options: {
      cells: { type: "string" },
      seconds: { type: "string", default: "12" },
      operations: { type: "string" },
      help: { type: "boolean" },
    },
  }).values;
}

const { options: asked, refuse } = beginCommand(HELP, options);
const seconds = Number(asked.seconds);
if (!(seconds > 0)) refuse("--seconds takes a number above 0");
const operations = Number(asked.operations ?? (asked.cells === undefined ? LEAST.operations : 0));
if (!(operations >= 0)) refuse("--operations takes a number from 0");
const chosen = asked.cells === undefined ? CELLS : cellsNamed(asked.cells.split(","));
const canRun = ({ setup }: Cell) => setup !== "replica-set" || REPLICA_SET !== undefined;
const cells = chosen.filter(canRun).toSorted((a, b) => Number(isFast(a.setup)) - Number(isFast(b.setup)));
const rows: Row[] = [];
const failures: string[] = [];
const begun = performance.now();
for (const [index, cell] of cells.entries()) {
  process.stderr.write(`[${index + 1}/${cells.length}] ${cell.name} ... `);
  try {
    const missing = operations - rows.reduce((sum, row) => sum + row.operations, 0);
    const share = isFast(cell.setup) ? Math.max(0, missing / (cells.length - index)) : 0;
    const row = await runCell(cell, { seconds, acknowledged: LEAST.acknowledged, operations: share });
    rows.push(row);
    process.stderr.write(`${row.operations} operations, ${row.violations.length} violations\n`);
    for (const { invariant, name, key, message } of row.violations.slice(0, TOLD))
      process.stderr.write(`  ${invariant} ${name} ${key}: ${message}\n`);
  } catch (error) {
    failures.push(error instanceof Error ? error.message : String(error));
    process.stderr.write(`failed: ${failures.at(-1)}\n`);
  }
}
if (asked.cells === undefined) failures.push(...shortOf(rows, LEAST));
process.stdout.write(`${table(rows)}\n${((performance.now() - begun) / 60_000).toFixed(1)} minutes\n`);
for (const { name } of chosen.filter((cell) => !canRun(cell)))
  process.stdout.write(`NOT RUN ${name}: ${WITHOUT_REPLICA_SET}\n`);
for (const failure of failures) process.stdout.write(`FAILED ${failure}\n`);
if (rows.length === 0 || failures.length > 0 || rows.some(({ violations }) => violations.length > 0))
  process.exitCode = 1;
