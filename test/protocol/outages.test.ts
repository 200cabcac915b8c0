// Real stores, killed and started again under a service that stays up.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Consistency, Source } from "../../gen/dbconn/v1/common_pb.ts";
import { type GetStatusResponse, Mode, Store } from "../../gen/dbconn/v1/status_pb.ts";
import { type FerretProcess, startFerret } from "../../scripts/stores/ferret.ts";
import { type RedisProcess, startRedis } from "../../scripts/stores/redis.ts";
import { describeWithTools } from "../support/real-stores.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { until } from "../support/until.ts";
import { expectFailure } from "./failures.ts";
import { type Clients, connect } from "./transports.ts";

describeWithTools("stores that go away and come back", ["redis-server", "ferretdb"], () => {
  let redis: RedisProcess;
  let ferret: FerretProcess;
  let server: ServerProcess;
  let clients: Clients;
  const name = { kind: "outage", taskId: "hot" };
  const cold = { kind: "outage", taskId: "cold" };
  const text = (value: string) => ({ case: "text" as const, value });

  const reached = (mode: Mode): Promise<GetStatusResponse> =>
    until(
      () => clients.status.getStatus({}),
      (status) => status.mode === mode,
    );
  const sourceOf = async () => (await clients.tasks.getTask(name)).provenance;
  const servedHot = () =>
    until(sourceOf, (provenance) => provenance?.source === Source.HOT && !provenance.degraded);

  beforeAll(async () => {
    [redis, ferret] = await Promise.all([startRedis(), startFerret()]);
    server = await startServer({ env: { REDIS_URL: redis.url, MONGODB_URI: ferret.uri } });
    clients = connect("gRPC", server.url);
    await reached(Mode.NORMAL);
    await clients.tasks.createTask({ ...name, data: { n: 0 } });
    await servedHot();
  });
  afterAll(async () => {
    clients?.close();
    await server?.stop();
    await Promise.all([redis?.stop(), ferret?.stop()]);
  });

  describe("Redis killed", () => {
    beforeAll(() => redis.kill());

    it("reads and writes go on from the durable store, and say so", async () => {
      const { task } = await clients.tasks.updateTask({ ...name, data: { n: 1 } });
      expect(task).toMatchObject({ revision: 2n, data: { n: 1 } });
      const read = await clients.tasks.getTask(name);
      expect(read.task).toMatchObject({ revision: 2n, data: { n: 1 } });
      expect(read.provenance).toMatchObject({ source: Source.DURABLE, degraded: true });
      const strong = await clients.tasks.getTask({ ...name, consistency: Consistency.STRONG });
      expect(strong.task?.revision).toBe(2n);
      expect((await clients.tasks.listTasks({ kind: name.kind })).tasks).toHaveLength(1);
    });

    it("the status names the mode and the store that is away", async () => {
      const status = await reached(Mode.HOT_BYPASSED);
      expect(status.reason).not.toBe("");
      expect([status.hot?.reachable, status.durable?.reachable]).toEqual([false, true]);
      const away = { code: "Unavailable", reason: "HOT_STORE_UNAVAILABLE" };
      const { retryAfter } = await expectFailure(clients.status.pingStore({ store: Store.HOT }), away);
      expect(retryAfter).toBeGreaterThan(0);
      await clients.status.pingStore({ store: Store.DURABLE });
    });

    it("the cache is UNAVAILABLE, never NOT_FOUND", async () => {
      const away = { code: "Unavailable", reason: "HOT_STORE_UNAVAILABLE" };
      const read = await expectFailure(clients.cache.getEntry({ key: "k" }), away);
      expect(read.retryAfter).toBeGreaterThan(0);
      await expectFailure(clients.cache.setEntry({ key: "k", value: text("v") }), { ...away, applied: "no" });
      await expectFailure(clients.cache.listKeys({}), away);
      await expectFailure(clients.cache.clearCache({ allNamespaces: true }), { ...away, applied: "no" });
    });

    it("back, it is used again without a restart", async () => {
      await redis.restart();
      await reached(Mode.NORMAL);
      await servedHot();
      expect((await clients.tasks.getTask(name)).task).toMatchObject({ revision: 2n, data: { n: 1 } });
      await expectFailure(clients.cache.getEntry({ key: "k" }), { code: "NotFound" });
      await clients.cache.setEntry({ key: "k", value: text("v") });
    }, 60_000);
  });

  describe("MongoDB killed", () => {
    beforeAll(async () => {
      await clients.tasks.createTask(cold);
      await servedHot();
      await ferret.kill();
      await reached(Mode.DURABLE_DOWN);
    });
    const away = { code: "Unavailable", reason: "DURABLE_STORE_UNAVAILABLE" };

    it("writes are UNAVAILABLE, and nothing was applied", async () => {
      const write = await expectFailure(clients.tasks.updateTask({ ...name, data: { n: 2 } }), {
        ...away,
        applied: "no",
      });
      expect(write.retryAfter).toBeGreaterThan(0);
      await expectFailure(clients.tasks.createTask({ kind: "outage" }), { ...away, applied: "no" });
      await expectFailure(clients.schemas.deleteSchema({ name: "s" }), { ...away, applied: "no" });
    });

    it("a fast read of what is hot is degraded and says since when; of what is cold, UNAVAILABLE", async () => {
      const { task, provenance } = await clients.tasks.getTask(name);
      expect(task).toMatchObject({ revision: 2n, data: { n: 1 } });
      expect(provenance).toMatchObject({ source: Source.HOT, degraded: true });
      expect(Number(provenance?.asOf?.seconds)).toBeGreaterThan(Date.now() / 1000 - 120);
      await expectFailure(clients.tasks.getTask(cold), away);
      await expectFailure(clients.tasks.getTask({ kind: "outage", taskId: "never-was" }), away);
      await expectFailure(clients.tasks.getTask({ ...name, consistency: Consistency.STRONG }), away);
      await expectFailure(clients.tasks.getTask({ ...name, minRevision: 3n }), { code: "Unavailable" });
    });

    it("a list or a count is an error, never empty", async () => {
      await expectFailure(clients.tasks.listTasks({}), away);
      await expectFailure(clients.tasks.countTasks({}), away);
      await expectFailure(clients.tasks.listTaskEvents(name), away);
      await expectFailure(clients.schemas.listSchemas({}), away);
      await expectFailure(clients.schemas.getSchema({ name: "s" }), away);
    });

    it("the cache goes on", async () => {
      expect((await clients.cache.getEntry({ key: "k" })).entry?.value).toMatchObject(text("v"));
      await clients.cache.setEntry({ key: "k2", value: text("v") });
      const status = await clients.status.getStatus({});
      expect([status.hot?.reachable, status.durable?.reachable]).toEqual([true, false]);
    });

    it("back, everything works again without a restart, and nothing is lost", async () => {
      await ferret.restart();
      await reached(Mode.NORMAL);
      const { task } = await clients.tasks.updateTask({ ...name, data: { m: 3 } });
      expect(task).toMatchObject({ revision: 3n, data: { n: 1, m: 3 } });
      await servedHot();
      expect((await clients.tasks.listTasks({ kind: "outage" })).tasks).toHaveLength(2);
      expect((await clients.cache.getEntry({ key: "k2" })).entry).toBeDefined();
    }, 60_000);
  });

  it("with both away it still says how it is, and recovers", async () => {
    await Promise.all([redis.kill(), ferret.kill()]);
    const status = await reached(Mode.DURABLE_DOWN);
    expect(status.durable?.reachable).toBe(false);
    await expectFailure(clients.tasks.getTask(name), { code: "Unavailable" });
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
    await Promise.all([redis.restart(), ferret.restart()]);
    await reached(Mode.NORMAL);
    expect((await clients.tasks.getTask(name)).task?.revision).toBe(3n);
  }, 60_000);
});
