import { jsonBytes } from "../../json.ts";
import type { EntryName, EntryValue } from "../../ports/cache-store.ts";
import type { Budget } from "../paging.ts";
import type { CacheContext } from "./context.ts";
import { type CacheEntry, countReads, entryOf } from "./entries.ts";

/** Values may have 1 MiB each, so that a thousand are not to be held in memory at once. */
const READ_AT_ONCE = 32;
/** About what an entry takes in an answer beside its key and value. */
const ENTRY_OVERHEAD_BYTES = 240;

/**
 * Reads entries in the order asked, up to the first that does not fit in the budget: a shorter answer than was asked
 * for means that the answer is full. Undefined stands for an absent entry.
 */
export async function readWithin(
  cache: CacheContext,
  generation: number,
  names: readonly EntryName[],
  budget: Budget,
  options: { readonly withValues: boolean },
  signal?: AbortSignal,
): Promise<readonly (CacheEntry | undefined)[]> {
  const entries: (CacheEntry | undefined)[] = [];
  while (entries.length < names.length) {
    const chunk = names.slice(entries.length, entries.length + READ_AT_ONCE);
    const found = await cache.store.getMany(generation, chunk, signal);
    for (const [index, name] of chunk.entries()) {
      const entry = found[index];
      if (entry !== undefined) {
        const bytes = ENTRY_OVERHEAD_BYTES + jsonBytes(name.key);
        if (!budget.take(options.withValues ? bytes + sizeOf(entry.value) : bytes)) return entries;
      }
      countReads(cache, [entry]);
      entries.push(entry === undefined ? undefined : entryOf(cache, name, entry));
    }
  }
  return entries;
}

/** As JSON, with its escapes and in base64: never less than as protobuf. */
function sizeOf(value: EntryValue): number {
  return value.kind === "text" ? jsonBytes(value.text) : Math.ceil(value.data.byteLength / 3) * 4;
}
