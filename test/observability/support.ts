import { EventEmitter, once } from "node:events";
import { CallObserver } from "../../src/observability/calls.ts";
import { createMetrics, type Metrics } from "../../src/observability/metrics.ts";
import type { Tracing } from "../../src/observability/tracing.ts";

/** One line of the log, with its level. */
export interface Line {
  readonly level: "info" | "warn";
  readonly [field: string]: unknown;
}

export interface Watched {
  readonly observer: CallObserver;
  readonly metrics: Metrics;
  readonly lines: readonly Line[];
  /** Resolves when so many lines have been written. */
  written(count: number): Promise<readonly Line[]>;
}

/** An observer whose log is kept. */
export function watch({ logEvery = 1, tracing }: { logEvery?: number; tracing?: Tracing } = {}): Watched {
  const lines: Line[] = [];
  const events = new EventEmitter();
  const write = (level: Line["level"]) => (fields: object) => {
    // As a log has it: what is undefined is not there.
    lines.push({ level, ...JSON.parse(JSON.stringify(fields)) });
    events.emit("line");
  };
  const metrics = createMetrics();
  const log = { info: write("info"), warn: write("warn") };
  const observer = new CallObserver({ log, metrics, tracing, instance: "here", logEvery });
  const written = async (count: number) => {
    while (lines.length < count) await once(events, "line");
    return lines;
  };
  return { observer, metrics, lines, written };
}

/** The samples of a metric: `name{label="value"} 1`. */
export async function samplesOf({ registry }: Metrics, name: string): Promise<readonly string[]> {
  const text = await registry.metrics();
  return text.split("\n").filter((line) => line.startsWith(name) && !line.includes("_bucket"));
}
