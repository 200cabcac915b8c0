/** GetCacheStats: hits and misses of this instance, and what the store holds, as far as a bounded look at it tells. */
import { ServiceError } from "../../errors.ts";
import { NameSet } from "../../names.ts";
import type { EntryName } from "../../ports/cache-store.ts";
import { Violations } from "../validation.ts";
import { checkNamespace } from "./checks.ts";
import type { CacheContext, CacheStats } from "./context.ts";

export interface NamespaceStats {
  readonly namespace: string;
  readonly entries: number;
  readonly bytes: number;
}

export interface CacheReport extends CacheStats {
  /** Those with the most entries first. */
  readonly namespaces: readonly NamespaceStats[];
  /** Whether there may be more than was looked at. */
  readonly partial: boolean;
}

const KEYS_A_PAGE = 1000;
const MAX_PAGES = 100;
const MAX_NAMESPACES = 1000;
/** Entries of a namespace, out of one page, whose sizes stand for the others'. */
const SAMPLE = 20;
/** Sizes asked for in one page, however many namespaces it has. */
const SAMPLES_A_PAGE = 200;

interface Tally {
  entries: number;
  sampled: number;
  sampledBytes: number;
}

/** `namespace`: empty = all that are visible to the caller. `unavailable` while the hot store is away. */
export async function cacheStats(
  cache: CacheContext,
  asked: { readonly namespace: string; readonly visible?: NameSet },
  signal?: AbortSignal,
): Promise<CacheReport> {
  const v = new Violations();
  const only = asked.namespace === "" ? undefined : checkNamespace(v, asked.namespace);
  v.throwIfAny();
  const generation = cache.generation.current();
  const tallies = new Map<string, Tally>();
  let cursor: string | undefined;
  let complete = false;
  for (let page = 0; page < MAX_PAGES && !complete; page++) {
    const query = { namespace: only, pattern: "*", count: KEYS_A_PAGE, cursor };
    const found = await cache.store.scan(generation, query, signal).catch(endedByMoves);
    // Counted from the beginning again, some would count twice.
    if (found === undefined) break;
    const names = found.keys.map((key) => (only === undefined ? nameOf(key) : { namespace: only, key }));
    const sample = count(tallies, names);
    const sizes = await cache.store.sizes(generation, sample, signal);
    for (const [index, { namespace }] of sample.entries()) {
      const tally = tallies.get(namespace);
      const size = sizes[index] ?? 0;
      // An entry that went meanwhile says nothing of the others.
      if (tally === undefined || size === 0) continue;
      tally.sampled++;
      tally.sampledBytes += size;
    }
    cursor = found.cursor;
    complete = cursor === undefined;
  }
  const { visible = NameSet.all } = asked;
  const shown = [...tallies].filter(([namespace]) => visible.has(namespace));
  const namespaces = shown.map(([namespace, tally]) => ({
    namespace,
    entries: tally.entries,
    bytes: Math.round((tally.sampledBytes / Math.max(1, tally.sampled)) * tally.entries),
  }));
  namespaces.sort((a, b) => b.entries - a.entries || (a.namespace < b.namespace ? -1 : 1));
  return {
    hits: cache.stats.hits,
    misses: cache.stats.misses,
    namespaces: namespaces.slice(0, MAX_NAMESPACES),
    partial: !complete || namespaces.length > MAX_NAMESPACES,
  };
}

/** Undefined where a cluster's slots moved during the look. */
function endedByMoves(error: unknown): undefined {
  if (error instanceof ServiceError && error.reason === "SLOTS_MOVED") return undefined;
  throw error;
}

/** Counts the names; answers those whose sizes are to be asked for. */
function count(tallies: Map<string, Tally>, names: readonly EntryName[]): readonly EntryName[] {
  const sample: EntryName[] = [];
  const taken = new Map<string, number>();
  for (const name of names) {
    const tally = tallies.get(name.namespace) ?? { entries: 0, sampled: 0, sampledBytes: 0 };
    tally.entries++;
    tallies.set(name.namespace, tally);
    const already = taken.get(name.namespace) ?? 0;
    if (already < SAMPLE && sample.length < SAMPLES_A_PAGE) {
      taken.set(name.namespace, already + 1);
      sample.push(name);
    }
  }
  return sample;
}

/** A namespace holds no `/`, so the first one parts the two. */
function nameOf(key: string): EntryName {
  const slash = key.indexOf("/");
  return { namespace: key.slice(0, slash), key: key.slice(slash + 1) };
}
