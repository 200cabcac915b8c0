import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Outcome } from "../../gen/dbconn/v1/schema_pb.ts";
import { Mode } from "../../gen/dbconn/v1/status_pb.ts";
import { TaskEventType, TaskState } from "../../gen/dbconn/v1/task_pb.ts";
import { PropertyType } from "../../gen/legacy/utils/utils_pb.ts";
import { value } from "../protocol/values.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { type Clients, connectBoth, modeIs, serves } from "./clients.ts";

const { STRING, INTEGER, BOOLEAN } = PropertyType;

let server: ServerProcess;
let clients: Clients;
beforeAll(async () => {
  server = await startServer();
  clients = connectBoth(server.url);
  await modeIs(clients, Mode.NORMAL);
});
afterAll(async () => {
  clients.close();
  await server.stop();
});

function setTask(taskId: string, status: string, data: Record<string, string> = {}) {
  return clients.old.setTaskId({ taskId, task: "import", value: { status, code: 202, message: "m", data } });
}

async function taskOf(taskId: string) {
  return (await clients.tasks.getTask({ kind: "import", taskId })).task;
}

describe("a task of an old client", () => {
  it.each([
    ["accepted", TaskState.PENDING, 1800n],
    ["processing-file", TaskState.PROCESSING, 3600n],
    ["warning", TaskState.PROCESSING, 3600n],
    ["success", TaskState.COMPLETED, 3600n],
    ["completed", TaskState.COMPLETED, 86_400n],
    ["published", TaskState.COMPLETED, 43_200n],
    ["failed-upload", TaskState.FAILED, 43_200n],
    ["never heard of", TaskState.PENDING, 1800n],
  ])(
    "with status %s has the state and the lifetime that the text stands for",
    async (status, state, seconds) => {
      await setTask(`set-${status.replaceAll(" ", "-")}`, status);
      expect(await taskOf(`set-${status.replaceAll(" ", "-")}`)).toMatchObject({
        status,
        state,
        hotTtl: { seconds },
      });
      await setTask("updated", "accepted");
      await clients.old.updateTaskId({ taskId: "updated", task: "import", field: "status", value: status });
      expect(await taskOf("updated")).toMatchObject({ status, state, hotTtl: { seconds } });
    },
  );

  it("is read and listed by a new one, under the name that was percent-encoded", async () => {
    await setTask("año 1", "accepted", { import_name: "una importación", rows: "10" });
    const { task } = await clients.tasks.getTask({ kind: "import", taskId: "a%C3%B1o%201" });
    expect(task).toMatchObject({ group: "una%20importaci%C3%B3n", data: { rows: "10" }, code: 202 });
    const { tasks } = await clients.tasks.listTasks({ kind: "import", group: "una%20importaci%C3%B3n" });
    expect(tasks.map(({ taskId }) => taskId)).toEqual(["a%C3%B1o%201"]);
  });

  it("goes from any status to any, and the history says where the rules did not allow it", async () => {
    await setTask("history", "accepted");
    for (const value of ["processing-file", "completed", "accepted"]) {
      await clients.old.updateTaskId({ taskId: "history", task: "import", field: "status", value });
    }
    await clients.old.updateTaskId({ taskId: "history", task: "import", field: "message", value: "x" });
    await setTask("history", "completed");
    const { events } = await clients.tasks.listTaskEvents({ kind: "import", taskId: "history" });
    const { CREATED, UPDATED, OVERRIDDEN, REPLACED } = TaskEventType;
    const types = events.map(({ type }) => type);
    expect(types).toEqual([CREATED, UPDATED, UPDATED, OVERRIDDEN, UPDATED, REPLACED]);
  });

  it("that is not there is not made by an update, not even in part", async () => {
    const answer = await clients.old.updateTaskId({
      taskId: "half",
      task: "import",
      field: "status",
      value: "error",
    });
    expect(answer).toMatchObject({ success: false, message: "there is no such task" });
    await expect(taskOf("half")).rejects.toMatchObject({ code: Code.NotFound });
    const history = clients.tasks.listTaskEvents({ kind: "import", taskId: "half" });
    await expect(history).rejects.toMatchObject({ code: Code.NotFound });
  });

  it("moves to another import name with its data", async () => {
    await setTask("moving", "accepted", { import_name: "here" });
    await clients.old.updateTaskId({
      ...{ taskId: "moving", task: "import", field: "status", value: "accepted" },
      data: { import_name: "there" },
    });
    const { tasks: here } = await clients.old.getTasksByImportName({ task: "import", importName: "here" });
    const { tasks: there } = await clients.old.getTasksByImportName({ task: "import", importName: "there" });
    expect([here.length, there.length]).toEqual([0, 1]);
  });

  it("of a new one is read with values as text", async () => {
    await clients.tasks.createTask({
      ...{ kind: "import", taskId: "new", state: TaskState.PROCESSING, status: "mine" },
      data: { text: "10", number: 10, flag: true, none: null, list: [1, "a"], object: { a: 1 } },
    });
    const found = await clients.old.getTaskId({ taskId: "new", task: "import" });
    expect(found.value?.data).toEqual({
      ...{ text: "10", number: "10", flag: "true", none: "null" },
      ...{ list: '[1,"a"]', object: '{"a":1}' },
    });
  });

  it("whose message is beyond the limit is refused with the reason", async () => {
    const answer = await clients.old.setTaskId({
      taskId: "long",
      task: "import",
      value: { status: "error", message: "x".repeat(4097) },
    });
    expect(answer.success).toBe(false);
    expect(answer.message).toContain("4096");
    await expect(taskOf("long")).rejects.toMatchObject({ code: Code.NotFound });
  });
});

