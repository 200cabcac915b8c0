// npm run test:fault
import { parseArgs } from "node:util";
import { CELLS, cellsNamed } from "./cells/all.ts";
import { type Row, runCell } from "./run-cell.ts";
import { table } from "./table.ts";

const HELP = `Runs real server processes on real stores under faults, checks what their clients saw, and prints one table:
a row for each fault, with violations by invariant. Exits with 1 when there is a violation, when a fault did not fire,
or when the service did not recover.

  npm run test:fault -- [--cells NAME,NAME] [--seconds N]

  --cells    which faults; all by default
  --seconds  how long clients call in each cell; 20 by default

Cells: ${CELLS.map(({ name }) => name).join(", ")}

Needs redis-server and FerretDB; scripts/install-tools.sh installs them. Not run here: Sentinel failover, Redis Cluster,
and what only a MongoDB replica set can do (step-down).
`;
/** How many violations of a cell are told in full. */
const TOLD = 10;

function options() {
  try {
    return parseArgs({
      options: {
        cells: { type: "string" },
        seconds: { type: "string", default: "20" },
        help: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const asked = options();
if (typeof asked === "string") {
  process.stderr.write(`${asked}\n\n${HELP}`);
  process.exit(2);
}
if (asked.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const seconds = Number(asked.seconds);
if (!(seconds > 0)) {
  process.stderr.write(`--seconds takes a number above 0\n\n${HELP}`);
  process.exit(2);
}
// The processes' exit hooks end what was started, and a signal alone would not call them.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
const cells = asked.cells === undefined ? CELLS : cellsNamed(asked.cells.split(","));
const rows: Row[] = [];
const failures: string[] = [];
for (const [index, cell] of cells.entries()) {
  process.stderr.write(`[${index + 1}/${cells.length}] ${cell.name} ... `);
  try {
    const row = await runCell(cell, seconds);
    rows.push(row);
    process.stderr.write(`${row.operations} operations, ${row.violations.length} violations\n`);
    for (const { invariant, name, key, message } of row.violations.slice(0, TOLD))
      process.stderr.write(`  ${invariant} ${name} ${key}: ${message}\n`);
  } catch (error) {
    failures.push(error instanceof Error ? error.message : String(error));
    process.stderr.write(`failed: ${failures.at(-1)}\n`);
  }
}
process.stdout.write(`${table(rows)}\n`);
for (const failure of failures) process.stdout.write(`FAILED ${failure}\n`);
if (failures.length > 0 || rows.some(({ violations }) => violations.length > 0)) process.exitCode = 1;
