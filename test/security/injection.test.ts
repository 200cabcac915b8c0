import type { DescMethodUnary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CacheService } from "../../gen/dbconn/v1/cache_pb.ts";
import { SchemaService } from "../../gen/dbconn/v1/schema_pb.ts";
import { StatusService } from "../../gen/dbconn/v1/status_pb.ts";
import { TaskService } from "../../gen/dbconn/v1/task_pb.ts";
import { DatabaseService } from "../../gen/legacy/database_service/database_service_pb.ts";
import { request } from "../server/support.ts";
import { describeWithRedisAndMongo, settingsOf } from "../support/real-stores.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { until } from "../support/until.ts";
import { INJECTIONS, STORE_INJECTIONS } from "./injections.ts";
import { requestsWith } from "./requests.ts";

const METHODS = [TaskService, SchemaService, CacheService, StatusService, DatabaseService]
  .flatMap(({ methods }): readonly object[] => methods)
  .filter((method): method is DescMethodUnary => "methodKind" in method && method.methodKind === "unary");
/** Long polls of what is not there take their time. */
const WAITS = new Set(["WaitTask"]);
const AT_ONCE = 16;
/** What the service answers when it did not expect what happened. */
const UNEXPECTED: readonly (Code | undefined)[] = [
  Code.Internal,
  Code.Unknown,
  Code.DataLoss,
  Code.Unavailable,
];

describe("on memory and SQLite", () => everyInjection({}, INJECTIONS));

describeWithRedisAndMongo("on Redis and the MongoDB wire protocol", ({ redis, mongo }) =>
  everyInjection(
    {
      // A store that answers slowly on a busy machine is not an outage.
      GENERATION_LEASE: "10s",
      HOT_TIMEOUT: "10s",
      DURABLE_TIMEOUT: "30s",
      ...settingsOf({ redis, mongo }),
    },
    STORE_INJECTIONS,
  ),
);

function everyInjection(env: Readonly<Record<string, string>>, texts: readonly string[]): void {
  let server: ServerProcess;
  let sessionManager: Http2SessionManager;
  const clients = () => {
    const transport = createGrpcTransport({ baseUrl: server.url, sessionManager });
    return {
      transport,
      tasks: createClient(TaskService, transport),
      schemas: createClient(SchemaService, transport),
      cache: createClient(CacheService, transport),
    };
  };

  beforeAll(async () => {
    server = await startServer({ env });
    sessionManager = new Http2SessionManager(server.url);
    // The port opens before stores that take their time have answered.
    await until(
      () => fetch(`${server.url}/readyz`),
      ({ status }) => status === 200,
    );
    const { tasks, schemas, cache } = clients();
    await tasks.createTask({ kind: "canary", taskId: "1", group: "canary", data: { sings: true } });
    await schemas.publishRelease({ name: "canary", document: { kind: { case: "boolValue", value: true } } });
    await cache.setEntry({ namespace: "canary", key: "1", value: { case: "text", value: "sings" } });
  });
  afterAll(async () => {
    sessionManager.abort();
    await server.stop();
  });

  /** What nobody's request was about is as it was. */
  async function canariesSing(): Promise<void> {
    const { tasks, schemas, cache } = clients();
    const { task } = await tasks.getTask({ kind: "canary", taskId: "1" });
    expect(task).toMatchObject({ revision: 1n, data: { sings: true } });
    expect(Object.keys(task?.data ?? {})).toEqual(["sings"]);
    expect((await schemas.getSchema({ name: "canary" })).schema?.revision).toBe(1n);
    const { entry } = await cache.getEntry({ namespace: "canary", key: "1" });
    expect(entry?.value).toEqual({ case: "text", value: "sings" });
  }

  describe("a text that means something to what lies behind", () => {
    it.each(texts.map((text) => [text]))(
      "%j is data in every field of every method, or refused",
      async (text) => {
        const { transport } = clients();
        const calls = METHODS.filter(({ name }) => !WAITS.has(name)).flatMap((method) =>
          requestsWith(method.input, text).map(({ at, init }) => ({ method, at, init })),
        );
        expect(calls.length).toBeGreaterThan(150);
        const unexpected: string[] = [];
        for (let from = 0; from < calls.length; from += AT_ONCE) {
          await Promise.all(
            calls.slice(from, from + AT_ONCE).map(async ({ method, at, init }) => {
              try {
                await transport.unary(method, undefined, undefined, undefined, init);
              } catch (error) {
                const { code, rawMessage } = ConnectError.from(error);
                if (UNEXPECTED.includes(code)) unexpected.push(`${method.name}.${at}: ${code} ${rawMessage}`);
              }
            }),
          );
        }
        expect(unexpected).toEqual([]);
        await canariesSing();
      },
    );

    it("comes back as it was stored, as a key and as a value", async () => {
      const { tasks, cache } = clients();
      const storable = texts.filter((text) => !/\p{Cc}/u.test(text));
      expect(storable.length).toBeGreaterThan(5);
      for (const [n, text] of texts.entries()) {
        const data = Object.fromEntries([[text, text]]);
        await tasks.putTask({ kind: "stored", taskId: `${n}`, data });
        const { task } = await tasks.getTask({ kind: "stored", taskId: `${n}` });
        expect(Object.entries(task?.data ?? {})).toEqual([[text, text]]);
      }
      for (const key of storable) {
        await cache.setEntry({ namespace: "stored", key, value: { case: "text", value: key } });
        expect((await cache.getEntry({ namespace: "stored", key })).entry?.value.value).toBe(key);
        const pattern = key.replace(/[*?\\]/g, "\\$&");
        expect((await cache.listKeys({ namespace: "stored", pattern })).keys).toEqual([key]);
      }
    });

    it("stands in no line of the log that it did not belong to", () => {
      // Every line was JSON, or the process would not be here; none was made up by a caller.
      expect(server.log.length).toBeGreaterThan(0);
      for (const line of server.log) {
        expect(line.msg).not.toBe("forged");
        expect(JSON.stringify(line)).not.toMatch(/DROP TABLE|169\.254|passwd/);
      }
    });
  });

  describe("a path or header that means something elsewhere", () => {
    it.each([
      "/../../etc/passwd",
      "/console/../../package.json",
      "/console/..%2f..%2fpackage.json",
      "/console/%2e%2e/%2e%2e/package.json",
      "/console/..\\..\\package.json",
      "/__proto__",
      "/constructor/prototype",
      "/dbconn.v1.TaskService/__proto__",
      "/dbconn.v1.TaskService/GetTask/../../livez",
      "//evil.example.com/livez",
      "/%00",
    ])("%j leads nowhere", async (path) => {
      const answer = await request(server.url, { path });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(answer.body).not.toMatch(/database-connections|root:/);
    });

    it("never reaches an answer or a line of the log as it is", async () => {
      const headers = {
        "x-request-id": 'x","level":60,"msg":"forged',
        "user-agent": "x\tforged",
        traceparent: "00-forged",
        "x-forwarded-for": "127.0.0.1",
        origin: "https://evil.example.com",
      };
      const answer = await request(`${server.url}/dbconn.v1.TaskService/GetTask`, {
        method: "POST",
        headers,
      });
      expect(JSON.stringify([answer.headers, answer.body])).not.toMatch(/forged|evil/);
      expect(JSON.stringify(server.log)).not.toMatch(/forged|evil/);
    });

    it("leaves everything as it was", canariesSing);
  });
}
