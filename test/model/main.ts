// npm run test:model: explores every case of the real protocol, and every planted bug.
import { parseArgs } from "node:util";
import { planted } from "./planted/table.ts";
import { cases, explain, exploreCase, explorePlanted, print, type Row } from "./report.ts";

const USAGE = `Usage: npm run test:model -- [options]

Explores the interleavings of small cases of the dual-store protocol, and of planted wrong protocols.

  --runs N    at most N runs a case (default 20000); 200000 takes an hour
  --case TEXT only cases and planted bugs whose name contains TEXT
  --trace     print the interleaving that shows each planted bug, too
  --help      this text
`;

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "20000" },
    case: { type: "string", default: "" },
    trace: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const runs = Number(values.runs);
if (values.help || !Number.isInteger(runs) || runs < 1) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
// Every call that fails would pay for a stack that nobody reads.
Error.stackTraceLimit = 0;

const rows: Row[] = [];
function show(row: Row, traced: boolean): void {
  rows.push(row);
  process.stdout.write(`${print(row)}\n`);
  if (traced) for (const found of row.found) process.stdout.write(`  ${explain(found)}\n`);
}

process.stdout.write("The protocol\n");
for (const scenario of cases) {
  if (scenario.name.includes(values.case)) show(await exploreCase(scenario, runs), true);
}
const sound = rows.length;
process.stdout.write("\nPlanted bugs\n");
for (const [index, { name }] of planted.entries()) {
  if (name.includes(values.case)) show(await explorePlanted(index, Math.max(runs, 60_000)), values.trace);
}
const total = (key: "runs" | "states") => rows.reduce((sum, row) => sum + row[key], 0);
const violated = rows.slice(0, sound).filter(({ good }) => !good).length;
const caught = rows.slice(sound).filter(({ good }) => good).length;
process.stdout.write(
  `\n${sound} cases, ${violated} violated; ${caught} of ${rows.length - sound} planted bugs caught; ` +
    `${total("runs")} runs, ${total("states")} states\n`,
);
process.exitCode = rows.every(({ good }) => good) ? 0 : 1;
