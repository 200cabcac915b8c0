import { describe, expect, it } from "vitest";
import type { Mutated } from "../../../src/consistency/objects.ts";
import {
  always,
  badFields,
  bound,
  cancellation,
  creation,
  deletion,
  eventsOf,
  failure,
  named,
  openTasks,
  put,
  update,
} from "./support.ts";

const WHOLE = {
  group: "g",
  state: "PROCESSING",
  status: "validating-file",
  code: -7,
  message: "line one\nline two",
  data: { a: { b: [1, null] } },
  progress: 0.5,
} as const;

describe("create", () => {
  it("gives defaults for what is left out", async () => {
    const { tasks, clock } = await openTasks();
    const { task, replayed, appliedRevision } = await tasks.create(creation());
    expect(task).toEqual({
      kind: "import",
      taskId: "t1",
      group: "default",
      state: "PENDING",
      status: "",
      code: 0,
      message: "",
      data: {},
      progress: undefined,
      createTime: clock.time,
      updateTime: clock.time,
      hotTtlMs: 1_800_000,
      purgeTime: undefined,
      revision: 1,
      etag: expect.stringMatching(/^[\w-]+$/),
    });
    expect([replayed, appliedRevision]).toEqual([false, 1]);
  });

  it("keeps everything given, and a read answers the same by fast and by strong", async () => {
    const { tasks } = await openTasks();
    const { task } = await tasks.create(creation(WHOLE));
    expect(task).toMatchObject(WHOLE);
    expect((await tasks.get(named())).task).toEqual(task);
    expect((await tasks.get({ ...named(), consistency: "strong" })).task).toEqual(task);
  });

  it("of a task that is there is ALREADY_EXISTS, and changes nothing", async () => {
    const { tasks } = await openTasks();
    const { task } = await tasks.create(creation());
    expect(await failure(tasks.create(creation({ message: "second" })))).toMatchObject({
      kind: "already_exists",
      reason: "TASK_EXISTS",
      applied: "no",
    });
    expect((await tasks.get(named())).task).toEqual(task);
  });

  it("without a task_id makes one task of a request and its retry, and others of others", async () => {
    const { tasks } = await openTasks();
    const anonymous = { taskId: "", requestId: "r1" };
    const first = await tasks.create(creation(anonymous));
    const again = await tasks.create(creation(anonymous));
    expect(again).toEqual({ ...first, replayed: true });
    expect(first.task.taskId).toMatch(/^[0-9a-f]{32}$/);
    const otherKind = await tasks.create(creation({ ...anonymous, kind: "export" }));
    const otherRequest = await tasks.create(creation({ ...anonymous, requestId: "r2" }));
    const none = await tasks.create(creation({ taskId: "" }));
    const noneAgain = await tasks.create(creation({ taskId: "" }));
    const ids = [first, otherKind, otherRequest, none, noneAgain].map(({ task }) => task.taskId);
    expect(new Set(ids).size).toBe(5);
  });

  it("over a deleted task goes on with the revision, as another incarnation without the old fields", async () => {
    const { tasks, clock } = await openTasks();
    const { task: first } = await tasks.create(creation(WHOLE));
    await tasks.delete(deletion());
    clock.time += 10;
    const { task } = await tasks.create(creation());
    expect(task).toMatchObject({ revision: 3, createTime: clock.time, data: {}, progress: undefined });
    expect(await failure(tasks.update(update({ code: 1, etag: first.etag })))).toMatchObject({
      kind: "aborted",
    });
  });
});

