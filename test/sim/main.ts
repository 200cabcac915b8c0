// npm run test:sim: worlds from seeds, each judged by the history checker.
import { parseArgs } from "node:util";
import { simulate } from "./support/simulate.ts";
import { Tally } from "./support/tally.ts";

const USAGE = `Usage: npm run test:sim -- [options]

Simulates three processes of the service, their stores, clients and faults in virtual time. One seed, one history.

  --seeds N   how many seeds (default 200)
  --seed S    the first of them (default 1); with --seeds 1 this replays one world
  --verbose   print each world's faults
  --help      this text
`;

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    seed: { type: "string" },
    verbose: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const first = Number(values.seed ?? 1);
const count = Number(values.seeds ?? (values.seed === undefined ? 200 : 1));
if (values.help || !Number.isSafeInteger(first) || !Number.isSafeInteger(count) || count < 1) {
  process.stdout.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
Error.stackTraceLimit = 0;

const PROGRESS_EVERY_MS = 5_000;
const tally = new Tally();
let reported = performance.now();
for (let seed = first; seed < first + count; seed++) {
  const simulated = await simulate(seed);
  tally.add(simulated);
  if (values.verbose) process.stdout.write(`seed ${seed}: ${simulated.faults.join(", ")}\n`);
  if (simulated.violations.length > 0) process.stdout.write(`${describeFailure(simulated)}\n`);
  if (performance.now() - reported > PROGRESS_EVERY_MS) {
    reported = performance.now();
    process.stderr.write(`${seed - first + 1} of ${count} seeds, ${tally.failed} with violations\n`);
  }
}
process.stdout.write(`${tally.text}\n`);
process.exitCode = tally.failed === 0 ? 0 : 1;

function describeFailure({ seed, faults, violations }: Awaited<ReturnType<typeof simulate>>): string {
  const lines = violations.map(
    ({ invariant, name, key, message }) => `  ${invariant} ${name} ${key}: ${message}`,
  );
  return [
    `seed ${seed} FAILED (${faults.join(", ")})`,
    ...lines,
    `  replay: npm run test:sim -- --seed ${seed}`,
  ].join("\n");
}
