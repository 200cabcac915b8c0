/** How this instance and its stores are. */

/** How the two stores are used. */
export type Mode = "normal" | "hot_bypassed" | "durable_down";
export type StoreName = "hot" | "durable";

export interface StoreState {
  /** redis, memory, mongodb or sqlite. */
  readonly kind: string;
  readonly reachable: boolean;
  /** Milliseconds of the last round trip; undefined before the first. */
  readonly latencyMs: number | undefined;
  /** Since when it has been reachable, or not; milliseconds since the epoch. */
  readonly since: number;
}

export interface StoresState {
  readonly mode: Mode;
  /** Why the mode is not `normal`; empty when it is. */
  readonly reason: string;
  readonly hot: StoreState;
  readonly durable: StoreState;
  readonly generation: number;
  /** Pieces of background work that wait. */
  readonly backlog: number;
}

/** The stores as this instance sees them. */
export interface StoresView {
  /** What is known now, without asking a store. */
  state(): StoresState;
  /** One round trip. Throws ServiceError `unavailable` when the store does not answer. */
  ping(store: StoreName, signal?: AbortSignal): Promise<void>;
}

export interface StatusContext {
  readonly stores: StoresView;
  /** Milliseconds since this process started, with a fraction; never goes back. */
  readonly uptime: () => number;
  readonly version: string;
  readonly instanceId: string;
}

export interface ServiceStatus extends StoresState {
  readonly uptimeMs: number;
  readonly version: string;
  readonly instanceId: string;
}

/** Answers with both stores away, too. */
export function getStatus({ stores, uptime, version, instanceId }: StatusContext): ServiceStatus {
  return { ...stores.state(), uptimeMs: uptime(), version, instanceId };
}

/** Milliseconds of one round trip to the store. `unavailable` when it does not answer. */
export async function pingStore(
  { stores, uptime }: StatusContext,
  store: StoreName,
  signal?: AbortSignal,
): Promise<number> {
  const start = uptime();
  await stores.ping(store, signal);
  return uptime() - start;
}
