// The short form; `npm run test:model` explores more.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planted } from "./planted/table.ts";
import { cases, explain, exploreCase, explorePlanted } from "./report.ts";

const RUNS_OF_A_CASE = 1_000;
const RUNS_OF_A_BUG = 60_000;

const { stackTraceLimit } = Error;
beforeAll(() => {
  Error.stackTraceLimit = 0;
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

describe("the protocol holds in every interleaving of", () => {
  it.each(cases.map((scenario) => [scenario.name, scenario] as const))("%s", async (_name, scenario) => {
    const { found } = await exploreCase(scenario, RUNS_OF_A_CASE);
    expect(found.map(explain)).toEqual([]);
  });
});

describe("the explorer finds", () => {
  it.each(planted.map(({ name }, index) => [name, index] as const))("%s", async (_name, index) => {
    const { good, outcome } = await explorePlanted(index, RUNS_OF_A_BUG);
    expect(good, outcome).toBe(true);
  });
});
