import { describe, expect, it } from "vitest";
import { meaningOf } from "../../../src/rpc/legacy/statuses.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe("status texts of the old contract", () => {
  it.each([
    ["accepted", "PENDING", 30 * MINUTE],
    ["completed", "COMPLETED", 24 * HOUR],
    ["success", "COMPLETED", HOUR],
    ["published", "COMPLETED", 12 * HOUR],
    ["error", "FAILED", 12 * HOUR],
    ["failed-publishing", "FAILED", 12 * HOUR],
    ["failed-", "FAILED", 12 * HOUR],
    ["received-sample-validation", "PROCESSING", HOUR],
    ["processing-file", "PROCESSING", HOUR],
    ["validating-file", "PROCESSING", HOUR],
    ["warning", "PROCESSING", HOUR],
    ["received-schema-update", "PROCESSING", HOUR],
    ["received-removing-schema", "PROCESSING", HOUR],
    ["creating-schema", "PROCESSING", HOUR],
    ["schema-created", "PROCESSING", HOUR],
    ["saving-schema", "PROCESSING", HOUR],
    ["removing-schema", "PROCESSING", HOUR],
    ["failed", "PENDING", 30 * MINUTE],
    ["something-else", "PENDING", 30 * MINUTE],
    ["constructor", "PENDING", 30 * MINUTE],
    ["", "PENDING", 30 * MINUTE],
  ])("%s means %s, in the hot store for %d ms", (status, state, hotTtlMs) => {
    expect(meaningOf(status)).toEqual({ state, hotTtlMs });
  });
});
