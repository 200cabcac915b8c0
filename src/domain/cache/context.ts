import type { Timing } from "../../consistency/timing.ts";
import type { CacheStore } from "../../ports/cache-store.ts";
import type { Clock, Ids } from "../clock.ts";
import type { Fills } from "./fills.ts";

/** The namespace of the hot store in use. */
export interface CacheGeneration {
  /** Its number. Throws ServiceError `unavailable` / HOT_STORE_UNAVAILABLE while the hot store is bypassed. */
  current(): number;
}

/** Lifetimes of entries that are stored without one. Milliseconds. */
export interface CacheTtls {
  readonly default: number;
  readonly byNamespace: Readonly<Record<string, number>>;
}

/** Reads since the start of this instance that found an entry, and that found none. */
export interface CacheStats {
  hits: number;
  misses: number;
}

/** What the cache's operations work with. */
export interface CacheContext {
  readonly store: CacheStore;
  readonly generation: CacheGeneration;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly timing: Pick<Timing, "monotonic" | "sleep">;
  /** From 0 to below 1. */
  chance(): number;
  readonly ttls: CacheTtls;
  readonly fills: Fills;
  readonly stats: CacheStats;
}
