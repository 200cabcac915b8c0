// npm run bench: starts what it measures and prints one table.
import { readOptions } from "./options.ts";
import { busyCores, describeMachine } from "./run/machine.ts";
import { printTable, type Row } from "./run/table.ts";
import { commits } from "./sections/commits.ts";
import { everythingOn } from "./sections/everything-on.ts";
import { growth } from "./sections/growth.ts";
import { latency } from "./sections/latency.ts";
import { memory } from "./sections/memory.ts";
import { observability } from "./sections/observability.ts";
import { redis } from "./sections/redis.ts";
import { resident } from "./sections/resident.ts";
import type { Outcome, Section, Target } from "./sections/section.ts";
import { sizes } from "./sections/sizes.ts";
import { soak } from "./sections/soak.ts";

const SECTIONS: readonly Section[] = [
  memory,
  redis,
  commits,
  latency,
  resident,
  sizes,
  growth,
  observability,
  everythingOn,
  soak,
];

const options = readOptions(
  process.argv.slice(2),
  SECTIONS.map(({ name }) => name),
);
const began = performance.now();
const say = (text: string): void => {
  process.stderr.write(`[${String(Math.round((performance.now() - began) / 1000)).padStart(4)}s] ${text}\n`);
};
// Exit hooks end what was started; without a listener a signal would skip them.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const busy = busyCores();
if (busy > 0.5) say(`others use about ${busy.toFixed(1)} cores of this machine: the figures will be low`);
const chosen = SECTIONS.filter(({ name, always, inQuick }) =>
  options.only.length > 0 ? options.only.includes(name) : options.quick ? inQuick : always,
);
const outcomes: Outcome[] = [];
const failures: string[] = [];
for (const section of chosen) {
  try {
    outcomes.push(await section.run({ options, say }));
  } catch (error) {
    // The other sections' figures are worth having all the same.
    failures.push(`${section.name}: ${error instanceof Error ? error.message : String(error)}`);
    say(`${failures.at(-1)}`);
  }
}

const targets = outcomes.flatMap((outcome) => outcome.targets);
const lines = [
  ...describeMachine(),
  `load before the run: ${busy.toFixed(1)} cores; medians of ${options.runs} runs of ${options.seconds} s`,
  "",
  printTable([...outcomes, { title: "What was promised", rows: targets.map(targetRow) }]),
  "",
  ...failures.map((failure) => `NOT MEASURED ${failure}`),
];
process.stdout.write(`${lines.join("\n")}\n`);
process.exitCode = failures.length > 0 ? 1 : 0;

function targetRow({ promise, limit, wanted, measured, unit }: Target): Row {
  const met = limit === "at least" ? measured >= wanted : measured <= wanted;
  const figure = unit === "x" ? `${measured.toFixed(2)} x` : `${Math.round(measured)} ${unit}`;
  return { what: promise, figure, ratio: `${limit} ${wanted} ${unit}`, note: met ? "pass" : "SHORT" };
}
