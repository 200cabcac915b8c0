// npm run test:latency
import { parseArgs } from "node:util";
import { beginCommand } from "../../support/command.ts";
import { type Line, SCENARIOS } from "./scenarios.ts";

const HELP = `Measures what an outage of one store costs, and prints it beside what it may cost. Exits with 1 when something costs
more. Figures of a busy machine say little: nothing else should run.

  npm run test:latency -- [--only TEXT] [--seconds N]

  --only     scenarios whose names hold the text
  --seconds  how long the normal state is measured; 5 by default

Scenarios: ${SCENARIOS.map(({ name }) => name).join("; ")}

Needs redis-server and FerretDB; scripts/install-tools.sh installs them.
`;

function options() {
  return parseArgs({
    options: {
      only: { type: "string", default: "" },
      seconds: { type: "string", default: "5" },
      help: { type: "boolean" },
    },
  }).values;
}

function isTooMuch({ value, atMost }: Line): boolean {
  return atMost !== undefined && !(value <= atMost);
}

function text(line: Line): string {
  const { what, value, unit, atMost, detail } = line;
  const bound = atMost === undefined ? "" : `, at most ${atMost}${isTooMuch(line) ? ": TOO MUCH" : ""}`;
  return `  ${what}: ${value.toFixed(unit === "times" ? 2 : 0)} ${unit}${bound}${detail ? ` (${detail})` : ""}`;
}

const { options: asked, refuse } = beginCommand(HELP, options);
const seconds = Number(asked.seconds);
if (!(seconds > 0)) refuse("--seconds takes a number above 0");
const chosen = SCENARIOS.filter(({ name }) => name.includes(asked.only));
if (chosen.length === 0) refuse(`no scenario's name holds ${asked.only}`);
for (const { name, run } of chosen) {
  process.stdout.write(`${name}\n`);
  try {
    const lines = await run(seconds);
    for (const line of lines) process.stdout.write(`${text(line)}\n`);
    if (lines.some(isTooMuch)) process.exitCode = 1;
  } catch (error) {
    process.stdout.write(`  FAILED ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
