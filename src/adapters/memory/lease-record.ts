/**
 * What stands beside a cache entry: the lease to fill it, and the value that ended last while that may still be shown.
 * The Redis adapter says the same in Lua.
 */
import type { StoredEntry } from "./cache.ts";

export interface LeaseRecord {
  readonly lease: { readonly token: string; readonly until: number } | undefined;
  /** `ms`: for how long past the end of its lifetime the entry may be shown. */
  readonly stale: { readonly entry: StoredEntry; readonly ms: number } | undefined;
  /** When the whole record goes. Milliseconds of the store's clock. */
  readonly expiresAt: number;
}

export function isLive(record: LeaseRecord | undefined, now: number): boolean {
  return record?.lease !== undefined && now < record.lease.until;
}

export function staleOf(record: LeaseRecord | undefined, now: number): StoredEntry | undefined {
  const stale = record?.stale;
  return stale !== undefined && now < stale.entry.expiresAt + stale.ms ? stale.entry : undefined;
}

export function leased(record: LeaseRecord | undefined, token: string, until: number): LeaseRecord {
  return {
    lease: { token, until },
    stale: record?.stale,
    expiresAt: Math.max(until, record?.expiresAt ?? 0),
  };
}

/** Of an entry with an end, that may be shown past it. */
export function showable(entry: StoredEntry, ms: number): LeaseRecord {
  return { lease: undefined, stale: { entry, ms }, expiresAt: entry.expiresAt + ms };
}

export function recordBytes({ lease, stale }: LeaseRecord, bytesOf: (entry: StoredEntry) => number): number {
  return (lease?.token.length ?? 0) + (stale === undefined ? 0 : bytesOf(stale.entry));
}
