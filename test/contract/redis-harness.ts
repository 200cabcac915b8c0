import { createClient } from "redis";
import { openRedis, type RedisStores } from "../../src/adapters/redis/open.ts";
import { type RedisUnderTest, uniqueName } from "../support/real-stores.ts";
import type { Harness } from "./check.ts";

const PASS_BOUND_MS = 10_000;

/** A Redis store under a prefix of its own. Time passes as Redis's own does: until a key with that TTL is gone. */
export async function onRedis<Store>(
  { url, prefix }: RedisUnderTest,
  pick: (stores: RedisStores) => Store,
): Promise<Harness<Store>> {
  const ownPrefix = `${prefix}:${uniqueName()}`;
  // Long, since a busy machine must not look like a store that is away.
  const stores = await openRedis({ url, prefix: ownPrefix, timeoutMs: 10_000 });
  const witness = await createClient({ url }).connect();
  return {
    store: pick(stores),
    async pass(ms) {
      const key = `${ownPrefix}:witness`;
      const bound = AbortSignal.timeout(ms + PASS_BOUND_MS);
      await witness.set(key, "", { expiration: { type: "PX", value: ms } });
      while ((await witness.exists(key)) === 1) bound.throwIfAborted();
    },
    async close() {
      witness.destroy();
      await stores.close();
    },
  };
}