describe("the cache of old clients", () => {
  it("is the namespace legacy, and nothing beside it can be seen or cleared", async () => {
    const { old, cache } = clients;
    await setTask("beside", "accepted");
    await cache.setEntry({ namespace: "user", key: "k", value: { case: "text", value: "mine" } });
    await old.redisSet({ key: "k", value: "theirs" });
    const { entry } = await cache.getEntry({ namespace: "legacy", key: "k" });
    expect(entry?.value).toEqual({ case: "text", value: "theirs" });
    const left = Number(entry?.expireTime?.seconds) - Date.now() / 1000;
    expect(Math.abs(left - 1800)).toBeLessThan(60);

    expect((await old.redisGetCache({})).cache).toEqual({ k: "theirs" });
    expect((await old.redisGetKeys({ pattern: "*" })).keys).toEqual(["k"]);
    expect(await old.redisClearCache({})).toMatchObject({ success: true });
    expect((await old.redisGet({ key: "k" })).found).toBe(false);
    expect((await cache.getEntry({ namespace: "user", key: "k" })).entry?.value.value).toBe("mine");
    expect((await old.getTaskId({ taskId: "beside", task: "import" })).found).toBe(true);
  });

  it("answers bytes of a new client with INVALID_ARGUMENT, never as broken text", async () => {
    const { old, cache } = clients;
    await cache.setEntry({
      namespace: "legacy",
      key: "bytes",
      value: { case: "data", value: Uint8Array.from([0xff, 0x00]) },
    });
    await expect(old.redisGet({ key: "bytes" })).rejects.toMatchObject({ code: Code.InvalidArgument });
    await expect(old.redisGetCache({})).rejects.toMatchObject({ code: Code.InvalidArgument });
    expect((await old.redisGetKeys({ pattern: "b*" })).keys).toEqual(["bytes"]);
    expect((await old.redisDelete({ keys: ["bytes", "bytes"] })).count).toBe(1);
  });

  it("lists every key, however many there are", async () => {
    const { old, cache } = clients;
    const keys = Array.from({ length: 2500 }, (_, index) => `many:${index}`);
    for (let at = 0; at < keys.length; at += 500) {
      const requests = keys
        .slice(at, at + 500)
        .map((key) => ({ namespace: "legacy", key, value: { case: "text" as const, value: key } }));
      await cache.batchSetEntries({ requests });
    }
    const found = (await old.redisGetKeys({ pattern: "many:*" })).keys;
    expect(found.toSorted()).toEqual(keys.toSorted());
    expect(Object.keys((await old.redisGetCache({})).cache)).toHaveLength(keys.length);
    expect((await old.redisDelete({ keys })).count).toBe(keys.length);
  });
});

const PEOPLE = {
  schema: "http://json-schema.org/draft-07/schema#",
  type: "object",
  required: ["zip"],
  properties: {
    zip: { type: STRING, extra: { minLength: "5", default: "00501" } },
    age: { type: INTEGER, extra: { minimum: "10" } },
    ok: { type: BOOLEAN, extra: { default: "True" } },
  },
};

