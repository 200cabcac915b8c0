import { EventEmitter, once } from "node:events";
import { pino } from "pino";
import { CallLines } from "../../src/observability/call-lines.ts";
import { CallObserver } from "../../src/observability/calls.ts";
import { createLogger } from "../../src/observability/log.ts";
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
  const destination = {
    write(text: string) {
      for (const line of text.trimEnd().split("\n")) {
        const { level, time: _, msg, ...fields } = JSON.parse(line);
        if (msg !== "call") throw new Error(`not the line of a call: ${line}`);
        lines.push({ level: pino.levels.labels[level], ...fields });
      }
      events.emit("line");
    },
  };
  const metrics = createMetrics();
  const log = new CallLines(createLogger("info", destination), destination, 4096);
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
