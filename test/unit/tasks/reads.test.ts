import { describe, expect, it } from "vitest";
import { TASK_OBJECTS } from "../../../src/domain/tasks/collections.ts";
import { toTaskEvent } from "../../../src/domain/tasks/events.ts";
import { DEFAULT_TASK_SETTINGS } from "../../../src/domain/tasks/policy.ts";
import { toTask } from "../../../src/domain/tasks/task.ts";
import { ServiceError } from "../../../src/errors.ts";
import {
  always,
  badFields,
  bound,
  creation,
  deletion,
  failure,
  named,
  openTasks,
  update,
} from "./support.ts";

const batch = (names: readonly { kind: string; taskId: string }[]) => ({
  names,
  consistency: "fast" as const,
});
const name = (taskId: string) => ({ kind: "import", taskId });

describe("a read", () => {
  it("tells where it came from", async () => {
    const { tasks } = await openTasks();
    await tasks.create(creation());
    const cold = await tasks.get(named());
    const warm = await tasks.get(named());
    expect([cold.provenance.source, warm.provenance.source]).toEqual(["durable", "hot"]);
    expect(warm.task).toEqual(cold.task);
  });

  it("below min_revision is never answered", async () => {
    const { tasks } = await openTasks();
    await tasks.create(creation());
    expect(await failure(tasks.get({ ...named(), minRevision: 2 }))).toMatchObject({
      reason: "REVISION_NOT_REACHED",
    });
    await tasks.update(update({ code: 1 }));
    expect((await tasks.get({ ...named(), minRevision: 2 })).task.revision).toBe(2);
  });

  it("of a bad name is refused", async () => {
    const { tasks } = await openTasks();
    expect(await badFields(tasks.get(named({ kind: "", taskId: "é" })))).toEqual(["kind", "task_id"]);
  });
});

describe("a batch of reads", () => {
  it("answers each name on its own in the order asked, repeated ones too", async () => {
    const { tasks } = await openTasks();
    for (const taskId of ["a", "b", "gone"]) await tasks.create(creation({ taskId }));
    await tasks.delete(deletion({ taskId: "gone" }));
    const items = await tasks.batchGet(batch(["b", "none", "/", "a", "gone", "b"].map(name)), always);
    expect(
      items.map((item) => ("task" in item ? item.task.taskId : (item.error as ServiceError).reason)),
    ).toEqual(["b", "TASK_NOT_FOUND", "INVALID_FIELD", "a", "TASK_NOT_FOUND", "b"]);
    expect(items[2]).toMatchObject({ error: { violations: [{ field: "names[2].task_id" }] } });
    expect(items[4]?.provenance).toMatchObject({ degraded: false });
  });

  it("of more than fit answers the rest TOO_LARGE, each", async () => {
    const { tasks } = await openTasks();
    const names = Array.from({ length: 150 }, (_, index) => name(`t${index}`));
    for (const { taskId } of names) await tasks.create(creation({ taskId }));
    expect((await tasks.batchGet(batch(names), always)).every((item) => "task" in item)).toBe(true);
    let left = 70;
    const items = await tasks.batchGet(batch(names), () => left-- > 0);
    expect(items).toHaveLength(150);
    expect(items.filter((item) => "task" in item)).toHaveLength(70);
    expect(items[70]).toMatchObject({ error: { kind: "resource_exhausted", reason: "TOO_LARGE" } });
    expect(items[149]).toEqual(items[70]);
  });

  it("keeps one name's failure to that name", async () => {
    const down = new ServiceError("unavailable", "DURABLE_STORE_UNAVAILABLE", "down");
    const { tasks } = await openTasks({
      intercept: (objects) => ({
        ...bound(objects),
        readMany: async (keys, options) =>
          (await objects.readMany(keys, options)).map((read, index) =>
            keys[index] === "import/a" ? down : read,
          ),
      }),
    });
    await tasks.create(creation({ taskId: "a" }));
    await tasks.create(creation({ taskId: "b" }));
    const items = await tasks.batchGet(batch([name("a"), name("b")]), always);
    expect(items).toMatchObject([{ error: down }, { task: { taskId: "b" } }]);
  });

  it("of none or of more than 1000 is refused", async () => {
    const { tasks } = await openTasks();
    expect(await badFields(tasks.batchGet(batch([]), always))).toEqual(["names"]);
    const many = Array.from({ length: 1_001 }, () => name("a"));
    expect(await badFields(tasks.batchGet(batch(many), always))).toEqual(["names"]);
    expect(await tasks.batchGet(batch(many.slice(1)), always)).toHaveLength(1_000);
  });
});

describe("the hot lifetime", () => {
  const document = { key: "import/t1", revision: 1, hot_ttl_ms: 1_000, update_time: 5_000 };

  it("is what is left of the task's, never more than all of it, and all of it again after its end", () => {
    expect(TASK_OBJECTS.hotTtlMs(document, 5_400)).toBe(600);
    expect(TASK_OBJECTS.hotTtlMs(document, 4_000)).toBe(1_000);
    expect(TASK_OBJECTS.hotTtlMs(document, 6_000)).toBe(1_000);
    expect(TASK_OBJECTS.hotTtlMs(document, 9_000)).toBe(1_000);
  });

  it("of a tombstone is short", () => {
    expect(TASK_OBJECTS.hotTtlMs({ key: "import/t1", revision: 2, live: false }, 5_000)).toBe(300_000);
  });
});

describe("what is stored", () => {
  const document = {
    key: "import/t1",
    revision: 1,
    kind: "import",
    task_id: "t1",
    group: "default",
    state: "PENDING",
    status: "",
    code: 0,
    message: "",
    create_time: 1,
    update_time: 1,
    hot_ttl_ms: 1,
    incarnation: "i",
  };

  it.each(["kind", "task_id", "group", "state", "status", "code", "message", "create_time", "incarnation"])(
    "without a sound %s is never answered as a task",
    (field) => {
      expect(toTask(document, DEFAULT_TASK_SETTINGS).taskId).toBe("t1");
      expect(() => toTask({ ...document, [field]: true }, DEFAULT_TASK_SETTINGS)).toThrow(
        `${field} is boolean`,
      );
    },
  );

  it("as an event that this version does not know still has its place in the history", () => {
    const unknown = { type: undefined, revision: 3, time: 0, requestId: "" };
    expect(toTaskEvent({ revision: 3, event: { type: "MOVED" } })).toMatchObject(unknown);
    expect(toTaskEvent({ revision: 3, event: null })).toMatchObject(unknown);
  });
});
