// Suites that need something real beside Node: a store, a browser, a command-line client. Where it is not there, the
// suite is reported as NOT RUN with the reason (not-run-reporter.ts) and the run passes; with CI=true it fails,
// so that CI can never pass by having tested less.
import { randomBytes } from "node:crypto";
import { MongoClient } from "mongodb";
import { createClient } from "redis";
import { afterAll, describe, inject, it } from "vitest";
import { findTool, type ToolName } from "../../scripts/stores/find.ts";
import { NOT_RUN } from "./not-run-reporter.ts";

export interface RedisUnderTest {
  readonly url: string;
  /** For REDIS_PREFIX: unlike any other suite's; what it names is removed when the suite ends. */
  readonly prefix: string;
}

export interface MongoUnderTest {
  readonly uri: string;
  /** For MONGODB_DATABASE: unlike any other suite's; dropped when the suite ends. */
  readonly database: string;
}

/** The settings of a service on both. */
export function settingsOf({
  redis,
  mongo,
}: {
  readonly redis: RedisUnderTest;
  readonly mongo: MongoUnderTest;
}) {
  return {
    REDIS_URL: redis.url,
    REDIS_PREFIX: redis.prefix,
    MONGODB_URI: mongo.uri,
    MONGODB_DATABASE: mongo.database,
  };
}

/** Short, unlike any other, and fit for a key prefix and for a database name: `t` and 16 hex digits. */
export function uniqueName(): string {
  return `t${randomBytes(8).toString("hex")}`;
}

/** A suite on the run's Redis. */
export function describeWithRedis(name: string, suite: (redis: RedisUnderTest) => void): void {
  const store = inject("redisStore");
  describeWhere(name, missingOf(store), () => suite(redisUnderTest(store)));
}

/** A suite on the run's server of the MongoDB wire protocol. */
export function describeWithMongo(name: string, suite: (mongo: MongoUnderTest) => void): void {
  const store = inject("mongoStore");
  describeWhere(name, missingOf(store), () => suite(mongoUnderTest(store)));
}

/** A suite on both of the run's stores. */
export function describeWithRedisAndMongo(
  name: string,
  suite: (stores: { readonly redis: RedisUnderTest; readonly mongo: MongoUnderTest }) => void,
): void {
  const [redis, mongo] = [inject("redisStore"), inject("mongoStore")];
  describeWhere(name, missingOf(redis, mongo), () =>
    suite({ redis: redisUnderTest(redis), mongo: mongoUnderTest(mongo) }),
  );
}

/**
 * A suite that runs programs itself: a client, or stores that it may kill (`startRedis` and `startFerret` of
 * scripts/stores need `redis-server` and `ferretdb`). `paths` holds each program's absolute path.
 */
export function describeWithTools<Tool extends ToolName>(
  name: string,
  tools: readonly Tool[],
  suite: (paths: Readonly<Record<Tool, string>>) => void,
): void {
  const found = tools.map((tool) => [tool, findTool(tool)] as const);
  const paths = Object.fromEntries(found.map(([tool, at]) => [tool, "path" in at ? at.path : ""]));
  describeWhere(name, missingOf(...found.map(([, at]) => at)), () => suite(paths as Record<Tool, string>));
}

/** A suite in a headless browser; `path` is for playwright-core's `executablePath`. */
export function describeWithChromium(name: string, suite: (path: string) => void): void {
  describeWithTools(name, ["chromium"], ({ chromium }) => suite(chromium));
}

/** A suite that runs unless there is a reason why it cannot. */
export function describeWhere(name: string, missing: string | undefined, suite: () => void): void {
  if (missing === undefined) {
    describe(name, suite);
    return;
  }
  describe(name, () => {
    it("has what it needs", (context) => {
      if (process.env.CI === "true") throw new Error(`CI must run this suite, but ${missing}`);
      context.skip(`${NOT_RUN}${missing}`);
    });
  });
}

function missingOf(...needs: readonly object[]): string | undefined {
  const reasons = needs.flatMap((need) => ("missing" in need ? [String(need.missing)] : []));
  return reasons.length === 0 ? undefined : reasons.join("; ");
}

function urlOf(store: object): string {
  if (!("url" in store)) throw new Error("a suite ran without its store");
  return String(store.url);
}

function redisUnderTest(store: object): RedisUnderTest {
  const redis = { url: urlOf(store), prefix: uniqueName() };
  afterAll(async () => {
    const client = await createClient({ url: redis.url }).connect();
    try {
      for await (const keys of client.scanIterator({ MATCH: `${redis.prefix}*`, COUNT: 1000 })) {
        if (keys.length > 0) await client.unlink(keys);
      }
    } finally {
      client.destroy();
    }
  });
  return redis;
}

function mongoUnderTest(store: object): MongoUnderTest {
  const mongo = { uri: urlOf(store), database: uniqueName() };
  afterAll(async () => {
    const client = new MongoClient(mongo.uri);
    try {
      await client.db(mongo.database).dropDatabase();
    } finally {
      await client.close();
    }
  });
  return mongo;
}
