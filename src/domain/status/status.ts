/** How this instance and its stores are. */
import type { StoresState, StoresView } from "../../consistency/stores-view.ts";

export type StoreName = "hot" | "durable";

export interface StatusContext {
  readonly stores: Pick<StoresView, "state" | "ping">;
  /** Calls the listener whenever the stores' state may have changed; answers how to stop that. */
  readonly onChange: (listener: () => void) => () => void;
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
export function getStatus({
  stores,
  uptime,
  version,
  instanceId,
}: Omit<StatusContext, "onChange">): ServiceStatus {
  return { ...stores.state(), uptimeMs: uptime(), version, instanceId };
}

/**
 * The status at once, and whenever the mode, a store's reachability or the generation is another one, until the signal
 * fires. What changed and changed back while the reader was busy is left out.
 */
export async function* watchStatus(
  context: StatusContext,
  signal: AbortSignal,
): AsyncGenerator<ServiceStatus> {
  let wake = () => {};
  const stirred = () => wake();
  const unsubscribe = context.onChange(stirred);
  signal.addEventListener("abort", stirred);
  try {
    for (let told: string | undefined; !signal.aborted; ) {
      const stir = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const status = getStatus(context);
      const now = essenceOf(status);
      if (now !== told) {
        told = now;
        yield status;
      }
      // What stirred since the status was taken, during the reader's turn too, has ended this already.
      await stir;
    }
  } finally {
    unsubscribe();
    signal.removeEventListener("abort", stirred);
  }
}

/** Latencies and times change all the time, and are no news. */
function essenceOf({ mode, reason, hot, durable, generation }: ServiceStatus): string {
  return JSON.stringify([mode, reason, hot.reachable, durable.reachable, generation]);
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