describe("a schema of an old client", () => {
  it("judges documents with the JSON types that the keywords need", async () => {
    await clients.old.mongoInsertOneSchema({ importName: "judging", activeSchema: PEOPLE });
    const documents = [{ zip: "00501", age: 10, ok: true }, { zip: "501" }, { zip: "00501", age: 9 }, {}].map(
      value,
    );
    const { results } = await clients.schemas.validateDocuments({ name: "judging", documents });
    expect(results.map(({ valid }) => valid)).toEqual([true, false, false, false]);
    expect(results.flatMap(({ errors }) => errors.map(({ keyword }) => keyword))).toEqual([
      "minLength",
      "minimum",
      "required",
    ]);
  });

  it("is a line of releases for a new one, whose numbers are never used again", async () => {
    const { old, schemas } = clients;
    const insert = (type: string) =>
      old.mongoInsertOneSchema({ importName: "line", createdAt: type, activeSchema: { type } });
    expect((await insert("object")).status).toBe("inserted");
    expect((await insert("array")).status).toBe("updated");
    expect((await schemas.getSchema({ name: "line" })).schema).toMatchObject({
      activeRelease: 2,
      releaseCount: 2,
    });
    await old.mongoDeleteImportName({ importName: "line" });
    expect((await insert("string")).status).toBe("inserted");
    expect((await schemas.getSchema({ name: "line" })).schema).toMatchObject({
      activeRelease: 3,
      releaseCount: 1,
    });
    const { release } = await schemas.getRelease({ name: "line" });
    expect(release).toMatchObject({ createdBy: "legacy", note: "created_at: string" });
  });

  it("may be followed by a release of a new one", async () => {
    const { old, schemas } = clients;
    await old.mongoInsertOneSchema({
      importName: "shared",
      createdAt: "monday",
      activeSchema: { type: "object" },
    });
    const document = value({ type: "object", properties: { a: { type: "integer", maximum: 5 } } });
    const { outcome, release } = await schemas.publishRelease({ name: "shared", document });
    expect(outcome).toBe(Outcome.RELEASED);
    const raw = await old.mongoGetRawSchemas({ importName: "shared" });
    expect(raw.activeSchema?.properties).toMatchObject({ a: { type: INTEGER, extra: { maximum: "5" } } });
    expect(new Date(raw.createdAt).getTime() / 1000).toBeCloseTo(Number(release?.createTime?.seconds), -1);
    expect(raw.schemasReleases.map(({ createdAt }) => createdAt)).toEqual(["monday"]);
    // The same content is no new release, whoever sends it.
    const same = await old.mongoUpdateOneJsonSchema({
      importName: "shared",
      schema: { type: "object", properties: { a: { type: INTEGER, extra: { maximum: "5" } } } },
    });
    expect(same.status).toBe("no_change");
  });

  it("answers FAILED_PRECONDITION where a new one published what the old shape cannot express", async () => {
    const { old, schemas } = clients;
    const document = value({ type: "object", additionalProperties: false });
    await schemas.publishRelease({ name: "modern", document });
    const inexpressible = { code: Code.FailedPrecondition, message: expect.stringContaining("release 1") };
    await expect(old.mongoFindJsonSchema({ importName: "modern" })).rejects.toMatchObject(inexpressible);
    await expect(old.mongoGetRawSchemas({ importName: "modern" })).rejects.toMatchObject(inexpressible);
    const update = { importName: "modern", schema: { type: "object" } };
    expect((await old.mongoUpdateOneJsonSchema(update)).status).toBe("updated");
    expect((await old.mongoFindJsonSchema({ importName: "modern" })).status).toBe("found");
    await expect(old.mongoGetRawSchemas({ importName: "modern" })).rejects.toMatchObject(inexpressible);
  });

  it("that a new one deleted is not found, and is begun anew by an insert", async () => {
    const { old, schemas } = clients;
    await old.mongoInsertOneSchema({ importName: "hidden", activeSchema: { type: "object" } });
    await schemas.deleteSchema({ name: "hidden" });
    expect((await old.mongoFindJsonSchema({ importName: "hidden" })).status).toBe("not_found");
    expect((await old.mongoDeleteOneJsonSchema({ importName: "hidden" })).status).toBe("error");
    const again = { importName: "hidden", activeSchema: { type: "object" } };
    expect((await old.mongoInsertOneSchema(again)).status).toBe("inserted");
    expect((await old.mongoGetRawSchemas({ importName: "hidden" })).schemasReleases).toEqual([]);
  });

  it("inserted by many at once is inserted by one of them", async () => {
    const insert = () => clients.old.mongoInsertOneSchema({ importName: "crowd", activeSchema: PEOPLE });
    const answers = await Promise.all(Array.from({ length: 20 }, insert));
    const statuses = answers.map(({ status }) => status).toSorted();
    expect(statuses).toEqual(["inserted", ...Array.from({ length: 19 }, () => "no_change")]);
  });

  it("loses one release to each of many who delete the active one at once", async () => {
    const { old } = clients;
    for (const type of ["object", "array", "string", "number"]) {
      await old.mongoInsertOneSchema({ importName: "shrinking", activeSchema: { type } });
    }
    const remove = () => old.mongoDeleteOneJsonSchema({ importName: "shrinking" });
    const answers = await Promise.all(Array.from({ length: 3 }, remove));
    expect(answers.map(({ status }) => status)).toEqual(["reverted", "reverted", "reverted"]);
    expect((await old.mongoFindJsonSchema({ importName: "shrinking" })).schema?.type).toBe("object");
  });
});

describe("the old contract", () => {
  it("is in health, and is gone by LEGACY_API=false", async () => {
    const service = "database_service.DatabaseService";
    await serves(clients, service);
    const without = await startServer({ env: { LEGACY_API: "false" } });
    const others = connectBoth(without.url);
    try {
      await serves(others, "");
      await expect(others.old.redisPing({})).rejects.toMatchObject({ code: Code.Unimplemented });
      await expect(others.health.check({ service })).rejects.toMatchObject({ code: Code.NotFound });
    } finally {
      others.close();
      await without.stop();
    }
  });
});
