import { describe, expect, it } from "vitest";
import { createLimits } from "../../src/server/limits.ts";

describe("limits", () => {
  it("are settings over defaults, and frozen", () => {
    const limits = createLimits({ maxInFlight: 7 });
    expect(limits).toMatchObject({ maxInFlight: 7, readMaxBytes: 4 * 1024 * 1024 });
    expect(Object.isFrozen(limits)).toBe(true);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("%s is no limit", (value) => {
    expect(() => createLimits({ bodyMs: value })).toThrow(/bodyMs/);
  });

  it("a default deadline above the longest is refused", () => {
    expect(() => createLimits({ defaultDeadlineMs: 2, maxDeadlineMs: 1 })).toThrow(/defaultDeadlineMs/);
  });

  it("the Node that runs has the fixes of HTTP/2 that the limits rely on", () => {
    const [major = 0, minor = 0, patch = 0] = process.versions.node.split(".").map(Number);
    expect(major * 1e6 + minor * 1e3 + patch).toBeGreaterThanOrEqual(24_014_001);
  });
});
