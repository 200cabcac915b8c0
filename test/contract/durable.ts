import { describe, it } from "vitest";
import type { CollectionSpec, DurableStore } from "../../src/ports/durable-store.ts";
import { changeChecks } from "./durable/changes.ts";
import { concurrencyChecks } from "./durable/concurrency.ts";
import { type Check, COLLECTIONS } from "./durable/harness.ts";
import { lifecycleChecks } from "./durable/lifecycle.ts";
import { queryChecks } from "./durable/queries.ts";
import { updateChecks } from "./durable/updates.ts";
import { valueChecks } from "./durable/values.ts";

/** The durable store's port as checks: each is given a store of its own with empty collections. */
export const durableChecks: readonly Check[] = [
  ...updateChecks,
  ...valueChecks,
  ...queryChecks,
  ...concurrencyChecks,
  ...changeChecks,
  ...lifecycleChecks,
];

export interface StoreUnderTest {
  readonly store: DurableStore;
  /** Closes the store (again, where the check did) and removes what it left. */
  readonly stop: () => Promise<void>;
}

/** Runs the whole contract against an adapter. */
export function durableContract(
  name: string,
  open: (collections: readonly CollectionSpec[]) => Promise<StoreUnderTest>,
): void {
  describe(`the durable store on ${name}`, () => {
    for (const { promise, run } of durableChecks) {
      it(promise, async () => {
        const { store, stop } = await open(COLLECTIONS);
        try {
          await run(store);
        } finally {
          await stop();
        }
      });
    }
  });
}
