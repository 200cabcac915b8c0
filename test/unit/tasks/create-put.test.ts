import { describe, expect, it } from "vitest";
import type { Mutated } from "../../../src/consistency/objects.ts";
import {
  always,
  bound,
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

  it("of a task that was purged makes another incarnation: an etag of the old one never passes", async () => {
    const { tasks, instance } = await openTasks();
    const { task: old } = await tasks.create(creation());
    await instance.durable.deleteMany("tasks", ["import/t1"]);
    const { task } = await tasks.create(creation());
    expect(task.revision).toBe(old.revision);
    for (const change of [{ code: 1 }, { data: { a: 1 } }]) {
      expect(await failure(tasks.update(update({ ...change, etag: old.etag })))).toMatchObject({
        kind: "aborted",
      });
    }
    expect(await failure(tasks.put(put({ etag: old.etag })))).toMatchObject({ kind: "aborted" });
    expect(await failure(tasks.delete(deletion({ etag: old.etag })))).toMatchObject({ kind: "aborted" });
    expect((await tasks.get({ ...named(), consistency: "strong" })).task).toEqual(task);
  });

  it("over a deleted task goes on with the revision, as another incarnation without the old fields", async () => {
    const { tasks, clock, instance } = await openTasks();
    const { task: first } = await tasks.create(creation(WHOLE));
    await tasks.delete(deletion());
    clock.time += 10;
    const { task } = await tasks.create(creation());
    expect(task).toMatchObject({ revision: 3, createTime: clock.time, data: {}, progress: undefined });
    expect(await instance.durable.get("tasks", "import/t1")).not.toHaveProperty("delete_time");
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
