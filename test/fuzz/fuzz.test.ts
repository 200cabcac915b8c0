// The short form of `npm run test:fuzz`: always the same inputs.
import { expect, it } from "vitest";
import { KINDS } from "./inputs.ts";
import { run } from "./run.ts";

const SEED = 1;
const INPUTS = 4_000;

it.each([true, false])(
  "mutated input ends no process, hangs nothing, and changes nothing that it was refused (unary lane: %s)",
  { timeout: 120_000 },
  async (lane) => {
    const [from, to] = lane ? [0, INPUTS] : [INPUTS, 2 * INPUTS];
    const report = await run({ seed: SEED, from, to, lane, progress: () => undefined });
    expect(report.findings).toEqual([]);
    // Neither all right nor all wrong, or little was tried.
    for (const kind of KINDS) expect(report.inputs[kind]).toBeGreaterThan(INPUTS / 100);
    expect(report.said.ok).toBeGreaterThan(INPUTS / 20);
    expect(report.said.refused).toBeGreaterThan(INPUTS / 3);
    expect(report.compared).toBeGreaterThan(INPUTS / 6);
  },
);
