// The JSON that curl users see and write.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ServerProcess, startServer } from "../support/server-process.ts";

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

let server: ServerProcess;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Record<string, unknown>;
}

async function post(method: string, body: unknown): Promise<Answer> {
  const answer = await fetch(`${server.url}/dbconn.v1.${method}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return {
    status: answer.status,
    headers: answer.headers,
    json: (await answer.json()) as Record<string, unknown>,
  };
}

describe("tasks in JSON", () => {
  it("are plain: data as written, int64 as text, enums by name, times in RFC 3339", async () => {
    const data = { rows: 10, ratio: 0.5, "a.b": [null, true, "x"], nested: { __proto__x: {} } };
    const { status, headers, json } = await post("TaskService/CreateTask", {
      kind: "json",
      task_id: "1",
      state: "TASK_STATE_PROCESSING",
      progress: 0.25,
      code: -1,
      data,
    });
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(json).toEqual({
      appliedRevision: "1",
      task: {
        kind: "json",
        taskId: "1",
        group: "default",
        state: "TASK_STATE_PROCESSING",
        code: -1,
        progress: 0.25,
        data,
        createTime: expect.stringMatching(RFC_3339),
        updateTime: expect.stringMatching(RFC_3339),
        hotTtl: "3600s",
        hotExpireTime: expect.stringMatching(RFC_3339),
        revision: "1",
        etag: expect.stringMatching(/./),
      },
    });
  });

  it("take field names in both spellings, int64 as text or number, enums by name or number", async () => {
    await post("TaskService/CreateTask", { kind: "both", taskId: "1" });
    const read = await post("TaskService/GetTask", {
      kind: "both",
      task_id: "1",
      min_revision: "1",
      consistency: 2,
    });
    expect(read.json).toMatchObject({
      task: { taskId: "1" },
      provenance: { source: "SOURCE_DURABLE", asOf: expect.stringMatching(RFC_3339) },
    });
    const again = await post("TaskService/GetTask", { kind: "both", taskId: "1", minRevision: 1 });
    expect(again.json).toMatchObject({ task: { revision: "1" } });
    const masked = await post("TaskService/UpdateTask", {
      kind: "both",
      taskId: "1",
      status: "x",
      updateMask: "status",
    });
    expect(masked.json).toMatchObject({ task: { status: "x" }, appliedRevision: "2" });
  });

  it("count in text, zero left out as everywhere in this encoding", async () => {
    const { json } = await post("TaskService/CountTasks", { kind: "nothing" });
    expect(json).toMatchObject({ counts: [{ state: "TASK_STATE_PENDING" }, {}, {}, {}, {}] });
    expect((await post("TaskService/ListTasks", { kind: "nothing" })).json).toEqual({});
  });

  it("are read by GET as well", async () => {
    await post("TaskService/CreateTask", { kind: "get", taskId: "1" });
    const query = new URLSearchParams({ encoding: "json", message: '{"kind":"get","task_id":"1"}' });
    const answer = await fetch(`${server.url}/dbconn.v1.TaskService/GetTask?${query}`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ task: { kind: "get" } });
    const write = await fetch(`${server.url}/dbconn.v1.TaskService/CreateTask?${query}`);
    expect(write.status).toBe(405);
  });
});

describe("cache entries in JSON", () => {
  it("hold numbers beyond a double's, bytes in base64, and lifetimes in seconds", async () => {
    const { json } = await post("CacheService/IncrementEntry", { key: "n", delta: "9007199254740993" });
    expect(json).toMatchObject({ value: "9007199254740993", entry: { text: "9007199254740993" } });
    expect((await post("CacheService/IncrementEntry", { key: "n", delta: 1 })).json).toMatchObject({
      value: "9007199254740994",
    });
    const set = await post("CacheService/SetEntry", { key: "b", data: "AP8=", ttl: "1.5s" });
    expect(set.json).toEqual({
      entry: {
        namespace: "default",
        key: "b",
        expireTime: expect.stringMatching(RFC_3339),
        etag: expect.anything(),
      },
    });
    expect((await post("CacheService/GetEntry", { key: "b" })).json).toMatchObject({
      entry: { data: "AP8=" },
    });
  });

  it("of a batch fail each for itself, with details that can be read", async () => {
    const { status, json } = await post("CacheService/BatchGetEntries", { keys: ["nobody", ""] });
    expect(status).toBe(200);
    const info = (reason: string) => ({
      "@type": "type.googleapis.com/google.rpc.ErrorInfo",
      domain: "dbconn",
      reason,
    });
    expect(json).toMatchObject({
      results: [
        { status: { code: 5, details: [info("ENTRY_NOT_FOUND")] } },
        {
          status: {
            code: 3,
            details: [
              info("INVALID_FIELD"),
              {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                fieldViolations: [{ field: "keys[1]" }],
              },
            ],
          },
        },
      ],
    });
  });
});

describe("schemas in JSON", () => {
  it("are documents as written, true among them", async () => {
    const document = { type: "object", properties: { n: { maximum: 1e21 } } };
    const published = await post("SchemaService/PublishRelease", { name: "json", document });
    expect(published.json).toMatchObject({ outcome: "OUTCOME_CREATED", release: { release: 1 } });
    expect((await post("SchemaService/GetRelease", { name: "json" })).json).toMatchObject({
      release: { document, dialect: "DIALECT_2020_12" },
    });
    await post("SchemaService/PublishRelease", { name: "json", document: true });
    expect((await post("SchemaService/GetRelease", { name: "json" })).json).toMatchObject({
      release: { document: true },
    });
    const judged = await post("SchemaService/ValidateDocuments", { name: "json", documents: [null, 1, "x"] });
    expect(judged.json).toEqual({ release: 2, results: [{ valid: true }, { valid: true }, { valid: true }] });
  });
});

describe("errors in JSON", () => {
  it.each([
    ["TaskService/GetTask", { kind: "no", task_id: "1" }, 404, "not_found", "TASK_NOT_FOUND"],
    ["TaskService/GetTask", {}, 400, "invalid_argument", "INVALID_FIELD"],
    ["TaskService/UpdateTask", { kind: "no", task_id: "1", code: 1 }, 404, "not_found", "TASK_NOT_FOUND"],
    [
      "CacheService/SetEntry",
      { key: "c", text: "x", condition: 2 },
      400,
      "failed_precondition",
      "CONDITION_NOT_MET",
    ],
    ["SchemaService/GetSchema", { name: "nobody" }, 404, "not_found", "SCHEMA_NOT_FOUND"],
  ])("%s %j is HTTP %s, %s, %s", async (method, body, status, code, reason) => {
    const answer = await post(method, body);
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({
      code,
      message: expect.stringMatching(/./),
      details: expect.arrayContaining([
        expect.objectContaining({
          type: "google.rpc.ErrorInfo",
          debug: expect.objectContaining({ reason, domain: "dbconn" }),
        }),
      ]),
    });
  });

  it("an unknown path is JSON, too", async () => {
    const answer = await post("TaskService/Nothing", {});
    expect(answer.status).toBe(404);
    expect(answer.json).toMatchObject({ code: "unimplemented" });
  });
});
