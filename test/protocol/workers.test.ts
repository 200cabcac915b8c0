// WORKERS: several processes on the one port, as they are run.
import { readFileSync } from "node:fs";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { Consistency } from "../../gen/dbconn/v1/common_pb.ts";
import { StatusService } from "../../gen/dbconn/v1/status_pb.ts";
import { TaskService } from "../../gen/dbconn/v1/task_pb.ts";
import { restartPause } from "../../src/main/workers.ts";
import { FaultProxy } from "../fault/proxy.ts";
import { describeWithRedisAndMongo, settingsOf } from "../support/real-stores.ts";
import { type LogLine, type ServerProcess, startServer } from "../support/server-process.ts";
import { until } from "../support/until.ts";

const WRITERS = 4;
const WRITES_BEFORE = 40;
const WRITES_AFTER = 40;
const CALL_TIMEOUT_MS = 5_000;

describeWithRedisAndMongo("a service of two workers", ({ redis, mongo }) => {
  let server: ServerProcess;
  const sessions: Http2SessionManager[] = [];
  beforeAll(async () => {
    server = await startServer({
      env: {
        WORKERS: "2",
        ...settingsOf({ redis, mongo }),
      },
    });
  });
  afterEach(() => {
    for (const session of sessions.splice(0)) session.abort();
  });
  afterAll(() => server?.stop());

  const connect = () => {
    const sessionManager = new Http2SessionManager(server.url);
    sessions.push(sessionManager);
    return createGrpcTransport({ baseUrl: server.url, sessionManager });
  };
  const workers = () =>
    server.log.filter(({ msg }) => msg === "worker serving").map(({ pid }) => Number(pid));

  it("deals connections out evenly", async () => {
    // One after the other, so that each is dealt out before the next comes.
    const instances: string[] = [];
    for (let n = 0; n < 8; n++) {
      const { instanceId } = await createClient(StatusService, connect()).getStatus({});
      instances.push(instanceId);
    }
    const counts = [...new Set(instances)].map((id) => instances.filter((other) => other === id).length);
    expect(counts).toEqual([4, 4]);
  });

  it("loses no acknowledged write when a worker is killed, and starts another", async () => {
    const [victim = Number.NaN] = await until(
      async () => workers(),
      (pids) => pids.length === 2,
    );
    const acknowledged: string[] = [];
    let failed = 0;
    let killed = false;
    const write = async (writer: number): Promise<void> => {
      let tasks = createClient(TaskService, connect());
      let after = 0;
      for (let n = 0; after < WRITES_AFTER / WRITERS; n++) {
        const taskId = `w${writer}-${n}`;
        // A connection that is on its way to a process when that is killed is never answered on.
        const call = tasks.createTask({ kind: "worker-killed", taskId }, { timeoutMs: CALL_TIMEOUT_MS });
        const done = await call.then(
          () => true,
          () => false,
        );
        if (done) {
          acknowledged.push(taskId);
          if (killed) after++;
        } else {
          failed++;
          tasks = createClient(TaskService, connect());
        }
        if (acknowledged.length >= WRITES_BEFORE && !killed) {
          killed = true;
          process.kill(victim, "SIGKILL");
        }
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));

    const tasks = createClient(TaskService, connect());
    const names = acknowledged.map((taskId) => ({ kind: "worker-killed", taskId }));
    const { results } = await tasks.batchGetTasks({ names, consistency: Consistency.STRONG });
    expect(names.length).toBeGreaterThanOrEqual(WRITES_BEFORE + WRITES_AFTER);
    expect(failed).toBeGreaterThan(0);
    expect(results.map(({ result }) => result.case)).toEqual(names.map(() => "task"));

    await until(
      async () => workers(),
      (pids) => pids.length === 3,
    );
    expect(server.log).toContainEqual(
      expect.objectContaining({ msg: "a worker ended and is started again", pid: victim, signal: "SIGKILL" }),
    );
  });

  it("ends every worker on SIGTERM, with exit code 0", async () => {
    expect(await server.stop()).toBe(0);
    expect(server.log.filter(({ msg }) => msg === "stopped").map(({ worker }) => worker)).toHaveLength(2);
  });
});

