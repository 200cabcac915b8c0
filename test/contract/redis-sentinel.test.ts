// Both contracts on the master that sentinels name.
import { afterAll, beforeAll } from "vitest";
import { type RedisSentinels, startRedisSentinels } from "../../scripts/stores/redis-sentinel.ts";
import type { RedisStores } from "../../src/adapters/redis/open.ts";
import { describeWithTools } from "../support/real-stores.ts";
import { cacheContract } from "./cache.ts";
import { hotContract } from "./hot.ts";
import { onRedisSentinels } from "./redis-harness.ts";

describeWithTools("behind Redis Sentinel", ["redis-server"], () => {
  let sentinels: RedisSentinels | undefined;
  beforeAll(async () => {
    sentinels = await startRedisSentinels();
  });
  afterAll(() => sentinels?.stop());
  function on<Store>(pick: (stores: RedisStores) => Store) {
    if (sentinels === undefined) throw new Error("the sentinels were not started");
    return onRedisSentinels(sentinels, pick);
  }
  hotContract("redis sentinel", () => on(({ hot }) => hot));
  cacheContract("redis sentinel", () => on(({ cache }) => cache));
});
