import { describe, expect, it } from "vitest";
import {
  always,
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

  it("leaves nothing of the task but its history and its group", async () => {
    const { tasks, instance } = await openTasks();
    await tasks.create(creation(WHOLE));
    await tasks.delete(deletion());
    const document = await instance.durable.get("tasks", "import/t1", { whole: true });
    expect(Object.keys(document ?? {}).sort()).toEqual([
      "delete_time",
      "events",
      "group",
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
