/** One entry at a time: get, set, delete, touch, increment. Errors: `invalid_argument`, and the store's own. */
import { ServiceError } from "../../errors.ts";
import type { Entry, EntryName, EntryValue, Lifetime, SetCondition } from "../../ports/cache-store.ts";
import { checkRequestId, Violations } from "../validation.ts";
import {
  checkEtag,
  checkJitter,
  checkLeaseToken,
  checkLifetime,
  checkName,
  checkStale,
  checkValue,
  type LifetimeRequest,
} from "./checks.ts";
import type { CacheContext } from "./context.ts";

/** An entry without its value. */
export interface EntryHead extends EntryName {
  /** Milliseconds since the epoch; undefined when the entry persists. */
  readonly expireTime: number | undefined;
  readonly etag: string;
}

export interface CacheEntry extends EntryHead {
  readonly value: EntryValue;
}

export interface SetRequest extends EntryName, LifetimeRequest {
  readonly value: EntryValue | undefined;
  /** Undefined when it was none of these. */
  readonly condition: "always" | "if_absent" | "if_present" | undefined;
  /** Empty = none. */
  readonly etag: string;
  /** Empty = none. */
  readonly leaseToken?: string;
  /** Milliseconds; NaN when it was no duration. */
  readonly staleTtlMs?: number | undefined;
  /** Milliseconds; NaN when it was no duration. */
  readonly ttlJitterMs?: number | undefined;
}

/** A set whose fields were found good. */
export interface CheckedSet {
  readonly name: EntryName;
  readonly value: EntryValue;
  readonly lifetime: Lifetime;
  readonly staleMs: number;
  readonly condition: SetCondition;
}

/** `not_found` / ENTRY_NOT_FOUND when absent. */
export async function getEntry(
  cache: CacheContext,
  asked: EntryName,
  signal?: AbortSignal,
): Promise<CacheEntry> {
  const v = new Violations();
  const name = checkName(v, asked);
  v.throwIfAny();
  const entry = await cache.store.get(cache.generation.current(), name, signal);
  countReads(cache, [entry]);
  if (entry === undefined) throw entryNotFound();
  return entryOf(cache, name, entry);
}

/** `failed_precondition` / CONDITION_NOT_MET, `aborted` / ETAG_MISMATCH or LEASE_LOST: nothing was stored. */
export async function setEntry(
  cache: CacheContext,
  request: SetRequest,
  signal?: AbortSignal,
): Promise<EntryHead> {
  const v = new Violations();
  const checked = checkSet(v, cache, request);
  v.throwIfAny();
  return storeEntry(cache, cache.generation.current(), checked, signal);
}

/** Answers whether it was there. */
export async function deleteEntry(
  cache: CacheContext,
  asked: EntryName,
  signal?: AbortSignal,
): Promise<boolean> {
  const v = new Violations();
  const name = checkName(v, asked);
  v.throwIfAny();
  const [existed = false] = await cache.store.deleteMany(cache.generation.current(), [name], signal);
  cache.fills.changed(name);
  return existed;
}

/** Reads the entry and gives it a new lifetime. `not_found` / ENTRY_NOT_FOUND when absent. */
export async function touchEntry(
  cache: CacheContext,
  request: EntryName & LifetimeRequest,
  signal?: AbortSignal,
): Promise<CacheEntry> {
  const v = new Violations();
  const name = checkName(v, request);
  const lifetime = checkLifetime(v, request, cache.ttls, name.namespace);
  v.throwIfAny();
  const entry = await cache.store.touch(cache.generation.current(), name, lifetime, signal);
  countReads(cache, [entry]);
  if (entry === undefined) throw entryNotFound();
  return entryOf(cache, name, entry);
}

export interface Incremented {
  readonly value: bigint;
  readonly entry: CacheEntry;
  readonly replayed: boolean;
}

