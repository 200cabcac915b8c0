import { createClient } from "redis";
import { afterAll, beforeAll, it } from "vitest";
import { Mode } from "../../gen/dbconn/v1/status_pb.ts";
import { type FerretProcess, startFerret } from "../../scripts/stores/ferret.ts";
import { type RedisProcess, startRedis } from "../../scripts/stores/redis.ts";
import { describeWithTools } from "../support/real-stores.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { type Clients, connectBoth, modeIs } from "./clients.ts";
import { pythonClient } from "./python-client.ts";

const TOOLS = ["redis-server", "ferretdb", "grpc-python"] as const;

describeWithTools("a Python client on Redis and MongoDB", TOOLS, ({ "grpc-python": python }) => {
  let redis: RedisProcess;
  let mongo: FerretProcess;
  let server: ServerProcess;
  let clients: Clients;
  beforeAll(async () => {
    [redis, mongo] = await Promise.all([startRedis(), startFerret()]);
    server = await startServer({ env: { REDIS_URL: redis.url, MONGODB_URI: mongo.uri } });
    clients = connectBoth(server.url);
    await modeIs(clients, Mode.NORMAL);
  });
  afterAll(async () => {
    clients.close();
    await server.stop();
    await Promise.all([redis.stop(), mongo.stop()]);
  });

  const scenario = (name: string) => pythonClient(python, server.port, name);

  it("finds every method as it was promised", { timeout: 240_000 }, () => scenario("every_method"));

  it("loses nothing but the cache to a flush of Redis", async () => {
    await scenario("before_outage");
    const client = await createClient({ url: redis.url }).connect();
    await client.flushAll();
    client.destroy();
    await scenario("hot_store_lost");
  });

  it("learns of an outage by UNAVAILABLE, never by not found, and goes on after it", {
    timeout: 180_000,
  }, async () => {
    await scenario("before_outage");

    await mongo.kill();
    await modeIs(clients, Mode.DURABLE_DOWN);
    await scenario("durable_store_away");
    await mongo.restart();
    await modeIs(clients, Mode.NORMAL);

    await redis.kill();
    await modeIs(clients, Mode.HOT_BYPASSED);
    await scenario("hot_store_away");
    await redis.restart();
    await modeIs(clients, Mode.NORMAL);
    await scenario("hot_store_lost");

    await Promise.all([redis.kill(), mongo.kill()]);
    await scenario("both_stores_away");
    await Promise.all([redis.restart(), mongo.restart()]);
    await modeIs(clients, Mode.NORMAL);
    await scenario("both_stores_back");
  });
});
