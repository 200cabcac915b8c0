/** Times the operations of a store, and shows them in the trace of the call that they serve. */
import { performance } from "node:perf_hooks";
import { ServiceError } from "../errors.ts";
import type { Series } from "./durations.ts";
import type { Metrics } from "./metrics.ts";
import type { StoreFacts, Tracing } from "./tracing.ts";

/**
 * Runs an operation under observation. `collection` where the store has several. `ended` is told what came of it, undefined
 * for an error.
 */
export type Observe = <T>(
  operation: string,
  run: () => Promise<T>,
  collection?: string,
  ended?: (result: T | undefined) => void,
) => Promise<T>;

export function createObserve(
  store: StoreFacts,
  { storeOperations }: Pick<Metrics, "storeOperations">,
  tracing: Tracing | undefined,
): Observe {
  const well = new Map<string, Series>();
  const wentWell = (operation: string): Series => {
    let series = well.get(operation);
    if (series === undefined) {
      series = storeOperations.series({ store: store.role, operation, outcome: "ok" });
      well.set(operation, series);
    }
    return series;
  };
  return async (operation, run, collection, ended) => {
    const start = performance.now();
    try {
      const result = await (tracing?.isRecording()
        ? tracing.operation(store, operation, collection, run)
        : run());
      wentWell(operation).observe((performance.now() - start) / 1000);
      ended?.(result);
      return result;
    } catch (error) {
      storeOperations
        .series({ store: store.role, operation, outcome: outcomeOf(error) })
        .observe((performance.now() - start) / 1000);
      ended?.(undefined);
      throw error;
    }
  };
}

function outcomeOf(error: unknown): string {
  return error instanceof ServiceError ? error.kind : "internal";
}
