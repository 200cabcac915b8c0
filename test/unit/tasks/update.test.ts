import { describe, expect, it } from "vitest";
import { UPDATABLE } from "../../../src/domain/tasks/update-mask.ts";
import type { JsonObject } from "../../../src/json.ts";
import {
  always,
  badFields,
  bound,
  creation,
  eventsOf,
  failure,
  named,
  openTasks,
  update,
} from "./support.ts";

const WHOLE = {
  group: "g",
  state: "PROCESSING",
  status: "s",
  code: 5,
  message: "m",
  data: { a: 1, b: { c: 2 } },
  progress: 0.5,
} as const;
const CLEARED = { group: "default", status: "", code: 0, message: "", data: {}, progress: undefined };

async function opened() {
  const bench = await openTasks();
  await bench.tasks.create(creation(WHOLE));
  return bench;
}

describe("an update", () => {
  it("sets what is present, and leaves the rest", async () => {
    const { tasks, clock } = await opened();
    const { createTime } = (await tasks.get(named())).task;
    clock.time += 60;
    const { task } = await tasks.update(update({ status: "next", progress: 0 }));
    expect(task).toMatchObject({ ...WHOLE, status: "next", progress: 0, createTime, updateTime: clock.time });
  });

  it("of nothing that is there is NOT_FOUND, and leaves nothing behind", async () => {
    const { tasks, instance } = await openTasks();
    for (const change of [{ code: 1 }, { data: { a: 1 } }, { data: { a: { b: 1 } } }]) {
      expect(await failure(tasks.update(update(change)))).toMatchObject({
        reason: "TASK_NOT_FOUND",
        applied: "no",
      });
    }
    expect(await instance.durable.get("tasks", "import/t1", { whole: true })).toBeUndefined();
    expect(await failure(tasks.events(eventsOf(), always))).toMatchObject({ reason: "TASK_NOT_FOUND" });
  });

  it("without a change of state keeps the hot lifetime, and with one takes the new state's", async () => {
    const { tasks } = await opened();
    expect((await tasks.update(update({ code: 1 }))).task.hotTtlMs).toBe(3_600_000);
    expect((await tasks.update(update({ state: "COMPLETED" }))).task.hotTtlMs).toBe(86_400_000);
  });

  it("with a stale etag is ABORTED before the transition is judged, with the current one done", async () => {
    const { tasks } = await opened();
    const { etag } = (await tasks.get(named())).task;
    const { task } = await tasks.update(update({ state: "COMPLETED", etag }));
    for (const change of [{ code: 1 }, { state: "PENDING" }, { data: { a: { deep: 1 } } }] as const) {
      expect(await failure(tasks.update(update({ ...change, etag })))).toMatchObject({
        reason: "ETAG_MISMATCH",
      });
    }
    expect(
      (await tasks.update(update({ data: { a: { deep: 1 } }, etag: task.etag }))).task.data,
    ).toMatchObject({
      a: { deep: 1 },
    });
  });

  it("replaces data when asked to, with nothing too", async () => {
    const { tasks } = await opened();
    const replace = (data: JsonObject) => tasks.update(update({ data, replaceData: true }));
    expect((await replace({ z: null })).task.data).toEqual({ z: null });
    expect((await replace({})).task.data).toEqual({});
  });

  it("with an empty patch is a write", async () => {
    const { tasks } = await opened();
    expect((await tasks.update(update({ data: {} }))).task).toMatchObject({ data: WHOLE.data, revision: 2 });
  });

  it("of 200 different keys at once loses none", async () => {
    const { tasks } = await openTasks();
    await tasks.create(creation({ data: { deep: {} } }));
    const keys = Array.from({ length: 200 }, (_, index) => `k${index}`);
    // Half of them cross something that is no object and have to be merged by read and compare-and-set.
    await Promise.all(
      keys.map((key, index) =>
        tasks.update(
          update({ data: index % 2 === 0 ? { [key]: index, deep: { [key]: index } } : { [key]: { index } } }),
        ),
      ),
    );
    const { task } = await tasks.get(named());
    expect(task.revision).toBe(201);
    expect(task.data).toEqual({
      ...Object.fromEntries(keys.map((key, index) => [key, index % 2 === 0 ? index : { index }])),
      deep: Object.fromEntries(keys.flatMap((key, index) => (index % 2 === 0 ? [[key, index]] : []))),
    });
  });
});

describe("merges into an object that is not there yet", () => {
  it("are made once by whoever is first, and need no turn of their own", async () => {
    let turns = 0;
    const { tasks } = await openTasks({
      intercept: (objects) => ({
        ...bound(objects),
        transform: (...call) => {
          turns++;
          return objects.transform(...call);
        },
      }),
    });
    await tasks.create(creation());
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
    await Promise.all(keys.map((key) => tasks.update(update({ data: { results: { [key]: 1 } } }))));
    const { task } = await tasks.get(named());
    expect(task.data).toEqual({ results: Object.fromEntries(keys.map((key) => [key, 1])) });
    expect([task.revision, turns]).toEqual([21, 0]);
  });
});