/** `failed_precondition` / NOT_AN_INTEGER or INTEGER_OVERFLOW: nothing was changed. */
export async function incrementEntry(
  cache: CacheContext,
  request: EntryName & LifetimeRequest & { readonly delta: bigint; readonly requestId: string },
  signal?: AbortSignal,
): Promise<Incremented> {
  const v = new Violations();
  const name = checkName(v, request);
  const lifetime = checkLifetime(v, request, cache.ttls, name.namespace);
  checkRequestId(v, request.requestId);
  v.throwIfAny();
  const result = await cache.store.increment(
    cache.generation.current(),
    name,
    {
      delta: request.delta,
      lifetime,
      etag: cache.ids.random(),
      requestId: request.requestId === "" ? undefined : request.requestId,
    },
    signal,
  );
  switch (result.outcome) {
    case "not_an_integer":
      throw new ServiceError(
        "failed_precondition",
        "NOT_AN_INTEGER",
        "the entry's value is not the decimal text of an int64",
      );
    case "overflow":
      throw new ServiceError("failed_precondition", "INTEGER_OVERFLOW", "the sum is beyond int64");
    default:
      cache.fills.changed(name);
      return {
        value: result.value,
        entry: entryOf(cache, name, result.entry),
        replayed: result.outcome === "replayed",
      };
  }
}

/** Adds the request's bad fields to `v`; the answer is good only when there were none. */
export function checkSet(v: Violations, cache: CacheContext, request: SetRequest): CheckedSet {
  const { value, condition, etag, leaseToken = "", staleTtlMs = 0, ttlJitterMs = 0 } = request;
  const name = checkName(v, request);
  const longest = checkLifetime(v, request, cache.ttls, name.namespace);
  const jitterMs = checkJitter(v, ttlJitterMs, longest);
  const staleMs = checkStale(v, staleTtlMs, longest);
  checkValue(v, value);
  checkEtag(v, etag);
  checkLeaseToken(v, leaseToken);
  if (v.check(condition !== undefined, "condition", "must be a value of Condition")) {
    v.check(etag === "" || condition === "always", "condition", "must not be set together with etag");
    const free = leaseToken === "" || (condition === "always" && etag === "");
    v.check(free, "lease_token", "must not be set together with condition or etag");
  }
  return {
    name,
    // A missing value or condition is a violation, so that these are never stored.
    value: value ?? { kind: "text", text: "" },
    lifetime: longest === undefined ? undefined : Math.ceil(longest - cache.chance() * jitterMs),
    staleMs,
    condition: conditionOf(condition, etag, leaseToken),
  };
}

function conditionOf(condition: SetRequest["condition"], etag: string, token: string): SetCondition {
  if (token !== "") return { kind: "if_leased", token };
  return etag === "" ? { kind: condition ?? "always" } : { kind: "if_etag", etag };
}

export async function storeEntry(
  cache: CacheContext,
  generation: number,
  { name, value, lifetime, staleMs, condition }: CheckedSet,
  signal?: AbortSignal,
): Promise<EntryHead> {
  const etag = cache.ids.random();
  const entry = { value, lifetime, etag, staleMs };
  const verdict = await cache.store.set(generation, name, entry, condition, signal);
  if (verdict === "not_met") throw refusal(condition);
  cache.fills.changed(name);
  return { ...name, expireTime: expireTimeOf(cache, lifetime), etag };
}

export function entryOf(cache: CacheContext, name: EntryName, entry: Entry): CacheEntry {
  return { ...name, value: entry.value, expireTime: expireTimeOf(cache, entry.ttlMs), etag: entry.etag };
}

export function entryNotFound(): ServiceError {
  return new ServiceError("not_found", "ENTRY_NOT_FOUND", "there is no such entry");
}

export function countReads(cache: CacheContext, found: readonly (Entry | undefined)[]): void {
  const hits = found.filter((entry) => entry !== undefined).length;
  cache.stats.hits += hits;
  cache.stats.misses += found.length - hits;
}

function expireTimeOf(cache: CacheContext, lifetime: Lifetime): number | undefined {
  return lifetime === undefined ? undefined : cache.clock.now() + lifetime;
}

function refusal(condition: SetCondition): ServiceError {
  if (condition.kind === "if_etag") {
    return new ServiceError("aborted", "ETAG_MISMATCH", "the entry's etag is another one, or it is gone");
  }
  if (condition.kind === "if_leased") {
    const message = "the lease ended, or the entry was written or removed meanwhile: ask LeaseEntry again";
    return new ServiceError("aborted", "LEASE_LOST", message);
  }
  const found = condition.kind === "if_absent" ? "there is such an entry already" : "there is no such entry";
  return new ServiceError("failed_precondition", "CONDITION_NOT_MET", found);
}
