import fc from "fast-check";
import { Histogram, Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { Durations } from "../../src/observability/durations.ts";

const OPTIONS = {
  name: "d",
  help: "Some durations.",
  labelNames: ["a", "b"],
  buckets: [0.1, 0.5, 1],
} as const;

/** The same page twice: ours, and prom-client's own. */
function open() {
  const own = new Registry();
  const theirs = new Registry();
  const durations = new Durations(OPTIONS, own);
  const histogram = new Histogram({ ...OPTIONS, buckets: [...OPTIONS.buckets], registers: [theirs] });
  const observe = (labels: { readonly a: string; readonly b: string }, seconds: number) => {
    durations.series(labels).observe(seconds);
    histogram.observe(labels, seconds);
  };
  return { own, theirs, observe };
}

describe("durations", () => {
  it("are the page that prom-client's histogram would be", async () => {
    const observation = fc.record({
      a: fc.constantFrom("x", 'y"\\\n', ""),
      b: fc.constantFrom("1", "2"),
      seconds: fc.oneof(fc.constantFrom(0, 0.1, 0.5, 1), fc.double({ min: 0, max: 2, noNaN: true })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(observation, { maxLength: 30 }), async (observations) => {
        const { own, theirs, observe } = open();
        for (const { a, b, seconds } of observations) observe({ a, b }, seconds);
        expect(await own.metrics()).toBe(await theirs.metrics());
      }),
    );
  });

  it("are handed over to other processes as prom-client's histogram is, without its exemplars", async () => {
    const { own, theirs, observe } = open();
    observe({ a: "x", b: "1" }, 0.2);
    observe({ a: "x", b: "2" }, 3);
    const [given] = await own.getMetricsAsJSON();
    const [expected] = (await theirs.getMetricsAsJSON()) as { values?: object[] }[];
    expect(expected?.values?.length).toBe(12);
    expect(expected).toMatchObject({ ...given });
  });

  it("begin anew when the registry is reset", async () => {
    const { own, theirs, observe } = open();
    observe({ a: "x", b: "1" }, 0.2);
    own.resetMetrics();
    theirs.resetMetrics();
    observe({ a: "x", b: "1" }, 0.7);
    expect(await own.metrics()).toBe(await theirs.metrics());
  });
});
