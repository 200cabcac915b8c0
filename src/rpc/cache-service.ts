import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import * as messages from "../../gen/dbconn/v1/cache_pb.ts";
import { batchDeleteEntries, batchGetEntries, batchSetEntries } from "../domain/cache/batches.ts";
import { clearCache } from "../domain/cache/clear.ts";
import type { CacheContext } from "../domain/cache/context.ts";
import { deleteEntry, getEntry, incrementEntry, setEntry, touchEntry } from "../domain/cache/entries.ts";
import { leaseEntry } from "../domain/cache/lease.ts";
import { listKeys } from "../domain/cache/list-keys.ts";
import { cacheStats } from "../domain/cache/stats.ts";
import { ResponseBudget } from "./budget.ts";
import {
  entryHead,
  entryMessage,
  itemResult,
  leaseRequest,
  leaseResponse,
  lifetimeRequest,
  setRequest,
} from "./cache-messages.ts";
import { int64 } from "./convert.ts";
import { visibleKey } from "./principal.ts";

export function createCacheService(cache: CacheContext): ServiceImpl<typeof messages.CacheService> {
  return {
    async getEntry(request, { signal }) {
      const entry = await getEntry(cache, request, signal);
      return create(messages.GetEntryResponseSchema, { entry: entryMessage(entry) });
    },

    async setEntry(request, { signal }) {
      const entry = await setEntry(cache, setRequest(request), signal);
      return create(messages.SetEntryResponseSchema, { entry: entryHead(entry) });
    },

    async deleteEntry(request, { signal }) {
      const existed = await deleteEntry(cache, request, signal);
      return create(messages.DeleteEntryResponseSchema, { existed });
    },

    async touchEntry(request, { signal }) {
      const { namespace, key } = request;
      const entry = await touchEntry(cache, { namespace, key, ...lifetimeRequest(request) }, signal);
      return create(messages.TouchEntryResponseSchema, { entry: entryMessage(entry) });
    },

    async incrementEntry(request, { signal }) {
      const { namespace, key, delta = 1n, requestId } = request;
      const { value, entry, replayed } = await incrementEntry(
        cache,
        { namespace, key, delta, requestId, ...lifetimeRequest(request) },
        signal,
      );
      return create(messages.IncrementEntryResponseSchema, { value, entry: entryMessage(entry), replayed });
    },

    async batchGetEntries(request, { signal }) {
      const items = await batchGetEntries(cache, request, new ResponseBudget(), signal);
      return create(messages.BatchGetEntriesResponseSchema, {
        results: items.map((item) => ({
          result: itemResult(item, "entry", entryMessage, { mutation: false }),
        })),
      });
    },

    async batchSetEntries(request, { signal }) {
      const items = await batchSetEntries(cache, request.requests.map(setRequest), signal);
      return create(messages.BatchSetEntriesResponseSchema, {
        results: items.map((item) => ({ result: itemResult(item, "entry", entryHead, { mutation: true }) })),
      });
    },

    async batchDeleteEntries(request, { signal }) {
      const items = await batchDeleteEntries(cache, request, signal);
      const same = (existed: boolean) => existed;
      return create(messages.BatchDeleteEntriesResponseSchema, {
        results: items.map((item) => ({ result: itemResult(item, "existed", same, { mutation: true }) })),
        deletedCount: items.filter((item) => "value" in item && item.value).length,
      });
    },

    async leaseEntry(request, { signal }) {
      return leaseResponse(await leaseEntry(cache, leaseRequest(request), signal));
    },

    async listKeys(request, { signal }) {
      const page = await listKeys(cache, request, new ResponseBudget(), signal);
      return create(messages.ListKeysResponseSchema, {
        keys: [...page.keys],
        entries: page.entries.map(request.includeValues ? entryMessage : entryHead),
        nextPageToken: page.nextPageToken,
      });
    },

    async clearCache(request, { signal }) {
      const { namespace, pattern, allNamespaces, validateOnly, expectedCount } = request;
      const { count, sample } = await clearCache(
        cache,
        {
          namespace,
          pattern,
          allNamespaces,
          validateOnly,
          expectedCount: expectedCount === undefined ? undefined : Number(expectedCount),
        },
        signal,
      );
      return create(messages.ClearCacheResponseSchema, { clearedCount: int64(count), sample: [...sample] });
    },

    async getCacheStats({ namespace }, { signal, values }) {
      const asked = { namespace, visible: values.get(visibleKey) };
      const { hits, misses, namespaces, partial } = await cacheStats(cache, asked, signal);
      return create(messages.GetCacheStatsResponseSchema, {
        hits: int64(hits),
        misses: int64(misses),
        namespaces: namespaces.map(({ namespace, entries, bytes }) => ({
          namespace,
          entries: int64(entries),
          bytes: int64(bytes),
        })),
        partial,
      });
    },
  };
}
