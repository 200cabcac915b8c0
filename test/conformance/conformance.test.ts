// Connect's own judgement of the port, on every protocol, HTTP version, codec and compression that features.yaml lists.
import { describe, expect, it } from "vitest";
import { describeWithTools } from "../support/real-stores.ts";
import { runConformance } from "./run.ts";

const TIMEOUT_MS = 240_000;
/** As of the pinned version: a suite that ran less has proven less. */
const CASES = 2_700;

describeWithTools("Connect's conformance suite", ["connectconformance"], ({ connectconformance: path }) => {
  describe.each([{ unaryLane: true }, { unaryLane: false }])(
    "with unaryLane: $unaryLane",
    ({ unaryLane }) => {
      it("passes in every case", { timeout: TIMEOUT_MS }, async () => {
        const { passed, failed, output } = await runConformance({ path, unaryLane });
        expect(failed, output).toBe(0);
        expect(passed).toBeGreaterThanOrEqual(CASES);
      });
    },
  );
});
