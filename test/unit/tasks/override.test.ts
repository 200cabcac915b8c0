import { describe, expect, it } from "vitest";
import { always, creation, eventsOf, failure, named, openTasks, put, update } from "./support.ts";

describe("an overriding update", () => {
  it("takes a task to any state from any, and is recorded where the rules forbid it", async () => {
    const { tasks } = await openTasks();
    await tasks.create(creation({ state: "COMPLETED", data: { a: "1" } }));
    const back = { state: "PENDING", data: { b: "2" } } as const;
    expect(await failure(tasks.update(update(back)))).toMatchObject({ reason: "ILLEGAL_TRANSITION" });
    await tasks.update(update({ ...back, override: true }));
    await tasks.update(update({ state: "PROCESSING", override: true }));
    const { task } = await tasks.get(named());
    expect(task).toMatchObject({ state: "PROCESSING", data: { a: "1", b: "2" }, revision: 3 });
    const { events } = await tasks.events(eventsOf(), always);
    expect(events.map(({ type, state }) => [type, state])).toEqual([
      ["CREATED", "COMPLETED"],
      ["OVERRIDDEN", "PENDING"],
      ["UPDATED", "PROCESSING"],
    ]);
  });

  it("makes no task, and takes none that is gone", async () => {
    const { tasks } = await openTasks();
    const refused = tasks.update(update({ state: "PENDING", override: true }));
    expect(await failure(refused)).toMatchObject({ reason: "TASK_NOT_FOUND" });
  });
});

describe("a lifetime of its own in the hot store", () => {
  it("is kept on the task until a state comes without one", async () => {
    const { tasks } = await openTasks();
    const lifetime = async () => (await tasks.get(named())).task.hotTtlMs;
    await tasks.put(put({ state: "PENDING", hotTtlMs: 1000 }));
    expect(await lifetime()).toBe(1000);
    await tasks.update(update({ message: "m" }));
    expect(await lifetime()).toBe(1000);
    await tasks.update(update({ state: "PROCESSING", hotTtlMs: 2000 }));
    expect(await lifetime()).toBe(2000);
    await tasks.update(update({ state: "PROCESSING" }));
    expect(await lifetime()).toBe(3_600_000);
  });

  it("is a part of the request that a repeated one is compared by", async () => {
    const { tasks } = await openTasks();
    await tasks.put(put({ requestId: "r", hotTtlMs: 1000 }));
    expect((await tasks.put(put({ requestId: "r", hotTtlMs: 1000 }))).replayed).toBe(true);
    const other = tasks.put(put({ requestId: "r", hotTtlMs: 2000 }));
    expect(await failure(other)).toMatchObject({ reason: "REQUEST_ID_REUSED" });
  });
});