describe("put", () => {
  it("creates where there is nothing, and over a tombstone", async () => {
    const { tasks } = await openTasks();
    expect((await tasks.put(put(WHOLE))).task).toMatchObject({ ...WHOLE, revision: 1 });
    await tasks.delete(deletion());
    expect((await tasks.put(put())).task).toMatchObject({ revision: 3, state: "PENDING" });
    const { events } = await tasks.events(eventsOf(), always);
    expect(events.map(({ type }) => type)).toEqual(["CREATED", "DELETED", "CREATED"]);
  });

  it("replaces whole, and keeps create_time and incarnation", async () => {
    const { tasks, clock } = await openTasks();
    const { task: before } = await tasks.create(creation(WHOLE));
    clock.time += 5;
    const { task } = await tasks.put(put({ status: "new" }));
    expect(task).toMatchObject({
      group: "default",
      state: "PENDING",
      status: "new",
      code: 0,
      message: "",
      data: {},
      progress: undefined,
      createTime: before.createTime,
      updateTime: clock.time,
      revision: 2,
    });
    expect((await tasks.put(put({ etag: task.etag }))).task.revision).toBe(3);
  });

  it("with an etag is ABORTED where there is no task, a tombstone, or another revision", async () => {
    const { tasks } = await openTasks();
    const { task } = await tasks.create(creation());
    const aborted = { kind: "aborted", reason: "ETAG_MISMATCH", applied: "no" };
    expect(await failure(tasks.put(put({ taskId: "t2", etag: task.etag })))).toMatchObject(aborted);
    await tasks.put(put());
    expect(await failure(tasks.put(put({ etag: task.etag })))).toMatchObject(aborted);
    await tasks.delete(deletion());
    expect(await failure(tasks.put(put({ etag: task.etag })))).toMatchObject(aborted);
    expect(await failure(tasks.get(named()))).toMatchObject({ kind: "not_found" });
  });

  it("that meets creation and deletion in turn tries again, and gives up as CONTENTION", async () => {
    let refusals = 3;
    const { tasks } = await openTasks({
      intercept: (objects) => ({
        ...bound(objects),
        mutate: async (...call): Promise<Mutated> =>
          refusals-- > 0 ? { outcome: "refused", document: undefined } : objects.mutate(...call),
      }),
    });
    expect((await tasks.put(put())).task.revision).toBe(1);
    refusals = 1_000;
    expect(await failure(tasks.put(put()))).toMatchObject({
      kind: "aborted",
      reason: "CONTENTION",
      applied: "no",
    });
  });

  it("of many at once each is applied once", async () => {
    const { tasks } = await openTasks();
    const puts = await Promise.all(
      Array.from({ length: 40 }, (_, code) => tasks.put(put({ code, requestId: `r${code}` }))),
    );
    expect(puts.map(({ task }) => task.revision).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 40 }, (_, index) => index + 1),
    );
    const { events } = await tasks.events(eventsOf(), always);
    expect(events.map(({ type }) => type)).toEqual(["CREATED", ...Array(39).fill("REPLACED")]);
  });
});

describe("cancel", () => {
  it("is a transition that keeps the message unless one is given", async () => {
    const { tasks } = await openTasks();
    await tasks.create(creation({ message: "before", data: { kept: true } }));
    const { task } = await tasks.cancel(cancellation());
    expect(task).toMatchObject({
      state: "CANCELLED",
      message: "before",
      data: { kept: true },
      hotTtlMs: 43_200_000,
    });
    await tasks.create(creation({ taskId: "t2", state: "PROCESSING", message: "before" }));
    const second = await tasks.cancel(cancellation({ taskId: "t2", message: "why" }));
    expect(second.task).toMatchObject({ state: "CANCELLED", message: "why", revision: 2 });
    const { events } = await tasks.events(eventsOf({ taskId: "t2" }), always);
    expect(events.at(-1)).toMatchObject({ type: "CANCELLED", state: "CANCELLED", message: "why" });
  });

  it("of an ended task is FAILED_PRECONDITION, of none NOT_FOUND, with a stale etag ABORTED", async () => {
    const { tasks } = await openTasks();
    expect(await failure(tasks.cancel(cancellation()))).toMatchObject({ reason: "TASK_NOT_FOUND" });
    const { task } = await tasks.create(creation());
    await tasks.update(update({ state: "COMPLETED" }));
    expect(await failure(tasks.cancel(cancellation()))).toMatchObject({
      reason: "ILLEGAL_TRANSITION",
      metadata: { from: "COMPLETED", to: "CANCELLED" },
    });
    // The etag is looked at first: who holds a stale one knows nothing of the state.
    expect(await failure(tasks.cancel(cancellation({ etag: task.etag })))).toMatchObject({
      reason: "ETAG_MISMATCH",
    });
  });
});