describeWithRedisAndMongo("workers whose first process is killed", ({ redis, mongo }) => {
  it("end, though nobody takes what they have left to log", async () => {
    const server = await startServer({ env: { WORKERS: "2", ...settingsOf({ redis, mongo }) } });
    onTestFinished(async () => void (await server.kill()));
    const pids = await until(
      async () => server.log.filter(({ msg }) => msg === "worker serving").map(({ pid }) => Number(pid)),
      (found) => found.length === 2,
    );
    onTestFinished(() => {
      for (const pid of pids.filter(isRunning)) process.kill(pid, "SIGKILL");
    });
    const clients = [1, 2].map(() => {
      const sessionManager = new Http2SessionManager(server.url);
      onTestFinished(() => sessionManager.abort());
      return createClient(StatusService, createGrpcTransport({ baseUrl: server.url, sessionManager }));
    });
    for (const client of clients) await client.getStatus({});
    process.kill(server.pid, "SIGSTOP");
    // More lines than the way to the first process holds.
    for (let n = 0; n < 40; n++) {
      await Promise.all(clients.flatMap((client) => Array.from({ length: 100 }, () => client.getStatus({}))));
    }
    await server.kill();
    await until(
      async () => pids.filter(isRunning),
      (running) => running.length === 0,
    );
  });
});

/** Neither gone nor a zombie that nobody waits for. */
function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

describeWithRedisAndMongo("workers whose store is away at the start", ({ redis, mongo }) => {
  it("leave the port to one of them until they are ready", async () => {
    const uri = new URL(mongo.uri);
    const proxy = await FaultProxy.start(Number(uri.port));
    onTestFinished(() => proxy.close());
    proxy.set({ kind: "reset" });
    uri.port = String(proxy.port);
    const seen: LogLine[] = [];
    const of = (wanted: string) => seen.filter(({ msg }) => msg === wanted).map(({ worker }) => worker);
    const starting = startServer({
      env: {
        WORKERS: "2",
        ...settingsOf({ redis, mongo }),
        MONGODB_URI: uri.href,
      },
      keeps: (line) => seen.push(line) > 0,
    });
    onTestFinished(async () => void (await (await starting).stop()));
    await until(
      async () =>
        of("another worker serves while this one is not ready").length + of("worker serving").length,
      (decided) => decided === 2,
    );
    const [waiting] = of("another worker serves while this one is not ready");
    expect(of("worker serving")).toEqual([waiting === 1 ? 2 : 1]);

    proxy.heal();
    await starting;
    // What a worker says comes by another way than that it listens.
    const serving = await until(
      async () => of("worker serving"),
      (workers) => workers.length === 2,
    );
    expect(serving).toEqual([waiting === 1 ? 2 : 1, waiting]);
    const reached = seen.findIndex(
      ({ msg, worker, mode }) =>
        msg === "mode of the stores" && mode !== "durable_down" && worker === waiting,
    );
    const serves = seen.findIndex(({ msg, worker }) => msg === "worker serving" && worker === waiting);
    expect(reached).toBeGreaterThan(-1);
    expect(serves).toBeGreaterThan(reached);
  });
});

describe("the pause before a worker is started again", () => {
  it("doubles while workers end soon, up to half a minute", () => {
    const pauses = [0];
    for (let n = 0; n < 12; n++) pauses.push(restartPause(pauses.at(-1) ?? 0, 1_000));
    expect(pauses.slice(1, 5)).toEqual([100, 200, 400, 800]);
    expect(pauses.at(-1)).toBe(30_000);
  });

  it("is short again after a worker was well", () => {
    expect(restartPause(30_000, 3_600_000)).toBe(100);
  });
});

it("a service of workers that cannot start ends, with their exit code", async () => {
  const taken = await startServer();
  const stores = { REDIS_URL: "redis://127.0.0.1:1", MONGODB_URI: "mongodb://127.0.0.1:1" };
  try {
    await expect(startServer({ env: { WORKERS: "2", PORT: String(taken.port), ...stores } })).rejects.toThrow(
      /ended with 1:.*did not start: .*EADDRINUSE/s,
    );
  } finally {
    await taken.stop();
  }
});
