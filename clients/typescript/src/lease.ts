/** A cache entry that many want and one makes. */
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { type CacheEntry, type CacheService, LeaseOutcome } from "../../../gen/dbconn/v1/cache_pb.ts";
import { failureOf } from "./failure.ts";
import type { Pauses } from "./pause.ts";

export interface EntryName {
  /** Default `default`. */
  readonly namespace?: string;
  readonly key: string;
}

export type EntryValue = Exclude<CacheEntry["value"], { readonly case: undefined }>;

/** What is to be stored; times in milliseconds. */
export interface MadeEntry {
  readonly value: EntryValue;
  /** Default: the namespace's. */
  readonly ttlMs?: number;
  /** How long past that it may be answered while somebody makes a new one. Default 0. */
  readonly staleMs?: number;
  /** Shortens the lifetime by a random part of up to this. Default 0. */
  readonly jitterMs?: number;
}

export interface LeaseOptions {
  readonly signal?: AbortSignal;
  /** How long the maker may take, milliseconds. Default 10,000; at most 5 min. */
  readonly makeMs?: number;
  /** How long to wait for somebody else's value in all, milliseconds. Default 30,000. */
  readonly timeoutMs?: number;
}

/** Makes the value; `stale` is the one before, where there is one. The signal fires when the lease is over. */
export type Make = (signal: AbortSignal, stale: EntryValue | undefined) => Promise<MadeEntry>;

type CacheClient = Pick<Client<typeof CacheService>, "leaseEntry" | "setEntry">;

const MAKE_MS = 10_000;
const TIMEOUT_MS = 30_000;
/** One call waits for so long at most, and its answer may take so much longer. */
const WAIT_MS = 10_000;
const ANSWER_MS = 5_000;

/**
 * The value: fresh, or stale while somebody makes a new one, or as this caller made it; `make` is called by nobody else
 * meanwhile. Rejects with what `make` threw, or DEADLINE_EXCEEDED when somebody else took too long.
 */
export async function getOrMake(
  cache: CacheClient,
  name: EntryName,
  make: Make,
  { signal, makeMs = MAKE_MS, timeoutMs = TIMEOUT_MS }: LeaseOptions,
  { now, sleep }: Pauses,
): Promise<EntryValue> {
  const end = now() + timeoutMs;
  for (let left = timeoutMs; left > 0; left = end - now()) {
    const wait = Math.min(WAIT_MS, left);
    const { entry, leaseToken, outcome, retryAfter } = await cache.leaseEntry(
      { ...name, leaseTtl: duration(makeMs), wait: duration(wait) },
      { timeoutMs: wait + ANSWER_MS, ...signalOf(signal) },
    );
    const value = entryValue(entry);
    if (outcome === LeaseOutcome.GRANTED) {
      const late = AbortSignal.timeout(makeMs);
      const made = await make(signal === undefined ? late : AbortSignal.any([signal, late]), value);
      await store(cache, name, made, leaseToken, signal);
      return made.value;
    }
    if (value !== undefined) return value;
    await sleep(Number(retryAfter?.seconds ?? 0n) * 1000 + (retryAfter?.nanos ?? 0) / 1e6, signal);
  }
  throw new ConnectError("the entry was not made in time", Code.DeadlineExceeded);
}

async function store(
  cache: CacheClient,
  name: EntryName,
  { value, ttlMs, staleMs, jitterMs }: MadeEntry,
  leaseToken: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const lifetime = {
    ...(ttlMs === undefined ? {} : { ttl: duration(ttlMs) }),
    ...(staleMs === undefined ? {} : { staleTtl: duration(staleMs) }),
    ...(jitterMs === undefined ? {} : { ttlJitter: duration(jitterMs) }),
  };
  try {
    await cache.setEntry({ ...name, value, leaseToken, ...lifetime }, signalOf(signal));
  } catch (error) {
    // The lease was over: whoever has it now stores another value, and the caller's own is as good to the caller.
    if (failureOf(error).code !== Code.Aborted) throw error;
  }
}

function entryValue(entry: CacheEntry | undefined): EntryValue | undefined {
  return entry?.value.case === undefined ? undefined : entry.value;
}

function signalOf(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function duration(ms: number): { readonly seconds: bigint; readonly nanos: number } {
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: Math.floor(ms % 1000) * 1_000_000 };
}
