import { ServiceError } from "../../errors.ts";
import type { EntryName } from "../../ports/cache-store.ts";
import { Violations } from "../validation.ts";
import { checkNamespace, checkPattern } from "./checks.ts";
import type { CacheContext } from "./context.ts";

export interface ClearRequest {
  readonly namespace: string;
  readonly pattern: string;
  readonly allNamespaces: boolean;
  readonly validateOnly: boolean;
  readonly expectedCount: number | undefined;
}

export interface Cleared {
  readonly count: number;
  /** Some of the keys, only with `validateOnly`. */
  readonly sample: readonly string[];
}

/** What is to be cleared; without a namespace, keys are `namespace/key`. */
interface Scope {
  readonly namespace: string | undefined;
  readonly pattern: string;
}

const STEP_KEYS = 500;
const DELETE_AT_ONCE = 1000;
const SAMPLE_KEYS = 20;
/** A cluster whose slots move faster than its keys can be walked is not to be walked for ever. */
const MOST_RESTARTS = 20;
/** Counting without counting twice takes memory for every key. */
const COUNTABLE_KEYS = 1_000_000;

/**
 * Removes the entries in scope. `failed_precondition` / COUNT_MISMATCH (metadata `counted`) when another number than
 * expected is there; `resource_exhausted` / LIMIT_REACHED when there are too many to count. When it fails half way,
 * `applied` is `unknown`: what was removed stays removed. Leases and stale values in scope go, too, uncounted.
 */
export async function clearCache(
  cache: CacheContext,
  request: ClearRequest,
  signal?: AbortSignal,
): Promise<Cleared> {
  const scope = checkScope(request);
  const generation = cache.generation.current();
  const guarded = request.validateOnly || request.expectedCount !== undefined;
  if (!guarded) return { count: await clearUncounted(cache, generation, scope, signal), sample: [] };

  const keys = await collect(cache, generation, scope, signal);
  if (request.expectedCount !== undefined && request.expectedCount !== keys.size) {
    throw new ServiceError(
      "failed_precondition",
      "COUNT_MISMATCH",
      `${keys.size} entries are there, not ${request.expectedCount}`,
      { metadata: { counted: String(keys.size) } },
    );
  }
  if (request.validateOnly) return { count: keys.size, sample: [...keys].slice(0, SAMPLE_KEYS) };
  // Those that were counted and no others: what came meanwhile was not asked for.
  return { count: await remove(cache, generation, scope, [keys], signal), sample: [] };
}

function checkScope({ namespace, pattern, allNamespaces, expectedCount = 0 }: ClearRequest): Scope {
  const v = new Violations();
  if (allNamespaces) {
    const alone = "must not be set together with all_namespaces";
    v.check(namespace === "", "namespace", alone);
    v.check(pattern === "", "pattern", alone);
  } else if (namespace === "") {
    v.add("namespace", "must be set, unless all_namespaces is");
  } else {
    checkNamespace(v, namespace);
  }
  const checked = checkPattern(v, pattern);
  v.check(expectedCount >= 0, "expected_count", "must not be negative");
  v.throwIfAny();
  return { namespace: allNamespaces ? undefined : namespace, pattern: checked };
}

async function collect(
  cache: CacheContext,
  generation: number,
  scope: Scope,
  signal?: AbortSignal,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for await (const keys of pages(cache, generation, scope, signal)) {
    for (const key of keys) found.add(key);
    if (found.size > COUNTABLE_KEYS) {
      throw new ServiceError(
        "resource_exhausted",
        "LIMIT_REACHED",
        `more than ${COUNTABLE_KEYS} entries cannot be counted: narrow the scope, or clear without expected_count`,
      );
    }
  }
  return found;
}

/** Counts what the store says that it removed, so that a key which a scan gives twice counts once. */
function clearUncounted(
  cache: CacheContext,
  generation: number,
  scope: Scope,
  signal?: AbortSignal,
): Promise<number> {
  return remove(cache, generation, scope, pages(cache, generation, scope, signal), signal);
}

async function remove(
  cache: CacheContext,
  generation: number,
  scope: Scope,
  groups: AsyncIterable<Iterable<string>> | Iterable<Iterable<string>>,
  signal?: AbortSignal,
): Promise<number> {
  let removed = 0;
  try {
    for await (const group of groups) {
      for (const names of batches(scope, group)) {
        const existed = await cache.store.deleteMany(generation, names, signal);
        removed += existed.filter((was) => was).length;
        for (const name of names) cache.fills.changed(name);
      }
    }
    await endLeases(cache, generation, scope, signal);
  } catch (error) {
    throw error instanceof ServiceError && removed > 0 ? error.withApplied("unknown") : error;
  }
  return removed;
}

/** Of the entries that were removed they are gone; left are those of entries that were not there. */
async function endLeases(
  cache: CacheContext,
  generation: number,
  scope: Scope,
  signal?: AbortSignal,
): Promise<void> {
  for await (const group of pages(cache, generation, { ...scope, of: "leases" }, signal)) {
    for (const names of batches(scope, group)) {
      await cache.store.endLeases(generation, names, signal);
      for (const name of names) cache.fills.changed(name);
    }
  }
}

function* batches(scope: Scope, keys: Iterable<string>): Iterable<readonly EntryName[]> {
  const names = Array.from(keys, (key) => nameOf(scope, key));
  for (let at = 0; at < names.length; at += DELETE_AT_ONCE) yield names.slice(at, at + DELETE_AT_ONCE);
}

/** Where a cluster's slots move meanwhile, from the beginning again: what was there throughout is met all the same. */
async function* pages(
  cache: CacheContext,
  generation: number,
  scope: Scope & { readonly of?: "entries" | "leases" },
  signal?: AbortSignal,
): AsyncIterable<readonly string[]> {
  let cursor: string | undefined;
  let restarts = 0;
  for (;;) {
    try {
      const page = await cache.store.scan(generation, { ...scope, count: STEP_KEYS, cursor }, signal);
      cursor = page.cursor;
      yield page.keys;
      if (cursor === undefined) return;
    } catch (error) {
      if (!(error instanceof ServiceError) || error.reason !== "SLOTS_MOVED") throw error;
      if (++restarts > MOST_RESTARTS) throw error;
      cursor = undefined;
    }
  }
}

function nameOf({ namespace }: Scope, key: string): EntryName {
  if (namespace !== undefined) return { namespace, key };
  const slash = key.indexOf("/");
  return { namespace: key.slice(0, slash), key: key.slice(slash + 1) };
}
