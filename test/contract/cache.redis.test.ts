import { describeWithRedis } from "../support/real-stores.ts";
import { cacheContract } from "./cache.ts";
import { onRedis } from "./redis-harness.ts";

describeWithRedis("on a real Redis", (redis) => {
  cacheContract("redis", () => onRedis(redis, ({ cache }) => cache));
});
