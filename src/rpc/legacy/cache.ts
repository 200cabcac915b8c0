/** The cache methods of the old contract: the entries of one namespace, and nothing beside it. */
import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type { DatabaseService } from "../../../gen/legacy/database_service/database_service_pb.ts";
import * as messages from "../../../gen/legacy/redis/redis_pb.ts";
import { batchDeleteEntries } from "../../domain/cache/batches.ts";
import { BATCH_ITEMS, MAX_TTL_MS } from "../../domain/cache/checks.ts";
import { clearCache } from "../../domain/cache/clear.ts";
import type { CacheContext } from "../../domain/cache/context.ts";
import { type CacheEntry, getEntry, setEntry } from "../../domain/cache/entries.ts";
import { type KeysPage, listKeys } from "../../domain/cache/list-keys.ts";
import { invalid, ServiceError } from "../../errors.ts";
import { setKey } from "../../json.ts";
import { ResponseBudget } from "../budget.ts";
import { byteLength, isNotFound, mapEntryBytes, WholeAnswer } from "./answers.ts";
import { parseGlob } from "./glob.ts";

type CacheMethods = Pick<
  ServiceImpl<typeof DatabaseService>,
  "redisGetKeys" | "redisSet" | "redisGet" | "redisDelete" | "redisGetCache" | "redisClearCache"
>;

export const LEGACY_NAMESPACE = "legacy";
const DEFAULT_TTL_MS = 30 * 60_000;
const PAGE_KEYS = 1000;

export function cacheMethods(cache: CacheContext, maxMessageBytes: number): CacheMethods {
  return {
    async redisGetKeys({ pattern }, { signal }) {
      const glob = parseGlob(pattern);
      const answer = new WholeAnswer(maxMessageBytes);
      const keys = new Set<string>();
      for await (const page of pages(cache, `${escaped(glob.prefix)}*`, false, signal)) {
        for (const key of page.keys) {
          if (keys.has(key) || !glob.matches(key)) continue;
          answer.take(byteLength(key));
          keys.add(key);
        }
      }
      return create(messages.RedisGetKeysResponseSchema, { keys: [...keys] });
    },

    async redisSet({ key, value, expiration = 0 }, { signal }) {
      const ttlMs = expiration > 0 ? Math.min(expiration * 1000, MAX_TTL_MS) : DEFAULT_TTL_MS;
      await setEntry(
        cache,
        { ...nameOf(key), value: { kind: "text", text: value }, ttlMs, condition: "always", etag: "" },
        signal,
      );
      return create(messages.RedisSetResponseSchema, { success: true });
    },

    async redisGet({ key }, { signal }) {
      // Nobody can have stored such an entry.
      if (key === "") return create(messages.RedisGetResponseSchema);
      try {
        const entry = await getEntry(cache, nameOf(key), signal);
        return create(messages.RedisGetResponseSchema, { value: textOf(entry), found: true });
      } catch (error) {
        if (isNotFound(error)) return create(messages.RedisGetResponseSchema);
        throw error;
      }
    },

    async redisDelete({ keys }, { signal }) {
      let count = 0;
      for (let at = 0; at < keys.length; at += BATCH_ITEMS) {
        const batch = { namespace: LEGACY_NAMESPACE, keys: keys.slice(at, at + BATCH_ITEMS) };
        try {
          const items = await batchDeleteEntries(cache, batch, signal);
          // An item's only error is a key that no entry can have.
          count += items.filter((item) => "value" in item && item.value).length;
        } catch (error) {
          throw error instanceof ServiceError && count > 0 ? error.withApplied("unknown") : error;
        }
      }
      return create(messages.RedisDeleteResponseSchema, { count });
    },

    async redisGetCache(_request, { signal }) {
      const response = create(messages.RedisGetCacheResponseSchema);
      const answer = new WholeAnswer(maxMessageBytes);
      for await (const page of pages(cache, "*", true, signal)) {
        for (const entry of page.entries) {
          const text = textOf(entry);
          if (Object.hasOwn(response.cache, entry.key)) continue;
          answer.take(mapEntryBytes(entry.key, text));
          setKey(response.cache, entry.key, text);
        }
      }
      return response;
    },

    async redisClearCache(_request, { signal }) {
      const all = { namespace: LEGACY_NAMESPACE, pattern: "", allNamespaces: false };
      await clearCache(cache, { ...all, validateOnly: false, expectedCount: undefined }, signal);
      return create(messages.RedisClearCacheResponseSchema, { success: true });
    },
  };
}

function nameOf(key: string) {
  return { namespace: LEGACY_NAMESPACE, key };
}

async function* pages(
  cache: CacheContext,
  pattern: string,
  includeValues: boolean,
  signal: AbortSignal,
): AsyncIterable<KeysPage> {
  const query = { namespace: LEGACY_NAMESPACE, pattern, includeValues, includeTtls: false };
  let pageToken = "";
  do {
    const request = { ...query, pageSize: PAGE_KEYS, pageToken };
    const page = await listKeys(cache, request, new ResponseBudget(), signal);
    yield page;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}

function textOf({ key, value }: CacheEntry): string {
  if (value.kind === "text") return value.text;
  const description = `${JSON.stringify(key)} was stored as bytes; they can be read through dbconn.v1`;
  throw invalid({ field: "key", description });
}

function escaped(literal: string): string {
  return literal.replace(/[*?\\]/g, "\\$&");
}
