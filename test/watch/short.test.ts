// A short run of each kind; npm run test:watch does it for as long as one likes.
import { expect, it } from "vitest";
import { describeWithTools } from "../support/real-stores.ts";
import { kindOf } from "./cuts.ts";
import { run } from "./run.ts";

/** Most of it is starting stores and servers, on a busy machine. */
const TIMEOUT_MS = 120_000;

describeWithTools("watchers of real processes, cut off again and again", ["redis-server", "ferretdb"], () => {
  it.each([
    { setup: "sqlite", updates: 600, cuts: 12 },
    { setup: "shared", updates: 160, cuts: 6 },
  ] as const)(
    "see every final state and nothing twice or back: $setup",
    { timeout: TIMEOUT_MS },
    async (options) => {
      const report = await run(options);
      expect(report.violations).toEqual([]);
      expect(report.revisions).toBe(report.written);
      expect(report.revisions).toBeGreaterThanOrEqual(options.updates);
      const kinds = Array.from({ length: options.cuts }, (_, at) => kindOf(at + 1, options.setup));
      const counts = Object.fromEntries(
        Object.keys(report.cuts).map((kind) => [kind, kinds.filter((one) => one === kind).length]),
      );
      expect(report.cuts).toEqual(counts);
      for (const { cuts, told } of report.followers) {
        // A Redis that is lost ends no stream.
        expect(cuts).toBeGreaterThanOrEqual(options.cuts - report.cuts.redis);
        expect(told).toBeGreaterThan(0);
      }
    },
  );
});
