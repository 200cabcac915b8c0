import type { Generation } from "../../../src/consistency/generation.ts";
import type { Leases } from "../../../src/consistency/lease.ts";
import type { DurableStore } from "../../../src/ports/durable-store.ts";
import type { HotStore } from "../../../src/ports/hot-store.ts";
import type { HotRules } from "./hot-server.ts";

/** A wrong protocol: the right one with one piece replaced. Explorer and simulator have to find it. */
export interface Plant {
  readonly rules?: HotRules;
  readonly hot?: (hot: HotStore, client: string, generation: Generation) => HotStore;
  readonly durable?: (durable: DurableStore) => DurableStore;
  readonly leases?: (generation: Generation) => Leases;
}
