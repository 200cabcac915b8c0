// The contract of src/ports/cache-store.ts as a suite.
import type { CacheStore } from "../../src/ports/cache-store.ts";
import { cacheEntryChecks } from "./cache-entries.ts";
import { cacheIncrementChecks } from "./cache-increments.ts";
import { cacheLeaseChecks } from "./cache-leases.ts";
import { cacheScanChecks } from "./cache-scans.ts";
import { type Checks, contract, type Harness } from "./check.ts";

export const cacheChecks: Checks<CacheStore> = {
  ...cacheEntryChecks,
  ...cacheIncrementChecks,
  ...cacheLeaseChecks,
  ...cacheScanChecks,
};

export function cacheContract(name: string, open: () => Promise<Harness<CacheStore>>): void {
  contract(`cache store: ${name}`, cacheChecks, open);
}
