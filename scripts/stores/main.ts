// npm run stores: a Redis and a FerretDB for a developer, until Ctrl-C.
import { once } from "node:events";
import { startFerret } from "./ferret.ts";
import { startRedis } from "./redis.ts";

const HELP = `Starts a Redis and a FerretDB (MongoDB wire protocol) on free loopback ports, with empty temporary data,
prints REDIS_URL and MONGODB_URI in the form of .env, and stops both on Ctrl-C.

  npm run stores

What is missing on this machine is installed by scripts/install-tools.sh.
`;

if (process.argv.length > 2) {
  const asked = process.argv.includes("--help");
  process[asked ? "stdout" : "stderr"].write(HELP);
  process.exit(asked ? 0 : 2);
}

const interrupted = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
try {
  const redis = await startRedis();
  console.log(`REDIS_URL=${redis.url}`);
  const ferret = await startFerret();
  console.log(`MONGODB_URI=${ferret.uri}`);
  console.error("Both are ready. Ctrl-C stops them and removes their data.");
  // Waiting on a signal alone would not keep the process alive; the servers' pipes do.
  await interrupted;
  await Promise.all([redis.stop(), ferret.stop()]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  // The exit hook ends what was started.
  process.exit(1);
}
