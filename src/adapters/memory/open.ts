import { MemoryCacheStore } from "./cache.ts";
import { type MemoryHotOptions, MemoryHotStore } from "./hot.ts";
import type { KeyspaceOptions } from "./keyspace.ts";

export interface MemoryOptions extends KeyspaceOptions, Pick<MemoryHotOptions, "identity"> {}

export interface MemoryStores {
  readonly hot: MemoryHotStore;
  readonly cache: MemoryCacheStore;
}

/** Both stores of one process, lost and swept together. The bounds hold for each. */
export function openMemory(options: MemoryOptions): MemoryStores {
  const cache = new MemoryCacheStore(options);
  return { hot: new MemoryHotStore({ ...options, cache }), cache };
}
