import type { CacheStore } from "../../ports/cache-store.ts";
import type { HotStore } from "../../ports/hot-store.ts";
import type { RedisAccess } from "./access.ts";
import { RedisCacheStore } from "./cache.ts";
import { RedisCluster } from "./cluster.ts";
import { RedisConnection } from "./connection.ts";
import { eachHost } from "./hosts.ts";
import { RedisHotStore } from "./hot.ts";
import { Keys } from "./keys.ts";
import { loadScripts } from "./scripts.ts";
import { Sentinels } from "./sentinels.ts";

export interface RedisOptions {
  /**
   * `redis://` or `rediss://`, with credentials and database number where needed: the server, some of the cluster, or the
   * sentinels, parted by commas where there are several.
   */
  readonly url: string;
  /** Default `standalone`. */
  readonly mode?: "standalone" | "cluster" | "sentinel";
  /** With mode `sentinel`: the sentinels' own URL, and what they call the master. */
  readonly sentinel?: { readonly url: string; readonly master: string } | undefined;
  /** What every key begins with; letters, digits and `._:-`. */
  readonly prefix: string;
  /** How long a command may take, milliseconds. Default 500. */
  readonly timeoutMs?: number;
  /** Commands sent to a server and not yet answered; more are refused. Default 10,000. */
  readonly maxInFlight?: number;
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
  const redis = await openAccess(options);
  const hot = new RedisHotStore(redis, keys);
  return { hot, cache: new RedisCacheStore(redis, keys), close: () => hot.close() };
}

async function openAccess(options: RedisOptions): Promise<RedisAccess> {
  const { url, mode, sentinel, timeoutMs, maxInFlight } = options;
  const bounds = {
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(maxInFlight === undefined ? {} : { maxInFlight }),
  };
  if (mode === "cluster") return RedisCluster.open({ ...bounds, seeds: eachHost(url) });
  if (sentinel === undefined) {
    return RedisConnection.open({ ...bounds, locate: async () => url, prepare: loadScripts });
  }
  const sentinels = new Sentinels({ ...sentinel, masterUrl: url });
  const locate = () => sentinels.locate();
  const connection = await RedisConnection.open({ ...bounds, locate, prepare: loadScripts });
  connection.closed.addEventListener("abort", () => sentinels.close());
  return connection;
}
