import { describeWithRedis } from "../support/real-stores.ts";
import { hotContract } from "./hot.ts";
import { onRedis } from "./redis-harness.ts";

describeWithRedis("on a real Redis", (redis) => {
  hotContract("redis", () => onRedis(redis, ({ hot }) => hot));
});
