// Redis and MongoDB are switched on each by itself, and what is not is embedded.
import { expect, it, onTestFinished } from "vitest";
import { Source } from "../../gen/dbconn/v1/common_pb.ts";
import { Mode } from "../../gen/dbconn/v1/status_pb.ts";
import { describeWithMongo, describeWithRedis } from "../support/real-stores.ts";
import { startServer } from "../support/server-process.ts";
import { until } from "../support/until.ts";
import { whenNormal } from "../support/when-normal.ts";
import { type Clients, connect } from "./transports.ts";
import { value } from "./values.ts";

async function start(env: Readonly<Record<string, string>>): Promise<Clients & { readonly stores: object }> {
  // A store that answers slowly on a busy machine is not an outage.
  const server = await startServer({ env: { GENERATION_LEASE: "2s", ...env } });
  const clients = connect("gRPC", server.url);
  onTestFinished(async () => {
    clients.close();
    await server.stop();
  });
  return { ...clients, stores: server.stores };
}

/** One process over two stores, each of which has something to do. */
async function expectToServe({ tasks, schemas, cache, status }: Clients): Promise<void> {
  await whenNormal(status);
  const name = { kind: "combination", taskId: "1" };
  await tasks.createTask({ ...name, data: { a: 1 } });
  await tasks.updateTask({ ...name, data: { b: 2 } });
  // The first read after a write fills the hot store.
  await tasks.getTask(name);
  const read = await tasks.getTask(name);
  expect(read.task?.data).toEqual({ a: 1, b: 2 });
  expect(read.provenance).toMatchObject({ source: Source.HOT, degraded: false });
  await schemas.publishRelease({ name: "combination", document: value({ title: "1" }) });
  await schemas.publishRelease({ name: "combination", document: value({ title: "2" }) });
  expect((await schemas.deleteRelease({ name: "combination", release: 2 })).revertedTo).toBe(1);
  await cache.setEntry({ key: "k", value: { case: "text", value: "v" } });
  expect((await cache.clearCache({ allNamespaces: true })).clearedCount).toBe(1n);
  expect((await tasks.listTasks({})).tasks).toHaveLength(1);
  expect((await status.getStatus({})).mode).toBe(Mode.NORMAL);
}

describeWithRedis("Redis and SQLite", (redis) => {
  it("serve one process", async () => {
    const clients = await start({ REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix });
    expect(clients.stores).toEqual({ hot: "redis", durable: "sqlite" });
    await expectToServe(clients);
  });
});

describeWithMongo("memory and MongoDB", (mongo) => {
  const env = { MONGODB_URI: mongo.uri, MONGODB_DATABASE: mongo.database };

  it("serve one process", async () => {
    const clients = await start(env);
    expect(clients.stores).toEqual({ hot: "memory", durable: "mongodb" });
    await expectToServe(clients);
  });

  it("serve several processes past their memory, so that no read is stale", async () => {
    const both = [await start(env), await start(env)] as const;
    for (const { status } of both) {
      await until(
        () => status.getStatus({}),
        ({ mode, reason }) => mode === Mode.HOT_BYPASSED && reason.includes("cannot be shared"),
      );
    }
    const [writer, reader] = both;
    const name = { kind: "shared", taskId: "1" };
    await writer.tasks.createTask(name);
    for (let revision = 2n; revision <= 20n; revision++) {
      const from = revision % 2n === 0n ? writer : reader;
      const to = from === writer ? reader : writer;
      await from.tasks.updateTask({ ...name, data: { revision: Number(revision) } });
      const { task, provenance } = await to.tasks.getTask(name);
      expect(task).toMatchObject({ revision, data: { revision: Number(revision) } });
      expect(provenance?.source).toBe(Source.DURABLE);
    }
  });
});
