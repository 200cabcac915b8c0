import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, it, onTestFinished } from "vitest";
import { StatusService } from "../../gen/dbconn/v1/status_pb.ts";
import { TaskService } from "../../gen/dbconn/v1/task_pb.ts";
import { openTracing, wantsTraces } from "../../src/observability/tracing.ts";
import { describeWithRedisAndMongo, settingsOf } from "../support/real-stores.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { whenNormal } from "../support/when-normal.ts";
import { type Receiver, type Span, startReceiver } from "./otlp-receiver.ts";

const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const CLIENT_SPAN = "00f067aa0ba902b7";
const SAMPLED = { traceparent: `00-${TRACE_ID}-${CLIENT_SPAN}-01` };
const SECRET = "what-nobody-else-may-read";

async function serve(env: Record<string, string>): Promise<ServerProcess> {
  const server = await startServer({ env });
  onTestFinished(() => void server.stop());
  return server;
}

const sending = ({ endpoint }: Receiver) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
  OTEL_BSP_SCHEDULE_DELAY: "50",
});

const tasksAt = (url: string) => createClient(TaskService, createGrpcTransport({ baseUrl: url }));
const isOfClient = ({ traceId }: Span) => traceId === TRACE_ID;

describeWithRedisAndMongo("a trace that a client began", ({ redis, mongo }) => {
  it("shows the call and what it did on Redis and on MongoDB", async () => {
    const receiver = await startReceiver();
    const server = await serve({
      ...sending(receiver),
      // A store that answers slowly on a busy machine is not an outage.
      GENERATION_LEASE: "10s",
      HOT_TIMEOUT: "5s",
      ...settingsOf({ redis, mongo }),
    });
    const status = createClient(StatusService, createGrpcTransport({ baseUrl: server.url }));
    await whenNormal(status);
    const tasks = tasksAt(server.url);
    const { task } = await tasks.createTask(
      { kind: "k", taskId: "t", data: { secret: SECRET } },
      { headers: SAMPLED },
    );
    expect(task?.taskId).toBe("t");
    await tasks.getTask({ kind: "k", taskId: "t" }, { headers: SAMPLED });
    await server.stop();

    const spans = receiver.spans.filter(isOfClient);
    const calls = spans.filter(({ kind }) => kind === 2);
    expect(calls).toHaveLength(2);
    expect(calls[0]).toMatchObject({
      name: "dbconn.v1.TaskService/CreateTask",
      parentSpanId: CLIENT_SPAN,
      attributes: {
        "rpc.system.name": "grpc",
        "rpc.method": "dbconn.v1.TaskService/CreateTask",
        "rpc.status_code": "OK",
      },
      resource: { "service.name": "database-connections", "service.version": expect.any(String) },
    });
    const [create, get] = calls.map(({ spanId }) => spans.filter((span) => span.parentSpanId === spanId));
    const mongodb = {
      kind: 3,
      name: "update tasks",
      attributes: {
        "db.system.name": "mongodb",
        "db.operation.name": "update",
        "db.collection.name": "tasks",
        "dbconn.store": "durable",
      },
    };
    const confirm = {
      kind: 3,
      name: "confirm redis",
      attributes: { "db.system.name": "redis", "db.operation.name": "confirm", "dbconn.store": "hot" },
    };
    expect(create).toEqual([expect.objectContaining(mongodb), expect.objectContaining(confirm)]);
    expect(get?.map(({ name }) => name)).toEqual(["get_or_lease redis", "get tasks", "fill redis"]);
    expect(JSON.stringify(receiver.spans)).not.toContain(SECRET);
    // What the service does by itself, such as renewing its lease, is nobody's trace.
    const others = receiver.spans.filter((span) => !isOfClient(span)).map(({ name }) => name);
    expect(others.filter((name) => name !== "dbconn.v1.StatusService/GetStatus")).toEqual([]);
    expect(server.log.filter(({ trace_id }) => trace_id === TRACE_ID)).toHaveLength(2);
  });
});

describe("traces of the embedded stores", () => {
  it("leave as protobuf where nothing else is said, and say which call failed and why", async () => {
    const receiver = await startReceiver();
    const { OTEL_EXPORTER_OTLP_PROTOCOL: _, ...env } = sending(receiver);
    const server = await serve(env);
    const call = tasksAt(server.url).getTask({ kind: "k", taskId: "none" }, { headers: SAMPLED });
    await expect(call).rejects.toMatchObject({ code: Code.NotFound });
    await server.stop();
    expect([...receiver.types]).toEqual(["application/x-protobuf"]);
    const sent = Buffer.concat(receiver.bodies);
    expect(sent.includes(Buffer.from(TRACE_ID, "hex"))).toBe(true);
    expect(sent.includes("NOT_FOUND")).toBe(true);
  });

  it("are those that the sampler takes, and those whose client wants one", async () => {
    const receiver = await startReceiver();
    const server = await serve({
      ...sending(receiver),
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0",
    });
    const transport = createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" });
    const tasks = createClient(TaskService, transport);
    await tasks.listTasks({});
    await tasks.listTasks({}, { headers: { traceparent: `00-${TRACE_ID}-${CLIENT_SPAN}-00` } });
    await tasks.listTasks({}, { headers: SAMPLED });
    await server.stop();
    expect(receiver.spans.map(({ name }) => name)).toEqual(["find tasks", "dbconn.v1.TaskService/ListTasks"]);
    expect(receiver.spans.every(isOfClient)).toBe(true);
    const lines = server.log.filter(({ msg }) => msg === "call").map(({ trace_id }) => trace_id);
    expect(lines).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), TRACE_ID, TRACE_ID]);
  });

  it("cost the calls nothing when nobody takes them", async () => {
    const server = await serve({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
      OTEL_BSP_SCHEDULE_DELAY: "50",
    });
    const tasks = tasksAt(server.url);
    for (let count = 0; count < 3; count++) await tasks.listTasks({}, { headers: SAMPLED });
    expect(await server.stop()).toBe(0);
  });
});

describe("OpenTelemetry", () => {
  it.each([
    [{}, false],
    [{ OTEL_TRACES_EXPORTER: "none", OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318" }, false],
    [{ OTEL_SDK_DISABLED: "true", OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318" }, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "" }, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318" }, true],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://c:4318/v1/traces" }, true],
    [{ OTEL_TRACES_EXPORTER: "otlp" }, true],
  ])("with %o is wanted: %s", (environment, wanted) => {
    expect(wantsTraces(environment)).toBe(wanted);
  });

  it("is not there where no traces are wanted", async () => {
    expect(await openTracing({}, { version: "1", instanceId: "i" })).toBeUndefined();
  });
});
