import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { readLoad } from "../../bench/loads/h2load.ts";
import { median, quantile } from "../../bench/run/median.ts";
import { type Measured, ratio } from "../../bench/run/rounds.ts";

const H2LOAD = `
finished in 1.50s, 2000.00 req/s, 300.00KB/s
requests: 2000 total, 2048 started, 2000 done, 2000 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 2000 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 293.00KB (300000) total, 41.01KB (41990) headers (space savings 90.00%), 195.31KB (200000) data
`;

describe("npm run bench", () => {
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, ["bench/main.ts", ...args], { encoding: "utf8" });

  it("explains itself", () => {
    const { status, stdout } = run("--help");
    expect(status).toBe(0);
    for (const option of ["--quick", "--only", "--runs", "--seconds"]) expect(stdout).toContain(option);
  });

  it.each([
    [["--only", "nothing"], "--only nothing"],
    [["--runs", "0"], "--runs 0"],
    [["--seconds", "1.5"], "--seconds 1.5"],
    [["--fast"], "--fast"],
  ])("refuses what it cannot do before it starts anything: %j", (args, named) => {
    const { status, stderr } = run(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(named);
  });
});

describe("the figures of the bench", () => {
  it("do not count a gRPC error, an HTTP success without a body, as an answer", () => {
    expect(readLoad(H2LOAD, 100, 1)).toEqual({ perSecond: 2000, failedPerMille: 0 });
    expect(readLoad(H2LOAD, 200, 1)).toEqual({ perSecond: 1000, failedPerMille: 500 });
  });

  it("are the middle of the runs", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(3);
    expect(quantile([1, 2, 3, 4], 0.999)).toBe(4);
  });

  it("are compared within a round, so that a slow moment of the machine cancels out", () => {
    const measured = (...rates: readonly number[]): Measured => ({
      name: "",
      figures: rates.map((perSecond) => ({ perSecond, cores: 1, failedPerMille: 0 })),
    });
    expect(ratio(measured(100, 10, 100), measured(50, 5, 50))).toBe(2);
  });
});
