// What npm start runs, built if it is older than the sources; one Redis and one FerretDB for the whole run, handed to the test files by vitest's provide/inject. Test files share
// them and stay apart by a prefix and a database of their own (real-stores.ts).
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { startFerret } from "../../scripts/stores/ferret.ts";
import { findTool } from "../../scripts/stores/find.ts";
import { startRedis } from "../../scripts/stores/redis.ts";

const BUILD = fileURLToPath(new URL("../../scripts/build-service.ts", import.meta.url));

/** Where a store for this run is, or one sentence saying why there is none. */
export type ProvidedStore = { readonly url: string } | { readonly missing: string };

declare module "vitest" {
  interface ProvidedContext {
    redisStore: ProvidedStore;
    mongoStore: ProvidedStore;
  }
}

/** Uses REDIS_URL and MONGODB_URI where they are set; a server that is installed but does not start fails the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Here, since test files that run side by side must not build it twice.
  execFileSync(process.execPath, [BUILD, "--if-changed"], { stdio: "inherit" });
  const stops: (() => Promise<void>)[] = [];
  const teardown = async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
  try {
    project.provide("redisStore", await redisStore(stops));
    project.provide("mongoStore", await mongoStore(stops));
  } catch (error) {
    await teardown();
    throw error;
  }
  return teardown;
}

async function redisStore(stops: (() => Promise<void>)[]): Promise<ProvidedStore> {
  if (process.env.REDIS_URL) return { url: process.env.REDIS_URL };
  const found = findTool("redis-server");
  if ("missing" in found) return found;
  const redis = await startRedis();
  stops.push(redis.stop);
  return { url: redis.url };
}

async function mongoStore(stops: (() => Promise<void>)[]): Promise<ProvidedStore> {
  if (process.env.MONGODB_URI) return { url: process.env.MONGODB_URI };
  const found = findTool("ferretdb");
  if ("missing" in found) return found;
  const ferret = await startFerret();
  stops.push(ferret.stop);
  return { url: ferret.uri };
}
