import { enumToJson, type JsonObject, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { Consistency, Source, View } from "../../../gen/dbconn/v1/common_pb.ts";
import * as messages from "../../../gen/dbconn/v1/task_pb.ts";
import { BadRequestSchema, ErrorInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import { errorInterceptor } from "../../../src/rpc/interceptors/errors.ts";
import { taskBytes, taskMessage } from "../../../src/rpc/task-messages.ts";
import { taskService } from "../../../src/rpc/task-service.ts";
import { creation, openTasks } from "./support.ts";

const { TaskState } = messages;
/** gRPC clients take no more than this unless told to. */
const CLIENT_LIMIT = 4 * 1024 * 1024;
const NAME = { kind: "import", taskId: "t1" };

async function opened(format: "binary" | "json" = "binary") {
  const bench = await openTasks({ settings: { retentionMs: { FAILED: 90_000 } } });
  const log = { error: (fields: { readonly err: unknown }) => Promise.reject(fields.err) };
  const transport = createRouterTransport(
    ({ service }) => service(messages.TaskService, taskService(bench.tasks, bench.watches)),
    {
      router: { interceptors: [errorInterceptor(log)], jsonOptions: { ignoreUnknownFields: false } },
      transport: { useBinaryFormat: format === "binary" } as never,
    },
  );
  return { ...bench, client: createClient(messages.TaskService, transport) };
}

async function failure(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => ConnectError.from(reason),
  );
  if (error === undefined) throw new Error("the call did not fail");
  const [info] = error.findDetails(ErrorInfoSchema);
  const fields = error
    .findDetails(BadRequestSchema)
    .flatMap((bad) => bad.fieldViolations.map(({ field }) => field));
  return { code: error.code, reason: info?.reason, metadata: info?.metadata, fields };
}

describe("TaskService", () => {
  it("answers a task with every field", async () => {
    const { client, clock } = await opened();
    const content = {
      group: "g",
      state: TaskState.FAILED,
      status: "s",
      code: -5,
      message: "m",
      data: { a: [1, null, { b: true }], "": "x" },
      progress: 0,
    };
    const { task, replayed, appliedRevision } = await client.createTask({
      ...NAME,
      ...content,
      requestId: "r",
    });
    expect(task).toMatchObject({
      ...NAME,
      ...content,
      hotTtl: { seconds: 43_200n, nanos: 0 },
      revision: 1n,
      etag: expect.stringMatching(/./),
    });
    const times = [task?.createTime, task?.updateTime, task?.hotExpireTime, task?.purgeTime].map((time) =>
      time === undefined ? undefined : timestampMs(time) - clock.time,
    );
    expect(times).toEqual([0, 0, 43_200_000, 90_000]);
    expect([replayed, appliedRevision]).toEqual([false, 1n]);
    const read = await client.getTask({ ...NAME, minRevision: 1n });
    expect(read.task).toEqual(task);
    expect(read.provenance).toMatchObject({ source: Source.DURABLE, degraded: false });
    expect((await client.getTask({ ...NAME, consistency: Consistency.STRONG })).task).toEqual(task);
  });

  it("leaves out what is not there", async () => {
    const { client } = await opened();
    const { task } = await client.createTask(NAME);
    expect(task).toMatchObject({ state: TaskState.PENDING, group: "default", data: {} });
    expect([task?.progress, task?.purgeTime]).toEqual([undefined, undefined]);
    const { tasks } = await client.listTasks({});
    expect(tasks.map(({ taskId, data }) => [taskId, data])).toEqual([["t1", undefined]]);
  });

  it("puts, updates with a mask, cancels and deletes", async () => {
    const { client } = await opened();
    const { task: first } = await client.putTask({ ...NAME, code: 1, data: { a: 1 } });
    const etag = first?.etag ?? "";
    const updated = await client.updateTask({
      ...NAME,
      etag,
      data: { b: 2 },
      updateMask: { paths: ["data", "code"] },
      requestId: "u",
    });
    expect(updated.task).toMatchObject({ code: 0, data: { a: 1, b: 2 }, revision: 2n });
    const stale = await failure(client.putTask({ ...NAME, etag }));
    expect(stale).toMatchObject({ code: Code.Aborted, reason: "ETAG_MISMATCH", metadata: { applied: "no" } });
    const cancelled = await client.cancelTask({ ...NAME, message: "why" });
    expect(cancelled.task).toMatchObject({ state: TaskState.CANCELLED, message: "why" });
    const illegal = await failure(client.updateTask({ ...NAME, state: TaskState.PENDING }));
    expect(illegal).toMatchObject({
      code: Code.FailedPrecondition,
      reason: "ILLEGAL_TRANSITION",
      metadata: { applied: "no", from: "CANCELLED", to: "PENDING" },
    });
    const again = await client.updateTask({
      ...NAME,
      etag,
      data: { b: 2 },
      updateMask: { paths: ["data", "code"] },
      requestId: "u",
    });
    expect(again).toMatchObject({ replayed: true, appliedRevision: 2n, task: { revision: 3n } });
    expect(await client.deleteTask(NAME)).toMatchObject({ existed: true, revision: 4n, appliedRevision: 4n });
    expect(await client.deleteTask(NAME)).toMatchObject({
      existed: false,
      revision: 4n,
      appliedRevision: 0n,
    });
    const gone = await failure(client.getTask(NAME));
    expect(gone).toMatchObject({ code: Code.NotFound, reason: "TASK_NOT_FOUND", metadata: {} });
    const { events } = await client.listTaskEvents(NAME);
    expect(events.map(({ type }) => enumToJson(messages.TaskEventTypeSchema, type))).toEqual([
      "TASK_EVENT_TYPE_CREATED",
      "TASK_EVENT_TYPE_UPDATED",
      "TASK_EVENT_TYPE_CANCELLED",
      "TASK_EVENT_TYPE_DELETED",
    ]);
    expect(events[2]).toMatchObject({ state: TaskState.CANCELLED, message: "why" });
    expect(events[2]?.status).toBeUndefined();
  });

  it("lists and counts by what the request asks for", async () => {
    const { client, clock } = await opened();
    const start = clock.time;
    for (const taskId of ["a", "b", "c"]) {
      await client.createTask({ ...NAME, taskId, data: { taskId } });
      clock.time += 10;
    }
    await client.cancelTask({ ...NAME, taskId: "a" });
    const page = await client.listTasks({ kind: "import", pageSize: 2, view: View.FULL });
    expect(page.tasks.map(({ data }) => data)).toEqual([{ taskId: "c" }, { taskId: "b" }]);
    const rest = await client.listTasks({ kind: "import", pageToken: page.nextPageToken });
    expect([rest.tasks.map(({ taskId }) => taskId), rest.nextPageToken]).toEqual([["a"], ""]);
    const range = {
      createdAfter: timestampFromMs(start),
      createdBefore: timestampFromMs(start + 20),
      updatedBefore: timestampFromMs(start + 20),
      updatedAfter: timestampFromMs(start),
    };
    expect((await client.listTasks(range)).tasks.map(({ taskId }) => taskId)).toEqual(["b"]);
    const states = [TaskState.CANCELLED, TaskState.PENDING];
    const counts = await client.countTasks({ states, group: "default" });
    expect(counts).toMatchObject({
      counts: [
        { state: TaskState.PENDING, count: 2n },
        { state: TaskState.CANCELLED, count: 1n },
      ],
      total: 3n,
    });
  });

  it("reads batches in the order asked, each with its own status", async () => {
    const { client } = await opened();
    await client.createTask(NAME);
    const { results } = await client.batchGetTasks({
      names: [{ kind: "import", taskId: "none" }, NAME, { kind: "", taskId: "x" }],
    });
    expect(results.map(({ result }) => result.case)).toEqual(["status", "task", "status"]);
    expect(results[0]?.result.value).toMatchObject({ code: Code.NotFound });
    expect(results[1]).toMatchObject({ provenance: { degraded: false } });
    expect(results[2]?.result.value).toMatchObject({ code: Code.InvalidArgument });
    expect(results[2]?.provenance).toBeUndefined();
  });

  it("tells the policy", async () => {
    const { client } = await opened();
    const { states } = await client.getTaskPolicy({});
    expect(states.map(({ state }) => state)).toEqual([1, 2, 3, 4, 5]);
    expect(states[1]).toMatchObject({
      nextStates: [TaskState.PROCESSING, TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED],
      terminal: false,
      hotTtl: { seconds: 3_600n },
    });
    expect(states[1]?.retention).toBeUndefined();
    expect(states[3]).toMatchObject({ nextStates: [], terminal: true, retention: { seconds: 90n } });
  });

  it("keeps every key of data, whatever its name, over both formats", async () => {
    const data = JSON.parse('{"__proto__":{"x":1},"constructor":2,"a.b":3,"$set":4,"":5}');
    for (const format of ["binary", "json"] as const) {
      const { client } = await opened(format);
      await client.createTask({ ...NAME, data: {} });
      const { task } = await client.updateTask({ ...NAME, data });
      expect(JSON.stringify(task?.data)).toBe(JSON.stringify(data));
      expect({}).not.toHaveProperty("x");
    }
  });
});

describe("bad messages", () => {
  const ODD = 77 as messages.TaskState;

  it.each<
    [string, { state?: messages.TaskState; kind?: string; progress?: number; data?: JsonObject }, string[]]
  >([
    ["a state without a name", { state: ODD, kind: "/" }, ["state", "kind"]],
    ["a progress that is no number", { progress: Number.NaN }, ["progress"]],
    ["a number in data that is none", { data: { a: Number.POSITIVE_INFINITY } }, ["data"]],
  ])("%s: every field is named", async (_, request, fields) => {
    const { client, tasks } = await opened();
    const bad = { code: Code.InvalidArgument, reason: "INVALID_FIELD", metadata: { applied: "no" }, fields };
    expect(await failure(client.createTask({ ...NAME, ...request }))).toEqual(bad);
    expect(await failure(client.putTask({ ...NAME, ...request }))).toEqual(bad);
    expect(await failure(client.updateTask({ ...NAME, ...request }))).toMatchObject({
      fields: expect.arrayContaining(fields),
    });
    const any = {
      createdAfter: undefined,
      createdBefore: undefined,
      updatedAfter: undefined,
      updatedBefore: undefined,
    };
    expect((await tasks.count({ kind: "", group: "", states: [], ...any })).total).toBe(0);
  });

  it("a state set to unspecified is none", async () => {
    const { client } = await opened();
    await client.createTask({ ...NAME, state: TaskState.UNSPECIFIED });
    expect(
      await failure(client.updateTask({ ...NAME, state: TaskState.UNSPECIFIED, code: 1 })),
    ).toMatchObject({
      fields: ["state"],
    });
    expect(
      await failure(client.listTasks({ states: [TaskState.PENDING, TaskState.UNSPECIFIED, ODD] })),
    ).toMatchObject({
      fields: ["states[1]"],
    });
  });

  it("of reads and lists name every field", async () => {
    const { client } = await opened();
    const consistency = 9 as Consistency;
    expect(
      await failure(client.getTask({ kind: "/", taskId: "t", consistency, minRevision: -1n })),
    ).toMatchObject({
      code: Code.InvalidArgument,
      fields: ["consistency", "min_revision", "kind"],
    });
    expect(await failure(client.batchGetTasks({ names: [], consistency }))).toMatchObject({
      fields: ["consistency", "names"],
    });
    const time = { seconds: 0n, nanos: -1 };
    const range = { createdAfter: time, createdBefore: time, updatedAfter: time, updatedBefore: time };
    expect(
      await failure(client.listTasks({ ...range, view: 9 as View, group: "/", pageSize: -1 })),
    ).toMatchObject({
      fields: [
        "created_after",
        "created_before",
        "updated_after",
        "updated_before",
        "view",
        "group",
        "page_size",
      ],
    });
    expect(await failure(client.countTasks({ kind: "/", createdAfter: time }))).toMatchObject({
      fields: ["created_after", "kind"],
    });
  });
});

describe("big answers", () => {
  // As JSON just below the limit, and five times as big on the wire.
  const numbers = { n: Array.from({ length: 100_000 }, () => 1) };

  it("of lists stop before what clients can receive, and go on in the next page", async () => {
    const { client, tasks } = await opened();
    const ids = Array.from({ length: 7 }, (_, index) => `t${index}`);
    for (const taskId of ids) await tasks.create(creation({ taskId, data: numbers }));
    const seen: string[] = [];
    let pages = 0;
    for (let pageToken = ""; pages === 0 || pageToken !== ""; pages++) {
      const page = await client.listTasks({ pageToken, view: View.FULL });
      expect(toBinary(messages.ListTasksResponseSchema, page).length).toBeLessThan(CLIENT_LIMIT);
      seen.push(...page.tasks.map(({ taskId }) => taskId));
      pageToken = page.nextPageToken;
    }
    expect(seen).toEqual(ids.toReversed());
    expect(pages).toBeGreaterThan(1);
  });

  it("of batches say RESOURCE_EXHAUSTED for each that does not fit", async () => {
    const { client, tasks } = await opened();
    const names = Array.from({ length: 5 }, (_, index) => ({ kind: "import", taskId: `t${index}` }));
    for (const { taskId } of names) await tasks.create(creation({ taskId, data: numbers }));
    const answer = await client.batchGetTasks({ names });
    expect(toBinary(messages.BatchGetTasksResponseSchema, answer).length).toBeLessThan(CLIENT_LIMIT);
    const cases = answer.results.map(({ result }) => result.case);
    expect(cases).toEqual(["task", "task", "status", "status", "status"]);
    expect(answer.results[4]?.result.value).toMatchObject({ code: Code.ResourceExhausted });
  });

  it("are never bigger than they were reckoned to be", async () => {
    const { tasks } = await openTasks({ settings: { retentionMs: { PENDING: 1 } } });
    const long = "ä".repeat(128);
    const { task } = await tasks.create(
      creation({
        kind: "k".repeat(128),
        taskId: "t".repeat(128),
        group: "g".repeat(128),
        status: long,
        message: long,
        code: -1,
        progress: 0.1,
        data: { long },
      }),
    );
    const written = toBinary(
      messages.TaskSchema,
      taskMessage({ ...task, revision: Number.MAX_SAFE_INTEGER }),
    ).length;
    expect(taskBytes(task)).toBeGreaterThanOrEqual(written);
  });
});
