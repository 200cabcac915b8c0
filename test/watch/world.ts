// Stores, instances over them, and a proxy before each instance that can break its clients' connections.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startFerret } from "../../scripts/stores/ferret.ts";
import { type RedisProcess, startRedis } from "../../scripts/stores/redis.ts";
import { Instance } from "../fault/instance.ts";
import { FaultProxy } from "../fault/proxy.ts";

/** `shared`: two instances on Redis and FerretDB. `sqlite`: one with its own SQLite, which alone may write there. */
export type Setup = "shared" | "sqlite";

export interface Post {
  readonly instance: Instance;
  /** Where clients reach it. */
  readonly proxy: FaultProxy;
}

export interface World {
  readonly posts: readonly Post[];
  readonly redis: RedisProcess | undefined;
}

const SHARED_INSTANCES = 2;
/** FerretDB answers slowly on a busy machine, and a lease must outlive its slowest answer. */
const FERRET_LEASE = "3s";

export async function inWorld<T>(setup: Setup, run: (world: World) => Promise<T>): Promise<T> {
  await using stack = new AsyncDisposableStack();
  const redis = setup === "shared" ? stack.adopt(await startRedis(), (store) => store.stop()) : undefined;
  const stores =
    redis === undefined
      ? { dataDir: await temporaryFolder(stack) }
      : { env: await sharedStores(stack, redis) };
  const posts: Post[] = [];
  for (let at = 0; at < (setup === "shared" ? SHARED_INSTANCES : 1); at++) {
    const started = Instance.start({ name: `i${at}`, env: {}, ...stores });
    const instance = stack.adopt(await started, (one) => one.close());
    posts.push({ instance, proxy: stack.adopt(await FaultProxy.start(instance.port), (p) => p.close()) });
  }
  return await run({ posts, redis });
}

async function sharedStores(stack: AsyncDisposableStack, redis: RedisProcess) {
  const ferret = stack.adopt(await startFerret(), (store) => store.stop());
  return { REDIS_URL: redis.url, MONGODB_URI: ferret.uri, GENERATION_LEASE: FERRET_LEASE };
}

async function temporaryFolder(stack: AsyncDisposableStack): Promise<string> {
  return stack.adopt(await mkdtemp(join(tmpdir(), "dbconn-watch-")), (folder) =>
    rm(folder, { recursive: true, force: true }),
  );
}
