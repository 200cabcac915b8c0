import { describe, expect, it } from "vitest";
import { sweepForever } from "../../../src/domain/sweeper.ts";
import { DEFAULT_TASK_SETTINGS } from "../../../src/domain/tasks/policy.ts";
import { endOldTasks } from "../../../src/domain/tasks/retention.ts";
import { realTiming } from "../../support/dual-store.ts";
import { always, creation, deletion, eventsOf, failure, named, openTasks, update } from "./support.ts";

const HOUR = 3_600_000;
const settings = { ...DEFAULT_TASK_SETTINGS, retentionMs: { COMPLETED: HOUR } };

async function bench() {
  const opened = await openTasks({ settings });
  const { clock, instance, objects, tasks } = opened;
  const sweep = () =>
    endOldTasks({
      objects,
      store: instance.durable,
      settings,
      tombstoneRetentionMs: 24 * HOUR,
      clock: { now: () => clock.time },
    });
  const create = (taskId: string, state: "COMPLETED" | "FAILED") => tasks.create(creation({ taskId, state }));
  return { ...opened, create, sweep };
}

describe("retention", () => {
  it("purges tasks of a state after its time, and no others", async () => {
    const { clock, create, sweep, tasks } = await bench();
    await create("old", "COMPLETED");
    await create("failed", "FAILED");
    await create("touched", "COMPLETED");
    clock.time += HOUR - 1;
    await tasks.update(update({ taskId: "touched", message: "still of interest" }));
    await create("young", "COMPLETED");
    clock.time += 2;
    const { task } = await tasks.get(named({ taskId: "old" }));
    expect(task.purgeTime).toBeLessThan(clock.time);
    await sweep();
    expect(await failure(tasks.get(named({ taskId: "old" })))).toMatchObject({ reason: "TASK_NOT_FOUND" });
    for (const taskId of ["failed", "touched", "young"]) {
      expect((await tasks.get(named({ taskId }))).task.taskId).toBe(taskId);
    }
    const { events } = await tasks.events(eventsOf({ taskId: "old" }), always);
    expect(events.map(({ type }) => type)).toEqual(["CREATED", "DELETED"]);
  });

  it("purges more tasks than one step holds", async () => {
    const { clock, create, instance, sweep } = await bench();
    await Promise.all(Array.from({ length: 450 }, (_, i) => create(`t${i}`, "COMPLETED")));
    clock.time += HOUR + 1;
    await sweep();
    const live = [{ field: "live", equals: true }];
    expect((await instance.durable.countBy("tasks", live, "state")).size).toBe(0);
  });

  it("forgets a deleted task after the tombstones' time, its history with it", async () => {
    const { clock, create, instance, sweep, tasks } = await bench();
    await create("t1", "FAILED");
    for (let i = 0; i < 80; i++) await tasks.update(update({ code: i }));
    await tasks.delete(deletion());
    clock.time += 24 * HOUR;
    await sweep();
    expect(await instance.durable.get("tasks", "import/t1")).toMatchObject({ revision: 82 });
    clock.time += 1;
    await sweep();
    expect(await instance.durable.get("tasks", "import/t1")).toBeUndefined();
    expect(await instance.durable.get("task_events", "import/t1#000000000001")).toBeUndefined();
  });

  it("leaves a task that was created again", async () => {
    const { clock, create, sweep, tasks } = await bench();
    await create("t1", "FAILED");
    await tasks.delete(deletion());
    clock.time += 25 * HOUR;
    await create("t1", "FAILED");
    await sweep();
    expect((await tasks.get(named())).task.revision).toBe(3);
  });
});

describe("the sweeper", () => {
  it("goes on after a sweep that failed, tells of it, and ends with the signal", async () => {
    const stop = new AbortController();
    const failures: string[] = [];
    let rounds = 0;
    const sweeps = [
      {
        name: "broken",
        run: async () => {
          throw new Error("away");
        },
      },
      {
        name: "sound",
        run: async () => {
          rounds += 1;
          if (rounds === 2) stop.abort();
        },
      },
    ];
    const onFailure = (name: string) => failures.push(name);
    await sweepForever(sweeps, { everyMs: 1, timing: realTiming, chance: () => 0.5, onFailure }, stop.signal);
    expect([rounds, failures]).toEqual([2, ["broken", "broken"]]);
  });
});
