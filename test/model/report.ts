// What `npm run test:model` prints: which case of the real protocol was explored how far, and what finds which planted bug.
import { planted } from "./planted/table.ts";
import { leases, steady } from "./scenarios.ts";
import { deepen } from "./support/deepen.ts";
import type { Found } from "./support/explore.ts";
import type { Scenario } from "./support/scenario.ts";

export const cases: readonly Scenario[] = [...Object.values(steady), ...Object.values(leases)];

export interface Row {
  readonly name: string;
  readonly good: boolean;
  readonly outcome: string;
  readonly runs: number;
  readonly states: number;
  readonly seconds: number;
  readonly found: readonly Found[];
}

export async function exploreCase(scenario: Scenario, runs: number): Promise<Row> {
  const started = performance.now();
  const { found, disturbances, ...explored } = await deepen(scenario, {}, { runs });
  const depth =
    disturbances === Number.POSITIVE_INFINITY
      ? "everything"
      : disturbances < 0
        ? "a part"
        : `everything with up to ${disturbances} disturbances, a part beyond`;
  return {
    ...explored,
    name: scenario.name,
    good: found.length === 0,
    outcome: found.length === 0 ? `holds: ${depth}` : `VIOLATED: ${kinds(found)}`,
    seconds: (performance.now() - started) / 1000,
    found,
  };
}

export async function explorePlanted(index: number, runs: number): Promise<Row> {
  const bug = planted[index];
  if (bug === undefined) throw new Error(`there is no planted bug ${index}`);
  const { name, scenario, plant, expected, from } = bug;
  const started = performance.now();
  const { found, ...explored } = await deepen(scenario, plant, { runs, from, untilViolation: true });
  const caught = found.some(({ violation }) => expected.includes(violation.name));
  return {
    ...explored,
    name,
    good: caught,
    outcome: caught ? `caught: ${kinds(found)}` : `NOT CAUGHT, expected ${expected.join(" or ")}`,
    seconds: (performance.now() - started) / 1000,
    found,
  };
}

export function print(row: Row): string {
  const { name, outcome, runs, states, seconds } = row;
  return [
    name.padEnd(90),
    outcome.padEnd(64),
    `${runs} runs`,
    `${states} states`,
    `${seconds.toFixed(1)} s`,
  ].join("  ");
}

/** The interleaving, step by step. */
export function explain({ violation, path }: Found): string {
  const { invariant, name, message } = violation;
  return [`${invariant} ${name}: ${message}`, ...path.map((step) => `    ${step.slice(0, 150)}`)].join("\n");
}

function kinds(found: readonly Found[]): string {
  return found.map(({ violation }) => `${violation.invariant} ${violation.name}`).join(", ");
}
