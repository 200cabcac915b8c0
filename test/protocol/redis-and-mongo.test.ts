import { describeWithRedisAndMongo, settingsOf } from "../support/real-stores.ts";
import { everyScenario } from "./scenarios/all.ts";

describeWithRedisAndMongo("on Redis and the MongoDB wire protocol", ({ redis, mongo }) =>
  everyScenario({
    env: {
      // A store that answers slowly on a busy machine is not an outage.
      GENERATION_LEASE: "10s",
      ...settingsOf({ redis, mongo }),
    },
    kinds: { hot: "redis", durable: "mongodb" },
  }),
);
