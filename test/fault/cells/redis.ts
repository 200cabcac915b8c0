// Redis dies, loses, stalls and refuses.
import { createClient } from "redis";
import { Mode } from "../../../gen/dbconn/v1/status_pb.ts";
import { freePort } from "../../../scripts/stores/store-process.ts";
import type { NetworkFault } from "../proxy.ts";
import type { World } from "../world.ts";
import type { Cell, Evidence, Fault } from "./cell.ts";

type Redis = Awaited<ReturnType<typeof connect>>;

function connect(world: World) {
  return createClient({ url: world.redis.url }).connect();
}

/** Over a connection of the test's own, which no proxy disturbs. */
async function withRedis<T>(world: World, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = await connect(world);
  try {
    return await use(redis);
  } finally {
    redis.destroy();
  }
}

async function runId(world: World): Promise<string> {
  const info = await withRedis(world, (redis) => redis.info("server"));
  return /^run_id:(\w+)/m.exec(info)?.[1] ?? "";
}

function bypassed({ observer }: Evidence): string | undefined {
  const generations = observer.generations.size;
  return observer.saw(Mode.HOT_BYPASSED) && generations > 1
    ? `bypassed, ${generations} generations`
    : undefined;
}

/** Dies, is away for the time that the cell says, and comes back with what `folder` holds. */
async function kill(world: World): Promise<Fault> {
  const before = await runId(world);
  let after = before;
  await world.redis.kill();
  return {
    async heal() {
      await world.redis.restart();
      after = await runId(world);
    },
    proof: (evidence) => (after === before ? undefined : bypassed(evidence)),
  };
}

async function network(world: World, fault: NetworkFault): Promise<Fault> {
  for (const proxy of world.redisProxies) proxy.set(fault);
  return {
    async heal() {
      for (const proxy of world.redisProxies) proxy.heal();
    },
    proof(evidence) {
      const fired = world.redisProxies.map((proxy) => proxy.fired);
      if (fired.includes(0)) return undefined;
      const what = `${fired.reduce((a, b) => a + b)} times`;
      return fault.kind === "latency" ? what : bypassed(evidence) && `${what}, ${bypassed(evidence)}`;
    },
  };
}

/** Something done to a running Redis that needs no healing. */
async function command(proof: Promise<string | undefined>): Promise<Fault> {
  const text = await proof;
  return { heal: async () => {}, proof: () => text };
}

const shared = { setup: "shared" } as const;
/** Silence is noticed by time-outs, and then every instance has to say that it hears nothing. */
const SILENT_MS = 8_000;

export const REDIS_CELLS: readonly Cell[] = [
  { ...shared, name: "redis-killed", inject: kill },
  {
    ...shared,
    name: "redis-old-dump",
    async inject(world) {
      const saved = await withRedis(world, async (redis) => {
        const keys = await redis.dbSize();
        await redis.sendCommand(["SAVE"]);
        return keys;
      });
      // What is written from now on is not in the dump.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const fault = await kill(world);
      let loaded = 0;
      return {
        async heal() {
          await fault.heal();
          loaded = await withRedis(world, (redis) => redis.dbSize());
        },
        proof(evidence) {
          const proof = fault.proof(evidence);
          return saved === 0 || loaded === 0 ? undefined : proof && `${loaded} old keys, ${proof}`;
        },
      };
    },
  },
  {
    ...shared,
    name: "redis-paused",
    holdMs: SILENT_MS,
    async inject(world) {
      world.redis.pause();
      return { heal: async () => world.redis.resume(), proof: bypassed };
    },
  },
  { ...shared, name: "redis-slow", inject: (world) => network(world, { kind: "latency", ms: 100 }) },
  {
    ...shared,
    name: "redis-black-holed",
    holdMs: SILENT_MS,
    inject: (world) => network(world, { kind: "blackHole" }),
  },
  {
    ...shared,
    name: "redis-half-open",
    holdMs: SILENT_MS,
    inject: (world) => network(world, { kind: "halfOpen" }),
  },
  { ...shared, name: "redis-reset", holdMs: SILENT_MS, inject: (world) => network(world, { kind: "reset" }) },
  {
    ...shared,
    name: "redis-readonly",
    holdMs: SILENT_MS,
    async inject(world) {
      // The replica of a master that is not there: it keeps its data and refuses writes.
      const nobody = await freePort();
      await withRedis(world, (redis) => redis.sendCommand(["REPLICAOF", "127.0.0.1", String(nobody)]));
      let refused = false;
      return {
        heal: () =>
          withRedis(world, async (redis) => {
            refused = (await redis.info("replication")).includes("role:slave");
            await redis.sendCommand(["REPLICAOF", "NO", "ONE"]);
          }),
        proof: (evidence) => (refused ? bypassed(evidence) : undefined),
      };
    },
  },
  {
    ...shared,
    name: "redis-out-of-memory",
    async inject(world) {
      const { policy, used } = await withRedis(world, async (redis) => {
        await redis.configResetStat();
        await redis.configSet({ "maxmemory-policy": "noeviction", maxmemory: "1" });
        const memory = await redis.info("memory");
        return {
          policy: /^maxmemory_policy:(\w+)/m.exec(memory)?.[1],
          used: Number(/^used_memory:(\d+)/m.exec(memory)?.[1]),
        };
      });
      let refusals: string | undefined;
      return {
        heal: () =>
          withRedis(world, async (redis) => {
            refusals = /^errorstat_OOM:count=(\d+)/m.exec(await redis.info("errorstats"))?.[1];
            await redis.configSet("maxmemory", "0");
          }),
        proof: (evidence) =>
          policy === "noeviction" && used > 1 && refusals
            ? `${refusals} OOM, ${bypassed(evidence)}`
            : undefined,
      };
    },
    holdMs: SILENT_MS,
  },
  {
    ...shared,
    name: "redis-flushed",
    losesCache: true,
    inject: (world) =>
      command(
        withRedis(world, async (redis) => {
          const [before, , after] = await redis.multi().dbSize().flushAll().dbSize().exec();
          return Number(before) > 0 && Number(after) === 0 ? `${before} keys lost` : undefined;
        }),
      ),
  },
  {
    ...shared,
    name: "redis-scripts-flushed",
    async inject(world) {
      await withRedis(world, async (redis) => {
        await redis.configResetStat();
        await redis.scriptFlush();
      });
      let refusals: string | undefined;
      return {
        async heal() {
          const info = await withRedis(world, (redis) => redis.info("errorstats"));
          refusals = /^errorstat_NOSCRIPT:count=(\d+)/m.exec(info)?.[1];
        },
        proof: () => refusals && `${refusals} NOSCRIPT`,
      };
    },
  },
];
