import { describe, expect, it } from "vitest";
import { TASK_STATES, type TaskState } from "../../../src/domain/tasks/policy.ts";
import { always, creation, eventsOf, failure, named, openTasks, put, update } from "./support.ts";

/** The contract's table, written out once more: the code's own table is what is under test. */
const LEGAL: readonly (readonly [TaskState, TaskState])[] = [
  ["PENDING", "PENDING"],
  ["PENDING", "PROCESSING"],
  ["PENDING", "COMPLETED"],
  ["PENDING", "FAILED"],
  ["PENDING", "CANCELLED"],
  ["PROCESSING", "PROCESSING"],
  ["PROCESSING", "COMPLETED"],
  ["PROCESSING", "FAILED"],
  ["PROCESSING", "CANCELLED"],
];
const MINUTE = 60_000;
const HOT_TTL: Readonly<Record<TaskState, number>> = {
  PENDING: 30 * MINUTE,
  PROCESSING: 60 * MINUTE,
  COMPLETED: 24 * 60 * MINUTE,
  FAILED: 12 * 60 * MINUTE,
  CANCELLED: 12 * 60 * MINUTE,
};

const PAIRS = TASK_STATES.flatMap((from) =>
  TASK_STATES.map((to) => ({ from, to, legal: LEGAL.some(([a, b]) => a === from && b === to) })),
);

describe("transitions", () => {
  it.each(PAIRS.filter(({ legal }) => legal))(
    "$to may follow $from, and brings its hot lifetime",
    async ({ from, to }) => {
      const { tasks } = await openTasks();
      const { task: before } = await tasks.create(creation({ state: from }));
      expect(before.hotTtlMs).toBe(HOT_TTL[from]);
      const { task } = await tasks.update(update({ state: to }));
      expect([task.state, task.hotTtlMs, task.revision]).toEqual([to, HOT_TTL[to], 2]);
    },
  );

  it.each(PAIRS.filter(({ legal }) => !legal))(
    "$to may not follow $from, and nothing changes",
    async ({ from, to }) => {
      const { tasks } = await openTasks();
      const { task: before } = await tasks.create(creation({ state: from }));
      const error = await failure(
        tasks.update(update({ state: to, message: "changed", data: { changed: true } })),
      );
      expect(error).toMatchObject({
        kind: "failed_precondition",
        reason: "ILLEGAL_TRANSITION",
        applied: "no",
        metadata: { from, to },
      });
      expect((await tasks.get(named())).task).toEqual(before);
    },
  );

  it.each(PAIRS)("a put takes $from to $to, recorded as REPLACED", async ({ from, to }) => {
    const { tasks } = await openTasks();
    await tasks.create(creation({ state: from }));
    const { task } = await tasks.put(put({ state: to }));
    expect([task.state, task.revision]).toEqual([to, 2]);
    const { events } = await tasks.events(eventsOf(), always);
    expect(events.map(({ type, state }) => [type, state])).toEqual([
      ["CREATED", from],
      ["REPLACED", to],
    ]);
  });

  it("an ended task may still get message, status, code, progress, group and data", async () => {
    const { tasks } = await openTasks();
    await tasks.create(creation({ state: "FAILED" }));
    const amended = { message: "m", status: "s", code: 7, progress: 1, group: "g", data: { why: 1 } };
    const { task } = await tasks.update(update(amended));
    expect(task).toMatchObject({ ...amended, state: "FAILED", hotTtlMs: HOT_TTL.FAILED });
  });
});

describe("the policy", () => {
  it("tells the table and the lifetimes in force", async () => {
    const { tasks } = await openTasks({ settings: { retentionMs: { FAILED: 99 * MINUTE } } });
    const policy = tasks.policy();
    expect(policy.map(({ state }) => state)).toEqual(TASK_STATES);
    for (const { state, nextStates, terminal, hotTtlMs, retentionMs } of policy) {
      expect(nextStates).toEqual(LEGAL.filter(([from]) => from === state).map(([, to]) => to));
      expect(terminal).toBe(["COMPLETED", "FAILED", "CANCELLED"].includes(state));
      expect(hotTtlMs).toBe(HOT_TTL[state]);
      expect(retentionMs).toBe(state === "FAILED" ? 99 * MINUTE : undefined);
    }
  });

  it("a task tells when it will be purged where its state has a retention, and else not", async () => {
    const { tasks, clock } = await openTasks({ settings: { retentionMs: { FAILED: 99 * MINUTE } } });
    expect((await tasks.create(creation())).task.purgeTime).toBeUndefined();
    clock.time += 1_000;
    const { task } = await tasks.update(update({ state: "FAILED" }));
    expect(task.purgeTime).toBe(clock.time + 99 * MINUTE);
  });

  it("other hot lifetimes hold when they are set", async () => {
    const { tasks } = await openTasks({ settings: { hotTtlMs: { ...HOT_TTL, PENDING: 5 } } });
    expect((await tasks.create(creation())).task.hotTtlMs).toBe(5);
  });
});