describe("delete", () => {
  it("says whether there was a task, and writes nothing where there was none", async () => {
    const { tasks } = await openTasks();
    expect(await tasks.delete(deletion())).toEqual({
      existed: false,
      revision: 0,
      replayed: false,
      appliedRevision: 0,
    });
    await tasks.create(creation());
    const deleted = { existed: true, revision: 2, replayed: false, appliedRevision: 2 };
    expect(await tasks.delete(deletion())).toEqual(deleted);
    const gone = { existed: false, revision: 2, replayed: false, appliedRevision: 0 };
    expect(await tasks.delete(deletion())).toEqual(gone);
    expect(await tasks.delete(deletion())).toEqual(gone);
  });

  it("leaves nothing of the task but its history", async () => {
    const { tasks, instance } = await openTasks();
    await tasks.create(creation(WHOLE));
    await tasks.delete(deletion());
    const document = await instance.durable.get("tasks", "import/t1", { whole: true });
    expect(Object.keys(document ?? {}).sort()).toEqual([
      "delete_time",
      "events",
      "incarnation",
      "key",
      "live",
      "requests",
      "revision",
      "tail",
    ]);
  });

  it("with a stale etag is ABORTED, with the current one done", async () => {
    const { tasks } = await openTasks();
    const { task: stale } = await tasks.create(creation());
    const { task } = await tasks.update(update({ code: 1 }));
    expect(await failure(tasks.delete(deletion({ etag: stale.etag })))).toMatchObject({
      reason: "ETAG_MISMATCH",
    });
    expect(await tasks.delete(deletion({ etag: task.etag }))).toMatchObject({ existed: true });
  });

  it("makes reads, updates and cancellations NOT_FOUND", async () => {
    const { tasks } = await openTasks();
    const { task } = await tasks.create(creation());
    await tasks.delete(deletion());
    for (const call of [
      () => tasks.get(named()),
      () => tasks.get({ ...named(), consistency: "strong" }),
      () => tasks.update(update({ code: 1 })),
      () => tasks.update(update({ code: 1, etag: task.etag })),
      () => tasks.update(update({ data: { a: 1 } })),
      () => tasks.cancel(cancellation()),
    ]) {
      expect(await failure(call())).toMatchObject({
        kind: "not_found",
        reason: "TASK_NOT_FOUND",
        applied: "no",
      });
    }
  });
});

describe("a repeated request_id", () => {
  it("is answered with the task as it is now, whatever the etag", async () => {
    const { tasks } = await openTasks();
    const created = await tasks.create(creation({ requestId: "c" }));
    const first = update({ requestId: "u", code: 1, etag: created.task.etag });
    await tasks.update(first);
    const { task: now } = await tasks.update(update({ code: 2 }));
    expect(await tasks.update(first)).toEqual({ task: now, replayed: true, appliedRevision: 2 });
    expect(await tasks.create(creation({ requestId: "c" }))).toEqual({
      task: now,
      replayed: true,
      appliedRevision: 1,
    });
  });

  it("is looked at before the transition table, and for each method", async () => {
    const { tasks } = await openTasks();
    await tasks.put(put({ requestId: "p" }));
    await tasks.cancel(cancellation({ requestId: "x" }));
    expect(await tasks.cancel(cancellation({ requestId: "x" }))).toMatchObject({
      replayed: true,
      appliedRevision: 2,
    });
    expect(await tasks.put(put({ requestId: "p" }))).toMatchObject({
      replayed: true,
      appliedRevision: 1,
      task: { state: "CANCELLED", revision: 2 },
    });
  });

  it("with another body or method is REQUEST_ID_REUSED, and changes nothing", async () => {
    const { tasks } = await openTasks();
    const { task } = await tasks.create(creation({ requestId: "r" }));
    for (const call of [
      () => tasks.create(creation({ requestId: "r", code: 1 })),
      () => tasks.put(put({ requestId: "r" })),
      () => tasks.update(update({ requestId: "r", code: 0 })),
      () => tasks.cancel(cancellation({ requestId: "r" })),
      () => tasks.delete(deletion({ requestId: "r" })),
    ]) {
      const error = await failure(call());
      expect([error.kind, error.reason]).toEqual(["invalid_argument", "REQUEST_ID_REUSED"]);
    }
    expect((await tasks.get(named())).task).toEqual(task);
  });

  it("of a deletion says existed again, after a new creation too", async () => {
    const { tasks } = await openTasks();
    await tasks.create(creation());
    await tasks.delete(deletion({ requestId: "d" }));
    const again = { existed: true, revision: 2, replayed: true, appliedRevision: 2 };
    expect(await tasks.delete(deletion({ requestId: "d" }))).toEqual(again);
    await tasks.create(creation());
    expect(await tasks.delete(deletion({ requestId: "d" }))).toEqual(again);
    expect((await tasks.get(named())).task.revision).toBe(3);
  });

  it("whose task was deleted since is NOT_FOUND, and says that it was applied", async () => {
    const { tasks } = await openTasks();
    await tasks.create(creation({ requestId: "c" }));
    await tasks.delete(deletion());
    expect(await failure(tasks.create(creation({ requestId: "c" })))).toMatchObject({
      kind: "not_found",
      applied: "yes",
      metadata: { applied_revision: "1" },
    });
  });
});

