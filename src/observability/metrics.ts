/**
 * The metrics, each once, in Prometheus's own terms. Every label takes few values whatever clients send: methods are
 * those that are served, operations those of the ports. docs/operations.md tells how to read them.
 */
import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { Durations } from "./durations.ts";
import { Tallies } from "./tallies.ts";

/** Seconds. From a hit in memory to the longest deadline. */
const CALL_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const STORE_BUCKETS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5,
];

/** Where the answer of a read may come from. */
export const READ_SOURCES = [
  /** The hot store had it. */
  "hit",
  /** The durable store, because the hot store did not have it. */
  "miss",
  /** The durable store, because the hot store is out of use. */
  "fallback",
  /** The durable store, because the caller asked for that. */
  "strong",
  /** The hot store's last known value, because the durable store is away. */
  "degraded",
  /** Nowhere: the read failed. */
  "error",
] as const;
export type ReadSource = (typeof READ_SOURCES)[number];

export interface Metrics {
  /** What is read at /metrics. */
  readonly registry: Registry;
  readonly calls: Durations<"method" | "code">;
  readonly storeOperations: Durations<"store" | "operation" | "outcome">;
  readonly hotLookups: Tallies<"result">;
  readonly reads: Tallies<"kind" | "result">;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    calls: new Durations(
      {
        name: "dbconn_rpc_duration_seconds",
        help: "Time from a call's header to the end of its answer, by method and status code. Streams count when they end.",
        labelNames: ["method", "code"],
        buckets: CALL_BUCKETS,
      },
      registry,
    ),
    storeOperations: new Durations(
      {
        name: "dbconn_store_operation_duration_seconds",
        help: "Time that operations on the stores took, by outcome: ok, or the kind of the failure.",
        labelNames: ["store", "operation", "outcome"],
        buckets: STORE_BUCKETS,
      },
      registry,
    ),
    hotLookups: new Tallies(
      {
        name: "dbconn_hot_lookups_total",
        help: "Lookups in the hot store: hit, miss, busy (another reader is filling) or error.",
        labelNames: ["result"],
      },
      registry,
    ),
    reads: new Tallies(
      {
        name: "dbconn_reads_total",
        help: "Reads of tasks and schemas by where the answer came from: hit, miss, fallback, strong, degraded or error.",
        labelNames: ["kind", "result"],
      },
      registry,
    ),
  };
}

/** A value that is looked up when Prometheus asks. `read` calls `set` once for each combination of labels. */
export function addGauge<Label extends string>(
  { registry }: Pick<Metrics, "registry">,
  {
    name,
    help,
    labels = [],
  }: { readonly name: string; readonly help: string; readonly labels?: readonly Label[] },
  read: (set: (value: number, labels: Readonly<Record<Label, string>>) => void) => void,
): void {
  new Gauge<Label>({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect() {
      // What is no more, such as a kind without watchers, must not stay at its last value.
      this.reset();
      read((value, of) => this.set(of, value));
    },
  });
}
