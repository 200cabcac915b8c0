/** How this instance and its stores are. */
import type { StoresState, StoresView } from "../../consistency/stores-view.ts";

export type StoreName = "hot" | "durable";

export interface StatusContext {
  readonly stores: Pick<StoresView, "state" | "ping">;
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