describe("bad input", () => {
  it("is named field by field, all at once, before any store is asked", async () => {
    const refuse = () => Promise.reject(new Error("a store was asked"));
    const { tasks } = await openTasks({
      intercept: () => ({
        read: refuse,
        readMany: refuse,
        mutate: refuse,
        transform: refuse,
        history: refuse,
      }),
    });
    const bad = {
      kind: "_",
      taskId: "a/b",
      requestId: "x".repeat(129),
      group: " ",
      status: "s".repeat(129),
      code: 1.5,
      message: "\u0000",
      data: { a: "\ud800" },
      progress: Number.NaN,
    };
    const content = ["group", "status", "code", "message", "data", "progress"];
    expect(await badFields(tasks.create(creation(bad)))).toEqual([
      "kind",
      "task_id",
      ...content,
      "request_id",
    ]);
    const all = ["kind", "task_id", ...content, "request_id", "etag"];
    expect(await badFields(tasks.put(put({ ...bad, etag: "?" })))).toEqual(all);
    expect(await badFields(tasks.update(update({ ...bad, etag: "?" })))).toEqual(all);
    const { kind, taskId, requestId, message } = bad;
    expect(
      await badFields(tasks.cancel(cancellation({ kind, taskId, requestId, message, etag: "?" }))),
    ).toEqual(["kind", "task_id", "message", "request_id", "etag"]);
    expect(await badFields(tasks.delete(deletion({ kind, taskId, requestId, etag: "?" })))).toEqual([
      "kind",
      "task_id",
      "request_id",
      "etag",
    ]);
  });

  it.each([
    ["a progress below 0", { progress: -0.1 }, "progress"],
    ["a progress above 1", { progress: 1.1 }, "progress"],
    ["an infinite progress", { progress: Number.POSITIVE_INFINITY }, "progress"],
    ["a code beyond 32 bits", { code: 2 ** 31 }, "code"],
    ["a code below 32 bits", { code: -(2 ** 31) - 1 }, "code"],
    ["a message of 4097 characters", { message: "m".repeat(4_097) }, "message"],
    ["a number that is none", { data: { a: Number.NaN } }, "data"],
    ["data of more than 256 KiB", { data: { a: "x".repeat(256 * 1024) } }, "data"],
    ["data of 31 levels", { data: nested(31) }, "data"],
  ])("%s is refused", async (_, content, field) => {
    const { tasks } = await openTasks();
    expect(await badFields(tasks.create(creation(content)))).toEqual([field]);
    await tasks.create(creation());
    expect(await badFields(tasks.update(update(content)))).toEqual([field]);
    expect((await tasks.get(named())).task.revision).toBe(1);
  });

  it("at the limits is taken", async () => {
    const { tasks } = await openTasks();
    const limits = {
      progress: 1,
      code: -(2 ** 31),
      message: "😀".repeat(4_096),
      status: "s".repeat(128),
      data: nested(30),
    };
    expect((await tasks.create(creation(limits))).task).toMatchObject(limits);
    const data = { a: "x".repeat(256 * 1024 - '{"a":""}'.length) };
    expect((await tasks.update(update({ data, replaceData: true, code: 2 ** 31 - 1 }))).task).toMatchObject({
      data,
    });
  });

  it.each([
    ["no base64url", "%%%"],
    ["of another form", Buffer.from("hello").toString("base64url")],
    ["of revision 0", Buffer.from("0.id1").toString("base64url")],
    ["of an unsafe revision", Buffer.from("9999999999999999.id1").toString("base64url")],
    ["with something behind it", `${Buffer.from("1.id1").toString("base64url")}==`],
  ])("an etag %s names the field", async (_, etag) => {
    const { tasks } = await openTasks();
    await tasks.create(creation());
    expect(await badFields(tasks.update(update({ code: 1, etag })))).toEqual(["etag"]);
  });
});

function nested(levels: number): Record<string, never> {
  let value = {};
  for (let level = 1; level < levels; level++) value = { n: value };
  return value;
}
