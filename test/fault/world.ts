// What one cell runs on: stores of its own, server processes over them, and a fault proxy on every connection.
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { createClient, createCluster } from "redis";
import { type FerretProcess, startFerret } from "../../scripts/stores/ferret.ts";
import { type RedisProcess, startRedis } from "../../scripts/stores/redis.ts";
import { type RedisCluster, startRedisCluster } from "../../scripts/stores/redis-cluster.ts";
import { type RedisSentinels, startRedisSentinels } from "../../scripts/stores/redis-sentinel.ts";
import { Instance } from "./instance.ts";
import { FaultProxy } from "./proxy.ts";
import { REPLICA_SET, WITHOUT_REPLICA_SET } from "./replica-set.ts";

/**
 * `shared`: three processes on Redis and FerretDB; `memory-shared`: two on FerretDB, each with a hot store in its own
 * memory; `replica-set`: three on Redis and the MongoDB that MONGODB_URI names; `embedded` and `sqlite-redis`: one
 * process on SQLite.
 */
export type Setup = "shared" | "memory-shared" | "replica-set" | "embedded" | "sqlite-redis";

const PARTS: Readonly<
  Record<Setup, { readonly instances: number; readonly redis: boolean; readonly ferret: boolean }>
> = {
  shared: { instances: 3, redis: true, ferret: true },
  "memory-shared": { instances: 2, redis: false, ferret: true },
  "replica-set": { instances: 3, redis: true, ferret: false },
  embedded: { instances: 1, redis: false, ferret: false },
  "sqlite-redis": { instances: 1, redis: true, ferret: false },
};

/** What takes the place of the one Redis: three masters, or a master with a replica and three sentinels. */
export type RedisDeployment = "cluster" | "sentinel";

/**
 * FerretDB 1 carries out updates one by one, so on a busy machine a renewal under load takes longer than the standard
 * lease lives. A bypass takes that much longer, too.
 */
const FERRET_LEASE = "3s";

export class World {
  readonly instances: readonly Instance[];
  readonly #redis: RedisProcess | undefined;
  readonly #ferret: FerretProcess | undefined;
  readonly #cluster: RedisCluster | undefined;
  readonly #sentinels: RedisSentinels | undefined;
  /** One for each instance, in their order. */
  readonly redisProxies: readonly FaultProxy[];
  readonly ferretProxies: readonly FaultProxy[];

  constructor(parts: {
    readonly instances: readonly Instance[];
    readonly redis: RedisProcess | undefined;
    readonly ferret: FerretProcess | undefined;
    readonly cluster: RedisCluster | undefined;
    readonly sentinels: RedisSentinels | undefined;
    readonly redisProxies: readonly FaultProxy[];
    readonly ferretProxies: readonly FaultProxy[];
  }) {
    this.instances = parts.instances;
    this.#redis = parts.redis;
    this.#ferret = parts.ferret;
    this.#cluster = parts.cluster;
    this.#sentinels = parts.sentinels;
    this.redisProxies = parts.redisProxies;
    this.ferretProxies = parts.ferretProxies;
  }

