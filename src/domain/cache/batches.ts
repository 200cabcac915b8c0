/** Many entries in one call. Each item comes out on its own: a bad one does not fail the others. */
import { ServiceError } from "../../errors.ts";
import type { EntryName } from "../../ports/cache-store.ts";
import type { Budget } from "../paging.ts";
import { Violations } from "../validation.ts";
import { checkBatch, checkKey, checkNamespace } from "./checks.ts";
import type { CacheContext } from "./context.ts";
import {
  type CacheEntry,
  checkSet,
  type EntryHead,
  entryNotFound,
  type SetRequest,
  storeEntry,
} from "./entries.ts";
import { readWithin } from "./read-within.ts";

/** What came of one item. Errors are ServiceErrors, or what nobody foresaw. */
export type Item<T> = { readonly value: T } | { readonly error: unknown };

/** Enough to keep a connection busy, few enough to be fair to other calls. */
const SETS_AT_ONCE = 64;

/** Entries of one namespace in the order asked; those past `budget` are `resource_exhausted` / TOO_LARGE. */
export async function batchGetEntries(
  cache: CacheContext,
  request: { readonly namespace: string; readonly keys: readonly string[] },
  budget: Budget,
  signal?: AbortSignal,
): Promise<readonly Item<CacheEntry>[]> {
  const { good, items } = checkKeys<CacheEntry>(request);
  const names = good.map(({ name }) => name);
  const withValues = true;
  const entries = await readWithin(cache, cache.generation.current(), names, budget, { withValues }, signal);
  for (const [place, { index }] of good.entries()) {
    if (place >= entries.length) {
      items[index] = { error: tooLarge() };
    } else {
      const entry = entries[place];
      items[index] = entry === undefined ? { error: entryNotFound() } : { value: entry };
    }
  }
  return items;
}

/** Sets, applied in the order given where they name the same entry. */
export async function batchSetEntries(
  cache: CacheContext,
  requests: readonly SetRequest[],
  signal?: AbortSignal,
): Promise<readonly Item<EntryHead>[]> {
  const v = new Violations();
  checkBatch(v, "requests", requests.length);
  v.throwIfAny();
  const generation = cache.generation.current();
  const items: Item<EntryHead>[] = [];
  for (let at = 0; at < requests.length; at += SETS_AT_ONCE) {
    const chunk = requests.slice(at, at + SETS_AT_ONCE);
    const set = async (request: SetRequest, place: number) => {
      const found = new Violations(`requests[${at + place}].`);
      const checked = checkSet(found, cache, request);
      found.throwIfAny();
      return storeEntry(cache, generation, checked, signal);
    };
    const settled = await Promise.allSettled(chunk.map(set));
    items.push(
      ...settled.map((result) =>
        result.status === "fulfilled" ? { value: result.value } : { error: result.reason },
      ),
    );
  }
  return items;
}

/** Answers for each key whether the entry was there. A key that comes twice was there for the first one only. */
export async function batchDeleteEntries(
  cache: CacheContext,
  request: { readonly namespace: string; readonly keys: readonly string[] },
  signal?: AbortSignal,
): Promise<readonly Item<boolean>[]> {
  const { good, items } = checkKeys<boolean>(request);
  const names = good.map(({ name }) => name);
  const existed = await cache.store.deleteMany(cache.generation.current(), names, signal);
  for (const [place, { name, index }] of good.entries()) {
    cache.fills.changed(name);
    items[index] = { value: existed[place] ?? false };
  }
  return items;
}

/** Throws for what is wrong with the whole request; a bad key is the error of its own item. */
function checkKeys<T>(request: { readonly namespace: string; readonly keys: readonly string[] }): {
  readonly good: readonly { readonly name: EntryName; readonly index: number }[];
  readonly items: Item<T>[];
} {
  const v = new Violations();
  const namespace = checkNamespace(v, request.namespace);
  checkBatch(v, "keys", request.keys.length);
  v.throwIfAny();
  const good: { name: EntryName; index: number }[] = [];
  const items: Item<T>[] = [];
  for (const [index, key] of request.keys.entries()) {
    const found = new Violations();
    checkKey(found, `keys[${index}]`, key);
    try {
      found.throwIfAny();
      good.push({ name: { namespace, key }, index });
    } catch (error) {
      items[index] = { error };
    }
  }
  return { good, items };
}

function tooLarge(): ServiceError {
  return new ServiceError(
    "resource_exhausted",
    "TOO_LARGE",
    "the answer is full: ask for this entry in another call",
  );
}
