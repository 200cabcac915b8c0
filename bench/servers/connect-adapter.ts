// Connect's own adapter for Node, with the service's own handlers over the embedded cache, and nothing around it.
// `node connect-adapter.ts http|http2`
import { randomBytes } from "node:crypto";
import http from "node:http";
import http2 from "node:http2";
import { setTimeout as delay } from "node:timers/promises";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { CacheService } from "../../gen/dbconn/v1/cache_pb.ts";
import { MemoryCacheStore } from "../../src/adapters/memory/cache.ts";
import { Fills } from "../../src/domain/cache/fills.ts";
import { createCacheService } from "../../src/rpc/cache-service.ts";
import { VALUE } from "../loads/calls.ts";
import { listen } from "./listen.ts";

const MAX_BYTES = 64 * 1024 * 1024;

const store = new MemoryCacheStore({ now: () => performance.now(), maxBytes: MAX_BYTES, maxEntries: 10_000 });
await store.set(
  1,
  { namespace: "default", key: "bench" },
  { value: { kind: "text", text: VALUE }, lifetime: undefined, etag: "0123456789abcdef" },
  { kind: "always" },
);
const cache = {
  store,
  generation: { current: () => 1 },
  clock: { now: Date.now },
  ids: { random: () => randomBytes(12).toString("base64url") },
  timing: { monotonic: () => performance.now(), sleep: (ms: number) => delay(ms) },
  chance: Math.random,
  fills: new Fills(),
  ttls: { default: 30 * 60_000, byNamespace: {} },
  stats: { hits: 0, misses: 0 },
};
const handler = connectNodeAdapter({
  routes: (router) => router.service(CacheService, createCacheService(cache)),
});
listen(process.argv[2] === "http" ? http.createServer(handler) : http2.createServer(handler));
