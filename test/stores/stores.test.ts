import { existsSync } from "node:fs";
import { MongoClient } from "mongodb";
import { createClient } from "redis";
import { describe, expect, it } from "vitest";
import { startFerret } from "../../scripts/stores/ferret.ts";
import { findTool } from "../../scripts/stores/find.ts";
import { startRedis } from "../../scripts/stores/redis.ts";
import {
  describeWithMongo,
  describeWithRedis,
  describeWithTools,
  uniqueName,
} from "../support/real-stores.ts";

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function redisClient(url: string) {
  return createClient({ url });
}

async function withRedis<T>(
  url: string,
  use: (client: ReturnType<typeof redisClient>) => Promise<T>,
): Promise<T> {
  const client = redisClient(url);
  await client.connect();
  try {
    return await use(client);
  } finally {
    client.destroy();
  }
}

async function withMongo<T>(uri: string, use: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(uri);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

describe("finding tools", () => {
  it("names the missing tool and the script that installs it", () => {
    const found = findTool("ferretdb", { DBCONN_CACHE: "/nowhere" });
    expect(found).toEqual({ missing: expect.stringMatching(/ferretdb.*install-tools\.sh/) });
  });

  it("finds redis-server only on PATH", () => {
    expect(findTool("redis-server", { PATH: "/nowhere" })).toHaveProperty("missing");
  });
});

describeWithRedis("the run's Redis", ({ url, prefix }) => {
  it("answers", async () => {
    await withRedis(url, async (client) => {
      await client.set(`${prefix}:key`, "value", { EX: 60 });
      expect(await client.get(`${prefix}:key`)).toBe("value");
    });
  });
});

describeWithMongo("the run's MongoDB", ({ uri, database }) => {
  it("answers", async () => {
    await withMongo(uri, async (client) => {
      const things = client.db(database).collection("things");
      await things.insertOne({ name: "a" });
      expect(await things.countDocuments()).toBe(1);
    });
  });
});

describeWithTools("a Redis of a test's own", ["redis-server"], () => {
  it("comes back empty on the same port after a kill", async () => {
    const redis = await startRedis();
    try {
      const firstPid = redis.pid;
      await withRedis(redis.url, (client) => client.set("key", "value"));
      await redis.kill();
      expect(isRunning(firstPid)).toBe(false);
      await redis.restart();
      expect(redis.pid).not.toBe(firstPid);
      expect(await withRedis(redis.url, (client) => client.get("key"))).toBeNull();
    } finally {
      await redis.stop();
    }
  });

  it("keeps its data over a kill when it is told to persist", async () => {
    const redis = await startRedis({ args: ["--appendonly", "yes", "--appendfsync", "always"] });
    try {
      await withRedis(redis.url, (client) => client.set("key", "value"));
      await redis.kill();
      await redis.restart();
      expect(await withRedis(redis.url, (client) => client.get("key"))).toBe("value");
    } finally {
      await redis.stop();
    }
  });

  it("stops even while paused, and leaves neither process nor folder", async () => {
    const redis = await startRedis();
    redis.pause();
    await redis.stop();
    expect(isRunning(redis.pid)).toBe(false);
    expect(existsSync(redis.folder)).toBe(false);
  });

  it("says what the server said when it does not start", async () => {
    await expect(startRedis({ args: ["--no-such-option", "1"] })).rejects.toThrow(/no-such-option/);
  });
});

describeWithTools("a FerretDB of a test's own", ["ferretdb"], () => {
  it("keeps its data over a kill, on the same port", async () => {
    const ferret = await startFerret();
    try {
      const database = uniqueName();
      await withMongo(ferret.uri, (client) =>
        client.db(database).collection("things").insertOne({ name: "a" }),
      );
      await ferret.kill();
      await ferret.restart();
      const count = await withMongo(ferret.uri, (client) =>
        client.db(database).collection("things").countDocuments(),
      );
      expect(count).toBe(1);
    } finally {
      await ferret.stop();
    }
  });
});