describe("the size of data", () => {
  const KIB = 1024;
  const filler = (kib: number) => "x".repeat(kib * KIB);

  it("is limited after a merge too: RESOURCE_EXHAUSTED, and nothing changes", async () => {
    const { tasks } = await openTasks();
    const { task } = await tasks.create(creation({ data: { a: filler(200) } }));
    const error = await failure(tasks.update(update({ data: { b: filler(100) }, code: 1 })));
    expect(error).toMatchObject({ kind: "resource_exhausted", reason: "TOO_LARGE", applied: "no" });
    expect(error.message).toContain("262144");
    expect((await tasks.get(named())).task).toEqual(task);
    // What replaces the same key fits, though both sizes together would not.
    expect((await tasks.update(update({ data: { a: filler(100) } }))).task.revision).toBe(2);
  });

  it("is counted again when the upper bound meets the limit, so that repeated merges never fill it up", async () => {
    let exact = 0;
    const { tasks } = await openTasks({
      intercept: (objects) => ({
        ...bound(objects),
        mutate: (...call) => {
          const [, , { conditions }] = call;
          if (conditions.some(({ path: [field] }) => field === "revision")) exact++;
          return objects.mutate(...call);
        },
      }),
    });
    await tasks.create(creation());
    for (let round = 1; round <= 20; round++) {
      expect((await tasks.update(update({ data: { a: filler(50) } }))).task.revision).toBe(1 + round);
    }
    expect(exact).toBeGreaterThan(0);
    expect(exact).toBeLessThan(20);
  });

  it("of a patch with more leaves than a filter can hold is merged all the same", async () => {
    const { tasks } = await openTasks();
    await tasks.create(creation({ data: { k1: 0, kept: true } }));
    const patch = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`k${index}`, index]));
    expect((await tasks.update(update({ data: patch }))).task.data).toEqual({ ...patch, kept: true });
  });

  it("and depth stay within 30 levels however often it is merged", async () => {
    const { tasks } = await openTasks();
    await tasks.create(creation());
    let deep: JsonObject = { leaf: 1 };
    for (let level = 1; level < 30; level++) {
      deep = { n: deep };
      expect((await tasks.update(update({ data: deep }))).task.data).toMatchObject(deep);
    }
    expect(await badFields(tasks.update(update({ data: { n: deep } })))).toEqual(["data"]);
  });
});

describe("an update mask", () => {
  it.each(UPDATABLE.filter((field) => field !== "state"))(
    "that names an absent %s clears it alone",
    async (field) => {
      const { tasks } = await opened();
      const { task } = await tasks.update(update({ updateMask: [field] }));
      expect(task).toMatchObject({ ...WHOLE, [field]: CLEARED[field] });
    },
  );

  it.each(UPDATABLE)("that names a present %s sets it", async (field) => {
    const { tasks } = await openTasks();
    await tasks.create(creation());
    const { task } = await tasks.update(update({ [field]: WHOLE[field], updateMask: [field] }));
    expect(task).toMatchObject({ ...CLEARED, state: "PENDING", [field]: WHOLE[field] });
  });

  it("`*` clears all that is absent but the state", async () => {
    const { tasks } = await opened();
    expect((await tasks.update(update({ updateMask: ["*"] }))).task).toMatchObject({
      ...CLEARED,
      state: "PROCESSING",
    });
    const { task } = await tasks.update(
      update({ updateMask: ["*"], state: "FAILED", code: 3, data: { b: 1 } }),
    );
    expect(task).toMatchObject({ ...CLEARED, state: "FAILED", code: 3, data: { b: 1 } });
  });

  it("`*` merges data that is present, and replaces it with replace_data", async () => {
    const { tasks } = await opened();
    expect((await tasks.update(update({ updateMask: ["*"], data: { z: 1 } }))).task.data).toEqual({
      ...WHOLE.data,
      z: 1,
    });
    const replacing = update({ updateMask: ["*"], data: { z: 1 }, replaceData: true });
    expect((await tasks.update(replacing)).task.data).toEqual({ z: 1 });
  });

  it("that is empty is none", async () => {
    const { tasks } = await opened();
    expect((await tasks.update(update({ updateMask: [], code: 1 }))).task.code).toBe(1);
  });

  it.each([
    ["nothing to do", {}, ["update_mask"]],
    ["nothing to do, with an empty mask", { updateMask: [] }, ["update_mask"]],
    ["a present field that is not in the mask", { updateMask: ["code"], status: "x", code: 1 }, ["status"]],
    ["a state that would be cleared", { updateMask: ["state"] }, ["state"]],
    ["a path below data", { updateMask: ["data.a"] }, ["update_mask"]],
    ["unknown paths", { updateMask: ["code", "colour", "size"] }, ["update_mask"]],
    ["a field that nobody can update", { updateMask: ["create_time"] }, ["update_mask"]],
    ["a field in camelCase", { updateMask: ["hotTtl"] }, ["update_mask"]],
    ["`*` beside another field", { updateMask: ["*", "code"], code: 1 }, ["update_mask"]],
    ["replace_data without data", { replaceData: true, code: 1 }, ["replace_data"]],
    ["replace_data alone", { replaceData: true }, ["update_mask", "replace_data"]],
  ])("refuses %s, and nothing changes", async (_, change, fields) => {
    const { tasks } = await opened();
    expect(await badFields(tasks.update(update(change)))).toEqual(fields);
    expect((await tasks.get(named())).task.revision).toBe(1);
  });

  it("tells in the history what it touched, and nothing else", async () => {
    const { tasks, clock } = await opened();
    clock.time += 1;
    await tasks.update(update({ updateMask: ["message", "code", "data"], code: 9, requestId: "r" }));
    const { events } = await tasks.events(eventsOf(), always);
    expect(events.at(-1)).toEqual({
      type: "UPDATED",
      revision: 2,
      time: clock.time,
      requestId: "r",
      state: undefined,
      status: undefined,
      code: 9,
      message: "",
      progress: undefined,
    });
  });
});
