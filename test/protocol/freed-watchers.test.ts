// What a watcher takes of an instance, and that it is given back: when the client cancels, when its connection is gone,
// and while it does not read.
import { once } from "node:events";
import http2 from "node:http2";
import { setImmediate as turn } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  TaskService,
  WatchTasksRequestSchema,
  WatchTasksResponseSchema,
} from "../../gen/dbconn/v1/task_pb.ts";
import { errorInterceptor } from "../../src/rpc/interceptors/errors.ts";
import { taskService } from "../../src/rpc/task-service.ts";
import { createLimits } from "../../src/server/limits.ts";
import { createReadiness } from "../../src/server/readiness.ts";
import { createServer } from "../../src/server/server.ts";
import { until } from "../support/until.ts";
import { creation, openTasks, put } from "../unit/tasks/support.ts";
import { connect, PROTOCOLS } from "./transports.ts";

const NAME = { kind: "import", taskId: "t1" };
const RESOURCE_EXHAUSTED = "8";

/** The service in this process, so that the test can count who listens. */
async function served() {
  const { tasks, watches, feed } = await openTasks();
  await tasks.create(creation({ group: "g" }));
  const readiness = createReadiness();
  const log = { info: () => {}, error: () => {} };
  const server = await createServer({
    routes: (router) => router.service(TaskService, taskService(tasks, watches)),
    interceptors: [errorInterceptor(log)],
    limits: createLimits({}),
    corsOrigins: [],
    readiness,
    log,
    unaryLane: true,
    errorDomain: "dbconn",
  });
  const { port } = await server.listen("127.0.0.1", 0);
  readiness.setReady(true);
  onTestFinished(async () => {
    await server.close(100);
  });
  const listeners = (count: number) =>
    until(
      async () => feed.listeners,
      (seen) => seen === count,
    );
  return { url: `http://127.0.0.1:${port}`, tasks, listeners };
}

/** A watch whose answers are read only when the test says so. */
async function unread(url: string) {
  const session = http2.connect(url);
  onTestFinished(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": "/dbconn.v1.TaskService/WatchTasks",
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.on("error", () => {});
  const message = toBinary(WatchTasksRequestSchema, create(WatchTasksRequestSchema, { kind: NAME.kind }));
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  stream.end(frame);
  await once(stream, "response");
  return { session, stream };
}

/** More than the log of changes holds, and than all buffers on the way. */
async function flood(tasks: Awaited<ReturnType<typeof served>>["tasks"]) {
  const data = { text: "x".repeat(250_000) };
  for (let at = 0; at < 200; at++) {
    await tasks.put(put({ taskId: `big${at}`, data }));
    await turn();
  }
}

describe("a watcher", () => {
  it.each(PROTOCOLS.filter((protocol) => !protocol.includes("GET")))(
    "over %s that cancels frees its place at once",
    async (protocol) => {
      const { url, listeners } = await served();
      const clients = connect(protocol, url);
      onTestFinished(clients.close);
      const call = new AbortController();
      const ended = [NAME, { group: "g" }].map(async (question) => {
        for await (const item of clients.tasks.watchTasks(question, { signal: call.signal })) {
          expect(item.$typeName).toBe(WatchTasksResponseSchema.typeName);
        }
      });
      const waiting = clients.tasks.waitTask(NAME, { signal: call.signal });
      await listeners(3);
      call.abort();
      await Promise.allSettled([...ended, waiting]);
      await listeners(0);
    },
  );

  it("whose connection is gone frees its place", async () => {
    const { url, listeners } = await served();
    const { session } = await unread(url);
    await listeners(1);
    session.destroy();
    await listeners(0);
  });

  it("that does not read frees its place when it cancels", async () => {
    const { url, tasks, listeners } = await served();
    const { stream } = await unread(url);
    await listeners(1);
    await flood(tasks);
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await listeners(0);
  });

  it("that did not read is told to resume, when it reads on", async () => {
    const { url, tasks, listeners } = await served();
    const { stream } = await unread(url);
    await listeners(1);
    await flood(tasks);
    const trailers = once(stream, "trailers");
    stream.resume();
    expect((await trailers)[0]["grpc-status"]).toBe(RESOURCE_EXHAUSTED);
    await listeners(0);
  });
});
