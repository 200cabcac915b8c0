import { ServiceError } from "../../errors.ts";
import { isObject, type Json } from "../../json.ts";
import { type Budget, badPageToken, decodePageToken, encodePageToken, pageSize } from "../paging.ts";
import { Violations } from "../validation.ts";
import { checkKey, checkNamespace, checkPattern } from "./checks.ts";
import type { CacheContext } from "./context.ts";
import type { CacheEntry } from "./entries.ts";
import { readWithin } from "./read-within.ts";

export interface ListKeysRequest {
  readonly namespace: string;
  readonly pattern: string;
  readonly includeValues: boolean;
  readonly includeTtls: boolean;
  readonly pageSize: number;
  readonly pageToken: string;
}

export interface KeysPage {
  readonly keys: readonly string[];
  /** Of those keys whose entries are still there; empty unless values or lifetimes were asked for. */
  readonly entries: readonly CacheEntry[];
  /** Empty when the listing is complete. */
  readonly nextPageToken: string;
}

/** Where a listing goes on: keys that the scan gave beyond the page's size, then the scan itself. */
interface Position {
  /** What the keys are of: after a loss, the cache began anew without them. */
  readonly generation: number;
  readonly carried: readonly string[];
  /** Null when the scan is complete. */
  readonly cursor: string | null;
}

/** Steps of the scan within one page: a pattern that matches little must not make a call walk the whole store. */
const STEPS = 50;
/** Keys looked at in a step, at least; few, since those beyond the page travel in its token. */
const STEP_KEYS = 20;

/**
 * A page of keys that match. A key there through the whole listing appears at least once, and never twice in a page.
 * `aborted` / CACHE_LOST or SLOTS_MOVED where the listing has to begin again.
 */
export async function listKeys(
  cache: CacheContext,
  request: ListKeysRequest,
  budget: Budget,
  signal?: AbortSignal,
): Promise<KeysPage> {
  const v = new Violations();
  const namespace = checkNamespace(v, request.namespace);
  const pattern = checkPattern(v, request.pattern);
  const size = pageSize(request.pageSize, v);
  v.throwIfAny();
  const query = ["ListKeys", namespace, pattern];
  const start = positionOf(decodePageToken(query, request.pageToken));
  const generation = cache.generation.current();
  if (start !== undefined && start.generation !== generation) throw cacheLost();

  const found = new Set(start?.carried);
  let cursor = start === undefined ? undefined : (start.cursor ?? undefined);
  let complete = start?.cursor === null;
  for (let step = 0; step < STEPS && !complete && found.size < size; step++) {
    const count = Math.max(size - found.size, STEP_KEYS);
    const page = await cache.store.scan(generation, { namespace, pattern, count, cursor }, signal);
    for (const key of page.keys) found.add(key);
    cursor = page.cursor;
    complete = cursor === undefined;
  }

  let keys = [...found].slice(0, size);
  let entries: readonly (CacheEntry | undefined)[] = [];
  if (request.includeValues || request.includeTtls) {
    const names = keys.map((key) => ({ namespace, key }));
    const withValues = request.includeValues;
    entries = await readWithin(cache, generation, names, budget, { withValues }, signal);
    keys = keys.slice(0, entries.length);
  }
  const carried = [...found].slice(keys.length);
  return {
    keys,
    entries: entries.filter((entry) => entry !== undefined),
    nextPageToken:
      complete && carried.length === 0
        ? ""
        : encodePageToken(query, { generation, carried, cursor: cursor ?? null }),
  };
}

function positionOf(json: Json | undefined): Position | undefined {
  if (json === undefined) return undefined;
  if (!isObject(json)) throw badPageToken();
  const { generation, carried, cursor } = json;
  if (typeof generation !== "number" || !Array.isArray(carried)) throw badPageToken();
  if (cursor !== null && typeof cursor !== "string") throw badPageToken();
  return { generation, carried: carried.map(carriedKey), cursor };
}

function cacheLost(): ServiceError {
  return new ServiceError(
    "aborted",
    "CACHE_LOST",
    "the cache was lost since the first page: begin again without a page token",
  );
}

function carriedKey(key: Json): string {
  const v = new Violations();
  if (typeof key !== "string") throw badPageToken();
  checkKey(v, "page_token", key);
  v.throwIfAny();
  return key;
}
