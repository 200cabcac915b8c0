import { createClient, createCluster } from "redis";
import type { RedisCluster } from "../../scripts/stores/redis-cluster.ts";
import type { RedisSentinels } from "../../scripts/stores/redis-sentinel.ts";
import { eachHost } from "../../src/adapters/redis/hosts.ts";
import { openRedis, type RedisStores } from "../../src/adapters/redis/open.ts";
import { type RedisUnderTest, uniqueName } from "../support/real-stores.ts";
import type { Harness } from "./check.ts";

const PASS_BOUND_MS = 10_000;

/** A Redis store under a prefix of its own. Time passes as Redis's own does: until a key with that TTL is gone. */
export async function onRedis<Store>(
  { url, prefix }: RedisUnderTest,
  pick: (stores: RedisStores) => Store,
): Promise<Harness<Store>> {
  const ownPrefix = `${prefix}:${uniqueName()}`;
  // Long, since a busy machine must not look like a store that is away.
  const stores = await openRedis({ url, prefix: ownPrefix, timeoutMs: 10_000 });
  return harnessOf(pick(stores), stores, await createClient({ url }).connect(), ownPrefix);
}

/** The same on a cluster. */
export async function onRedisCluster<Store>(
  { url }: RedisCluster,
  pick: (stores: RedisStores) => Store,
): Promise<Harness<Store>> {
  const prefix = uniqueName();
  const stores = await openRedis({ url, mode: "cluster", prefix, timeoutMs: 10_000 });
  const witness = await createCluster({ rootNodes: eachHost(url).map((one) => ({ url: one })) }).connect();
  return harnessOf(pick(stores), stores, witness, prefix);
}

/** The same on the master that sentinels name. */
export async function onRedisSentinels<Store>(
  { url, master, masterPort }: RedisSentinels,
  pick: (stores: RedisStores) => Store,
): Promise<Harness<Store>> {
  const prefix = uniqueName();
  const stores = await openRedis({
    url,
    mode: "sentinel",
    sentinel: { url, master },
    prefix,
    timeoutMs: 10_000,
  });
  const witness = await createClient({ url: `redis://127.0.0.1:${await masterPort()}` }).connect();
  return harnessOf(pick(stores), stores, witness, prefix);
}

interface Witness {
  set(
    key: string,
    value: string,
    options: { readonly expiration: { readonly type: "PX"; readonly value: number } },
  ): Promise<unknown>;
  exists(key: string): Promise<number>;
  destroy(): void;
}

function harnessOf<Store>(
  store: Store,
  stores: RedisStores,
  witness: Witness,
  ownPrefix: string,
): Harness<Store> {
  return {
    store,
    async pass(ms) {
      const key = `${ownPrefix}:witness`;
      const bound = AbortSignal.timeout(ms + PASS_BOUND_MS);
      await witness.set(key, "", { expiration: { type: "PX", value: ms } });
      while ((await witness.exists(key)) === 1) bound.throwIfAborted();
    },
    async close() {
      witness.destroy();
      await stores.close();
    },
  };
}