  get redis(): RedisProcess {
    if (this.#redis === undefined) throw new Error("this cell has no Redis");
    return this.#redis;
  }

  get ferret(): FerretProcess {
    if (this.#ferret === undefined) throw new Error("this cell has no FerretDB");
    return this.#ferret;
  }

  get cluster(): RedisCluster {
    if (this.#cluster === undefined) throw new Error("this cell has no Redis Cluster");
    return this.#cluster;
  }

  get sentinels(): RedisSentinels {
    if (this.#sentinels === undefined) throw new Error("this cell has no Redis Sentinel");
    return this.#sentinels;
  }

  /** Of the hot store, whichever it is, over a connection that no proxy disturbs; undefined where it is memory. */
  async connectToHot() {
    if (this.#cluster !== undefined) {
      return createCluster({ rootNodes: this.#cluster.masters.map(({ url }) => ({ url })) }).connect();
    }
    const port = await this.#sentinels?.masterPort();
    const url = port === undefined ? this.#redis?.url : `redis://127.0.0.1:${port}`;
    return url === undefined ? undefined : createClient({ url }).connect();
  }

  /** The instance that faults of one instance hit. */
  get victim(): Instance {
    const [first] = this.instances;
    if (first === undefined) throw new Error("there is no instance");
    return first;
  }
}

/** Runs over a world that is gone afterwards, however it ends. */
export async function inWorld<T>(
  cell: {
    readonly setup: Setup;
    readonly redis?: RedisDeployment;
    readonly env?: Readonly<Record<string, string>>;
  },
  run: (world: World) => Promise<T>,
): Promise<T> {
  const stack = new AsyncDisposableStack();
  try {
    return await run(await build(cell.setup, cell.redis, cell.env ?? {}, stack));
  } finally {
    await stack.disposeAsync();
  }
}

async function build(
  setup: Setup,
  deployment: RedisDeployment | undefined,
  more: Readonly<Record<string, string>>,
  stack: AsyncDisposableStack,
): Promise<World> {
  const parts = PARTS[setup];
  const stop = (store: { stop(): Promise<void> }) => store.stop();
  const alone = parts.redis && deployment === undefined;
  const redis = alone ? stack.adopt(await startRedis(), stop) : undefined;
  const cluster = deployment === "cluster" ? stack.adopt(await startRedisCluster(), stop) : undefined;
  const sentinels = deployment === "sentinel" ? stack.adopt(await startRedisSentinels(), stop) : undefined;
  const ferret = parts.ferret ? stack.adopt(await startFerret(), stop) : undefined;
  const redisProxies: FaultProxy[] = [];
  const ferretProxies: FaultProxy[] = [];
  const instances: Instance[] = [];
  const replicaSet = setup === "replica-set" ? databaseOfReplicaSet(stack) : {};
  for (let i = 0; i < parts.instances; i++) {
    const env: Record<string, string> = {};
    let dataDir: string | undefined;
    if (redis !== undefined) {
      const proxy = stack.adopt(await FaultProxy.start(redis.port), (p) => p.close());
      redisProxies.push(proxy);
      env.REDIS_URL = `redis://127.0.0.1:${proxy.port}`;
    }
    if (cluster !== undefined) Object.assign(env, { REDIS_MODE: "cluster", REDIS_URL: cluster.url });
    if (sentinels !== undefined) {
      const { url, master } = sentinels;
      Object.assign(env, { REDIS_MODE: "sentinel", REDIS_URL: url, REDIS_SENTINEL_MASTER: master });
    }
    if (setup === "replica-set") Object.assign(env, replicaSet);
    else if (ferret === undefined) {
      dataDir = stack.adopt(await mkdtemp(join(tmpdir(), "dbconn-fault-")), (folder) =>
        rm(folder, { recursive: true, force: true }),
      );
    } else {
      const proxy = stack.adopt(await FaultProxy.start(ferret.port), (p) => p.close());
      ferretProxies.push(proxy);
      env.MONGODB_URI = `mongodb://127.0.0.1:${proxy.port}/`;
      env.GENERATION_LEASE = FERRET_LEASE;
    }
    const settings = {
      name: `i${i}`,
      env: { ...env, ...more },
      ...(dataDir === undefined ? {} : { dataDir }),
    };
    instances.push(stack.adopt(await Instance.start(settings), (instance) => instance.close()));
  }
  return new World({ instances, redis, ferret, cluster, sentinels, redisProxies, ferretProxies });
}

/** A database of its own, gone with the world. */
function databaseOfReplicaSet(stack: AsyncDisposableStack): Readonly<Record<string, string>> {
  if (REPLICA_SET === undefined) throw new Error(WITHOUT_REPLICA_SET);
  const uri = REPLICA_SET;
  const database = `dbconn_fault_${randomBytes(6).toString("hex")}`;
  stack.defer(async () => {
    const client = await new MongoClient(uri).connect();
    await client.db(database).dropDatabase();
    await client.close();
  });
  return { MONGODB_URI: uri, MONGODB_DATABASE: database };
}
