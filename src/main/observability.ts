/** Log, metrics and traces of the process, put together and hung onto what they look at. */
import type { Objects } from "../consistency/objects.ts";
import type { CallLog } from "../observability/calls.ts";
import { CallObserver } from "../observability/calls.ts";
import { createMetrics, type Metrics } from "../observability/metrics.ts";
import { countReads } from "../observability/reads.ts";
import { observedCache, observedDurable, observedHot } from "../observability/stores.ts";
import { type OtelEnvironment, openTracing, type Tracing } from "../observability/tracing.ts";
import type { ObserveStores } from "./stores.ts";

export interface Observability {
  readonly metrics: Metrics;
  readonly observer: CallObserver;
  readonly stores: ObserveStores;
  /** The same objects, with their reads counted under `kind`. */
  objects(kind: string, objects: Objects): Objects;
  close(): Promise<void>;
}

export interface ObservabilityOptions {
  readonly log: CallLog;
  readonly logEvery: number;
  readonly otel: OtelEnvironment;
  readonly version: string;
  readonly instance: string;
}

export async function openObservability(options: ObservabilityOptions): Promise<Observability> {
  const { log, logEvery, version, instance } = options;
  // OpenTelemetry's SDK looks for its variables where a .env file does not reach.
  Object.assign(process.env, options.otel);
  const tracing: Tracing | undefined = await openTracing(options.otel, { version, instanceId: instance });
  const metrics = createMetrics();
  const observation = { metrics, tracing };
  return {
    metrics,
    observer: new CallObserver({ log, metrics, tracing, instance, logEvery }),
    stores: {
      durable: (store) => observedDurable(store, observation),
      hot: (store) => observedHot(store, observation),
      cache: (store, kind) => observedCache(store, kind, observation),
    },
    objects: (kind, objects) => ({
      ...countReads(objects, kind, metrics),
      mutate: (...call) => objects.mutate(...call),
      transform: (...call) => objects.transform(...call),
      history: (...call) => objects.history(...call),
    }),
    close: async () => tracing?.close(),
  };
}
