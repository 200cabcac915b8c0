import { describe, expect, it } from "vitest";
import { always, badFields, bound, creation, named, openTasks, update } from "./support.ts";

describe("a batch of updates", () => {
  it("applies updates of one task in the order asked, whatever stands between", async () => {
    const { tasks } = await openTasks();
    await tasks.create(creation());
    await tasks.create(creation({ taskId: "t2" }));
    const inputs = Array.from({ length: 100 }, (_, at) =>
      update({ taskId: at % 3 === 0 ? "t2" : "t1", data: { at } }),
    );
    const items = await tasks.batchUpdate(inputs, always);
    const revisions = items.map((item) => ("task" in item ? item.appliedRevision : 0));
    const of = (rest: boolean) => revisions.filter((_, at) => (at % 3 === 0) === rest);
    expect(of(true)).toEqual(Array.from({ length: 34 }, (_, at) => at + 2));
    expect(of(false)).toEqual(Array.from({ length: 66 }, (_, at) => at + 2));
    expect((await tasks.get(named())).task.data).toEqual({ at: 98 });
  });

  it("answers TOO_LARGE, applied, from the first task that the answer has no room for", async () => {
    const { tasks } = await openTasks();
    await tasks.create(creation());
    const inputs = ["a", "b", "c"].map((status) => update({ status }));
    const items = await tasks.batchUpdate(inputs, ({ status }) => status !== "b");
    expect(items[0]).toMatchObject({ task: { status: "a" } });
    for (const item of items.slice(1)) {
      expect(item).toMatchObject({ error: { reason: "TOO_LARGE", applied: "yes" } });
    }
    expect((await tasks.get(named())).task).toMatchObject({ status: "c", revision: 4 });
  });

  it("has at most a bounded number of updates under way", async () => {
    let now = 0;
    let most = 0;
    const { tasks } = await openTasks({
      intercept: (objects) => ({
        ...bound(objects),
        mutate: async (...call) => {
          most = Math.max(most, ++now);
          try {
            return await objects.mutate(...call);
          } finally {
            now--;
          }
        },
      }),
    });
    const inputs = Array.from({ length: 200 }, (_, at) => update({ taskId: `x${at}`, status: "s" }));
    const items = await tasks.batchUpdate(inputs, always);
    expect(items.every((item) => "error" in item)).toBe(true);
    expect(most).toBeLessThanOrEqual(32);
  });

  it("has 1 to 1000 items", async () => {
    const { tasks } = await openTasks();
    expect(await badFields(tasks.batchUpdate([], always))).toEqual(["requests"]);
    const many = Array.from({ length: 1001 }, () => update({ status: "s" }));
    expect(await badFields(tasks.batchUpdate(many, always))).toEqual(["requests"]);
  });
});
