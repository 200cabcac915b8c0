import type { KeyspaceOptions } from "../../src/adapters/memory/keyspace.ts";
import type { Harness } from "./check.ts";

/** A memory store on a clock of its own, which only `pass` moves. */
export async function onVirtualClock<Store>(
  make: (options: KeyspaceOptions) => Store,
): Promise<Harness<Store>> {
  let time = 0;
  return {
    store: make({ now: () => time, maxBytes: 50_000_000, maxEntries: 10_000 }),
    async pass(ms) {
      time += ms;
    },
    async close() {},
  };
}
