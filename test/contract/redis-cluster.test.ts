// Both contracts on three masters of a real cluster: every entry may be on another one.
import { afterAll, beforeAll } from "vitest";
import { type RedisCluster, startRedisCluster } from "../../scripts/stores/redis-cluster.ts";
import type { RedisStores } from "../../src/adapters/redis/open.ts";
import { describeWithTools } from "../support/real-stores.ts";
import { cacheContract } from "./cache.ts";
import { hotContract } from "./hot.ts";
import { onRedisCluster } from "./redis-harness.ts";

describeWithTools("on a Redis Cluster", ["redis-server"], () => {
  let cluster: RedisCluster | undefined;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster?.stop());
  function on<Store>(pick: (stores: RedisStores) => Store) {
    if (cluster === undefined) throw new Error("the cluster was not started");
    return onRedisCluster(cluster, pick);
  }
  hotContract("redis cluster", () => on(({ hot }) => hot));
  cacheContract("redis cluster", () => on(({ cache }) => cache));
});
