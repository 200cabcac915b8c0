/** How the service is at the moment; looked up when Prometheus asks. */
import { addGauge, type Metrics } from "./metrics.ts";

interface StoreHealth {
  readonly kind: string;
  readonly reachable: boolean;
  /** Milliseconds. */
  readonly latencyMs: number | undefined;
}

export interface GaugeSources {
  readonly version: string;
  /** How the two stores are, and what the instances agreed on. */
  readonly stores: () => {
    readonly mode: string;
    readonly generation: number;
    readonly backlog: number;
    readonly hot: StoreHealth;
    readonly durable: StoreHealth;
  };
  /** All the modes that there are. */
  readonly modes: readonly string[];
  readonly ready: () => boolean;
  readonly load: () => { readonly connections: number; readonly working: number; readonly waiting: number };
  /** Who listens to the writes of tasks. */
  readonly watchers: () => number;
  /** How many tasks there are in each state, as it was when last counted; undefined before that. */
  readonly tasks: () => ReadonlyMap<string, number> | undefined;
}

export function addGauges(metrics: Metrics, sources: GaugeSources): void {
  addGauge(
    metrics,
    {
      name: "dbconn_info",
      help: "1, with the version and the stores in use.",
      labels: ["version", "hot", "durable"],
    },
    (set) => {
      const { hot, durable } = sources.stores();
      set(1, { version: sources.version, hot: hot.kind, durable: durable.kind });
    },
  );
  addStoreGauges(metrics, sources);
  addLoadGauges(metrics, sources);
}

function addStoreGauges(metrics: Metrics, { stores, modes, ready }: GaugeSources): void {
  addGauge(
    metrics,
    { name: "dbconn_mode", help: "1 for the mode that is in force, 0 for the others.", labels: ["mode"] },
    (set) => {
      const { mode } = stores();
      for (const one of modes) set(one === mode ? 1 : 0, { mode: one });
    },
  );
  addGauge(
    metrics,
    {
      name: "dbconn_store_up",
      help: "1 while the store answers this instance, otherwise 0.",
      labels: ["store"],
    },
    (set) => {
      const { hot, durable } = stores();
      set(Number(hot.reachable), { store: "hot" });
      set(Number(durable.reachable), { store: "durable" });
    },
  );
  addGauge(
    metrics,
    {
      name: "dbconn_store_latency_seconds",
      help: "Time of the last round trip to the store that was answered.",
      labels: ["store"],
    },
    (set) => {
      const { hot, durable } = stores();
      if (hot.latencyMs !== undefined) set(hot.latencyMs / 1000, { store: "hot" });
      if (durable.latencyMs !== undefined) set(durable.latencyMs / 1000, { store: "durable" });
    },
  );
  addGauge(
    metrics,
    {
      name: "dbconn_generation",
      help: "Number of the generation in force; it grows when hot entries were lost.",
    },
    (set) => set(stores().generation, {}),
  );
  addGauge(metrics, { name: "dbconn_backlog", help: "Pieces of background work that wait." }, (set) =>
    set(stores().backlog, {}),
  );
  addGauge(
    metrics,
    { name: "dbconn_ready", help: "1 while this instance wants traffic, otherwise 0." },
    (set) => set(Number(ready()), {}),
  );
}

function addLoadGauges(metrics: Metrics, { load, watchers, tasks }: GaugeSources): void {
  addGauge(metrics, { name: "dbconn_connections", help: "Open connections of clients." }, (set) =>
    set(load().connections, {}),
  );
  addGauge(
    metrics,
    {
      name: "dbconn_calls_in_flight",
      help: "Calls under way: working, or waiting for something to happen (streams and long polls).",
      labels: ["doing"],
    },
    (set) => {
      const { working, waiting } = load();
      set(working, { doing: "working" });
      set(waiting, { doing: "waiting" });
    },
  );
  addGauge(metrics, { name: "dbconn_watchers", help: "Calls that listen to the writes of tasks." }, (set) =>
    set(watchers(), {}),
  );
  addGauge(
    metrics,
    {
      name: "dbconn_tasks",
      help: "Tasks in the durable store by state, counted once in a while; absent before the first count.",
      labels: ["state"],
    },
    (set) => {
      for (const [state, count] of tasks() ?? []) set(count, { state });
    },
  );
}
