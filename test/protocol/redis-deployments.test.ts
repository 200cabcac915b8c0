// The service on a Redis Cluster, and on a Redis behind Sentinel: what calls see, also while a master is lost.
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Source } from "../../gen/dbconn/v1/common_pb.ts";
import { Mode } from "../../gen/dbconn/v1/status_pb.ts";
import { type RedisCluster, startRedisCluster } from "../../scripts/stores/redis-cluster.ts";
import { type RedisSentinels, startRedisSentinels } from "../../scripts/stores/redis-sentinel.ts";
import { describeWithTools } from "../support/real-stores.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { until } from "../support/until.ts";
import { expectFailure } from "./failures.ts";
import { cacheScenario } from "./scenarios/cache.ts";
import { taskScenario } from "./scenarios/tasks.ts";
import { type Clients, connect } from "./transports.ts";

const FAILOVER_MS = 60_000;
/** A store that answers slowly on a busy machine is not an outage; a socket that ends is one at once. */
const busy = { HOT_TIMEOUT: "5s" };

function reached({ status }: Clients, mode: Mode) {
  return until(
    () => status.getStatus({}),
    (answer) => answer.mode === mode,
  );
}

/** The first provenance for which the task comes from the hot store again. */
function servedHot({ tasks }: Clients, name: { readonly kind: string; readonly taskId: string }) {
  return until(
    () => tasks.getTask(name),
    ({ provenance }) => provenance?.source === Source.HOT && !provenance.degraded,
  );
}

async function withRedis<T>(
  url: string,
  use: (redis: ReturnType<typeof redisClient>) => Promise<T>,
): Promise<T> {
  const redis = redisClient(url);
  await redis.connect();
  try {
    return await use(redis);
  } finally {
    redis.destroy();
  }
}

function redisClient(url: string) {
  return createClient({ url });
}

describeWithTools("on a Redis Cluster", ["redis-server"], () => {
  let cluster: RedisCluster;
  let server: ServerProcess;
  let clients: Clients;
  beforeAll(async () => {
    cluster = await startRedisCluster();
    server = await startServer({ env: { ...busy, REDIS_MODE: "cluster", REDIS_URL: cluster.url } });
    clients = connect("gRPC", server.url);
    await reached(clients, Mode.NORMAL);
  });
  afterAll(async () => {
    clients?.close();
    await server?.stop();
    await cluster?.stop();
  });
  const scene = {
    get clients() {
      return clients;
    },
  };

  describe("tasks", () => taskScenario(scene));
  describe("cache", () => cacheScenario(scene));

  it(
    "one master killed bypasses the whole, and back it is used again in a new generation",
    async () => {
      const name = { kind: "cluster", taskId: "kept" };
      await clients.tasks.createTask({ ...name, data: { n: 0 } });
      await servedHot(clients, name);
      const before = await clients.status.getStatus({});
      await cluster.masters[2]?.kill();
      await reached(clients, Mode.HOT_BYPASSED);
      await clients.tasks.updateTask({ ...name, data: { n: 1 } });
      expect(await clients.tasks.getTask(name)).toMatchObject({
        task: { revision: 2n, data: { n: 1 } },
        provenance: { source: Source.DURABLE, degraded: true },
      });
      await expectFailure(clients.cache.getEntry({ key: "k" }), {
        code: "Unavailable",
        reason: "HOT_STORE_UNAVAILABLE",
      });
      await cluster.masters[2]?.restart();
      await reached(clients, Mode.NORMAL);
      expect((await servedHot(clients, name)).task).toMatchObject({ revision: 2n, data: { n: 1 } });
      const after = await clients.status.getStatus({});
      expect(after.generation).toBeGreaterThan(before.generation);
    },
    FAILOVER_MS,
  );
});

describeWithTools("behind Redis Sentinel", ["redis-server"], () => {
  let sentinels: RedisSentinels;
  let server: ServerProcess;
  let clients: Clients;
  beforeAll(async () => {
    sentinels = await startRedisSentinels();
    const { url, master } = sentinels;
    const env = { ...busy, REDIS_MODE: "sentinel", REDIS_URL: url, REDIS_SENTINEL_MASTER: master };
    server = await startServer({ env });
    clients = connect("gRPC", server.url);
    await reached(clients, Mode.NORMAL);
  });
  afterAll(async () => {
    clients?.close();
    await server?.stop();
    await sentinels?.stop();
  });

  it(
    "a fail-over to a replica that lags opens a new generation, and nobody reads what it missed",
    async () => {
      const name = { kind: "sentinel", taskId: "newer" };
      await clients.tasks.createTask({ ...name, data: { n: 0 } });
      await servedHot(clients, name);
      const value = (text: string) => ({ case: "text" as const, value: text });
      await clients.cache.setEntry({ key: "k", value: value("older") });
      const before = await clients.status.getStatus({});
      const [master, replica] = sentinels.servers;
      // It has the first revision, and misses the second.
      await until(
        () => sentinels.replicated(),
        (isSo) => isSo,
      );
      replica.pause();
      // What is written from now on waits in no socket for it.
      await withRedis(master.url, (redis) => redis.sendCommand(["CLIENT", "KILL", "TYPE", "replica"]));
      await clients.tasks.updateTask({ ...name, data: { n: 1 } });
      await clients.cache.setEntry({ key: "k", value: value("newer") });
      await master.kill();
      replica.resume();
      const entry = `dbc:${before.generation}:{cache/default/k}`;
      expect(await withRedis(replica.url, (redis) => redis.get(entry))).toMatch(/older$/);
      const readUntilNormal = await until(
        async () => {
          const { task } = await clients.tasks.getTask(name);
          expect(task).toMatchObject({ revision: 2n, data: { n: 1 } });
          return clients.status.getStatus({});
        },
        ({ mode, generation }) => mode === Mode.NORMAL && generation > before.generation,
      );
      expect(readUntilNormal.hot?.kind).toBe("redis");
      expect(await sentinels.masterPort()).toBe(replica.port);
      expect((await servedHot(clients, name)).task).toMatchObject({ revision: 2n, data: { n: 1 } });
      await expectFailure(clients.cache.getEntry({ key: "k" }), { code: "NotFound" });
    },
    FAILOVER_MS,
  );
});
