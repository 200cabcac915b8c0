import type { CacheStore } from "../../ports/cache-store.ts";
import type { HotStore } from "../../ports/hot-store.ts";
import { RedisCacheStore } from "./cache.ts";
import { RedisConnection, type RedisConnectionOptions } from "./connection.ts";
import { RedisHotStore } from "./hot.ts";
import { Keys } from "./keys.ts";
import { loadScripts } from "./scripts.ts";

export interface RedisOptions extends Omit<RedisConnectionOptions, "prepare"> {
  /** What every key begins with; letters, digits and `._:-`. */
  readonly prefix: string;
}

export interface RedisStores {
  readonly hot: HotStore;
  readonly cache: CacheStore;
  /** Closes both. */
  close(): Promise<void>;
}

/**
 * Both stores over one connection. Resolves after the first attempt to connect (2 s at most) whether or not it
 * succeeded: a server that is away is looked for until `close`, and until then every call is `unavailable`.
 */
export async function openRedis(options: RedisOptions): Promise<RedisStores> {
  const keys = new Keys(options.prefix);
  const connection = await RedisConnection.open({ ...options, prepare: loadScripts });
  const hot = new RedisHotStore(connection, keys);
  return { hot, cache: new RedisCacheStore(connection, keys), close: () => hot.close() };
}
