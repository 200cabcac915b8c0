// Straight from Node to Redis, 48 GETs under way: what the service's hop is measured against.
// `node node-redis.ts REDIS_URL KEY SECONDS`; prints GETs a second.
import { createClient } from "redis";

const UNDER_WAY = 48;
const [url = "", key = "", seconds = "1"] = process.argv.slice(2);
const redis = await createClient({ url }).connect();
const began = performance.now();
const end = began + Number(seconds) * 1000;
let count = 0;
const ask = async (): Promise<void> => {
  while (performance.now() < end) {
    if ((await redis.get(key)) === null) throw new Error("the key is not there");
    count++;
  }
};
await Promise.all(Array.from({ length: UNDER_WAY }, ask));
process.stdout.write(`${(count * 1000) / (performance.now() - began)}\n`);
redis.destroy();
