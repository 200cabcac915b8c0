/** Where the gauges of the metrics look. */
import type { Feed } from "../consistency/feed.ts";
import { MODES, type StoresView } from "../consistency/stores-view.ts";
import type { Timing } from "../consistency/timing.ts";
import { countTasksByState } from "../domain/tasks/list.ts";
import { addGauges } from "../observability/gauges.ts";
import type { Metrics } from "../observability/metrics.ts";
import { Remembered } from "../observability/remembered.ts";
import type { DurableStore } from "../ports/durable-store.ts";
import type { Readiness } from "../server/readiness.ts";
import type { Server } from "../server/server.ts";

/** How often tasks are counted, at most, and how long that may take. */
const COUNT_EVERY_MS = 60_000;
const COUNT_TIMEOUT_MS = 5_000;

export interface ServiceParts {
  readonly version: string;
  readonly stores: StoresView;
  readonly readiness: Readiness;
  readonly server: Server;
  readonly feed: Feed;
  readonly durable: DurableStore;
  readonly timing: Timing;
}

export function addServiceGauges(metrics: Metrics, parts: ServiceParts): void {
  const { version, stores, readiness, server, feed, durable, timing } = parts;
  const tasks = new Remembered({
    find: (signal) => countTasksByState(durable, signal),
    everyMs: COUNT_EVERY_MS,
    timeoutMs: COUNT_TIMEOUT_MS,
    monotonic: timing.monotonic,
  });
  addGauges(metrics, {
    version,
    stores: () => stores.state(),
    modes: MODES,
    ready: () => readiness.state.ready,
    load: () => server.load(),
    watchers: () => feed.listeners,
    tasks: () => tasks.value,
  });
}
