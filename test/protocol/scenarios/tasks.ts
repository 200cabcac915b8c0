// TaskService over one protocol: what each method answers, and how it fails.
import { Code } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { Consistency, Source, View } from "../../../gen/dbconn/v1/common_pb.ts";
import { TaskEventType, TaskState } from "../../../gen/dbconn/v1/task_pb.ts";
import { expectFailure } from "../failures.ts";
import { reasonOf, type Scene, uniqueName } from "./scene.ts";

export function taskScenario(scene: Scene): void {
  it("a task is created, read by both consistencies, and created once", async () => {
    const { tasks } = scene.clients;
    const kind = uniqueName();
    const data = { text: 'ä "quoted"\n', number: 0.1, list: [1, null, true], nested: { "a.b": { $c: "d" } } };
    const made = await tasks.createTask({ kind, taskId: "1", group: "g", status: "new", code: -7, data });
    expect(made).toMatchObject({ replayed: false, appliedRevision: 1n });
    expect(made.task).toMatchObject({ kind, taskId: "1", group: "g", status: "new", code: -7, revision: 1n });
    expect(made.task).toMatchObject({ state: TaskState.PENDING, data, hotTtl: { seconds: 1800n } });

    for (const consistency of [Consistency.FAST, Consistency.STRONG]) {
      const read = await tasks.getTask({ kind, taskId: "1", consistency, minRevision: 1n });
      expect(read.task).toEqual(made.task);
      const source = consistency === Consistency.STRONG ? [Source.DURABLE] : [Source.HOT, Source.DURABLE];
      expect(source).toContain(read.provenance?.source);
      expect(read.provenance?.degraded).toBe(false);
    }
    await expectFailure(tasks.createTask({ kind, taskId: "1" }), {
      code: "AlreadyExists",
      reason: "TASK_EXISTS",
      applied: "no",
    });
  });

  it("a repeated request_id is applied once, also where it names the task", async () => {
    const { tasks } = scene.clients;
    const request = { kind: uniqueName(), requestId: "r1" };
    const made = await tasks.createTask(request);
    const again = await tasks.createTask(request);
    expect(again).toMatchObject({ replayed: true, appliedRevision: 1n, task: { taskId: made.task?.taskId } });
    await expectFailure(tasks.createTask({ ...request, message: "another" }), {
      code: "InvalidArgument",
      reason: "REQUEST_ID_REUSED",
      applied: "no",
    });
  });

  it("updates merge, replace and mask, and move by the policy alone", async () => {
    const { tasks } = scene.clients;
    const name = { kind: uniqueName(), taskId: "1" };
    const { task } = await tasks.createTask({ ...name, data: { keep: 1, drop: 2, deep: { a: 1 } } });
    const merged = await tasks.updateTask({
      ...name,
      state: TaskState.PROCESSING,
      progress: 0.5,
      data: { drop: null, deep: { b: 2 } },
    });
    expect(merged.task).toMatchObject({
      state: TaskState.PROCESSING,
      progress: 0.5,
      revision: 2n,
      data: { keep: 1, deep: { a: 1, b: 2 } },
    });
    expect(merged.task?.data).not.toHaveProperty("drop");
    const replaced = await tasks.updateTask({ ...name, replaceData: true, data: { only: true } });
    expect(replaced.task?.data).toEqual({ only: true });
    const cleared = await tasks.updateTask({ ...name, updateMask: { paths: ["progress"] } });
    expect(cleared.task?.progress).toBeUndefined();

    await expectFailure(tasks.updateTask({ ...name, status: "x", etag: task?.etag ?? "" }), {
      code: "Aborted",
      reason: "ETAG_MISMATCH",
      applied: "no",
    });
    await tasks.updateTask({ ...name, state: TaskState.COMPLETED });
    await expectFailure(tasks.updateTask({ ...name, state: TaskState.PROCESSING }), {
      code: "FailedPrecondition",
      reason: "ILLEGAL_TRANSITION",
      applied: "no",
    });
    expect((await tasks.getTask(name)).task).toMatchObject({ state: TaskState.COMPLETED, revision: 5n });
  });

  it("an update of an unknown task is NOT_FOUND and leaves nothing behind", async () => {
    const { tasks } = scene.clients;
    const name = { kind: uniqueName(), taskId: "nobody" };
    const unknown = { code: "NotFound", reason: "TASK_NOT_FOUND" };
    await expectFailure(tasks.updateTask({ ...name, status: "x", data: { a: 1 } }), {
      ...unknown,
      applied: "no",
    });
    await expectFailure(tasks.cancelTask(name), { ...unknown, applied: "no" });
    await expectFailure(tasks.getTask(name), { ...unknown, applied: undefined });
    await expectFailure(tasks.getTask({ ...name, consistency: Consistency.STRONG }), unknown);
    expect((await tasks.listTasks({ kind: name.kind })).tasks).toEqual([]);
    expect((await tasks.countTasks({ kind: name.kind })).total).toBe(0n);
    await expectFailure(tasks.listTaskEvents(name), unknown);
    expect(await tasks.deleteTask(name)).toMatchObject({ existed: false, revision: 0n });
  });

  it("put replaces whole, cancel ends, and delete is final until the name is used again", async () => {
    const { tasks } = scene.clients;
    const name = { kind: uniqueName(), taskId: "1" };
    await tasks.putTask({ ...name, state: TaskState.FAILED, data: { old: 1 } });
    const put = await tasks.putTask({ ...name, state: TaskState.PROCESSING, data: { new: 1 } });
    expect(put.task).toMatchObject({ state: TaskState.PROCESSING, data: { new: 1 }, revision: 2n });
    const cancelled = await tasks.cancelTask({ ...name, message: "enough" });
    expect(cancelled.task).toMatchObject({ state: TaskState.CANCELLED, message: "enough", revision: 3n });
    await expectFailure(tasks.cancelTask({ ...name, etag: put.task?.etag ?? "" }), {
      code: "Aborted",
      reason: "ETAG_MISMATCH",
    });
    expect(await tasks.deleteTask({ ...name, requestId: "d" })).toMatchObject({
      existed: true,
      revision: 4n,
    });
    expect(await tasks.deleteTask({ ...name, requestId: "d" })).toMatchObject({
      replayed: true,
      revision: 4n,
    });
    await expectFailure(tasks.getTask(name), { code: "NotFound", reason: "TASK_NOT_FOUND" });
    expect((await tasks.createTask(name)).task?.revision).toBe(5n);
  });

  it("a revision that is not reached is never passed over", async () => {
    const { tasks } = scene.clients;
    const name = { kind: uniqueName(), taskId: "1" };
    await tasks.createTask(name);
    await expectFailure(tasks.getTask({ ...name, minRevision: 2n }), {
      code: "FailedPrecondition",
      reason: "REVISION_NOT_REACHED",
    });
  });

  it("a batch of updates answers each in the order asked, and one that fails does not fail the others", async () => {
    const { tasks } = scene.clients;
    const kind = uniqueName();
    await tasks.createTask({ kind, taskId: "a" });
    const { results } = await tasks.batchUpdateTasks({
      requests: [
        { kind, taskId: "a", data: { x: 1 }, requestId: "1" },
        { kind, taskId: "missing", status: "s" },
        { kind, taskId: "a", progress: 2 },
        { kind, taskId: "a", data: { y: 2 } },
      ],
    });
    const [first, missing, bad, last] = results.map(({ result }) => result);
    expect(results.map(({ appliedRevision }) => appliedRevision)).toEqual([2n, 0n, 0n, 3n]);
    expect(first?.case === "task" && first.value.data).toEqual({ x: 1 });
    expect(last?.case === "task" && last.value.data).toEqual({ x: 1, y: 2 });
    if (missing?.case !== "status" || bad?.case !== "status") throw new Error("not the statuses asked for");
    expect([missing.value.code, reasonOf(missing.value)]).toEqual([Code.NotFound, "TASK_NOT_FOUND"]);
    expect(bad.value.message).toContain("requests[2].progress");
  });

  it("what a filter names is counted, then cancelled, and nothing else", async () => {
    const { tasks } = scene.clients;
    const kind = uniqueName();
    const states = [TaskState.PENDING, TaskState.PROCESSING, TaskState.COMPLETED];
    for (const state of states) await tasks.createTask({ kind, taskId: `t${state}`, state, group: "g" });
    await tasks.createTask({ kind, taskId: "other", group: "h" });
    const filter = { kind, group: "g", message: "enough" };
    expect((await tasks.cancelTasks({ ...filter, validateOnly: true })).cancelledCount).toBe(2n);
    expect((await tasks.cancelTasks({ ...filter, requestId: "c" })).cancelledCount).toBe(2n);
    expect((await tasks.cancelTasks({ ...filter, requestId: "c" })).cancelledCount).toBe(0n);
    const { tasks: found } = await tasks.listTasks({ kind, states: [TaskState.CANCELLED] });
    expect(found.map(({ message, revision }) => [message, revision])).toEqual([
      ["enough", 2n],
      ["enough", 2n],
    ]);
    await expectFailure(tasks.cancelTasks({ states: [TaskState.COMPLETED] }), {
      code: "InvalidArgument",
      fields: ["kind", "states[0]"],
      applied: "no",
    });
  });

  it("a batch answers each name in the order asked", async () => {
    const { tasks } = scene.clients;
    const kind = uniqueName();
    await tasks.createTask({ kind, taskId: "a", data: { x: 1 } });
    const names = ["missing", "a", "-bad-", "a"].map((taskId) => ({ kind, taskId }));
    const { results } = await tasks.batchGetTasks({ names });
    expect(results.map(({ result }) => result.case)).toEqual(["status", "task", "status", "task"]);
    const [missing, found, bad] = results.map(({ result }) => result);
    expect(found?.case === "task" && found.value.data).toEqual({ x: 1 });
    if (missing?.case !== "status" || bad?.case !== "status") throw new Error("not the statuses asked for");
    expect([missing.value.code, reasonOf(missing.value)]).toEqual([Code.NotFound, "TASK_NOT_FOUND"]);
    expect([bad.value.code, reasonOf(bad.value)]).toEqual([Code.InvalidArgument, "INVALID_FIELD"]);
    expect(bad.value.message).toContain("names[2].task_id");
  });

  it("lists page newest first, count by state, and the history tells every change", async () => {
    const { tasks } = scene.clients;
    const kind = uniqueName();
    for (const taskId of ["1", "2", "3"]) await tasks.createTask({ kind, taskId, data: { n: taskId } });
    await tasks.updateTask({ kind, taskId: "2", state: TaskState.PROCESSING, requestId: "go" });

    const listed: string[] = [];
    let pageToken = "";
    do {
      const page = await tasks.listTasks({ kind, pageSize: 2, pageToken });
      for (const task of page.tasks) {
        listed.push(task.taskId);
        expect(task.data).toBeUndefined();
      }
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(listed).toEqual(["3", "2", "1"]);
    const full = await tasks.listTasks({ kind, states: [TaskState.PROCESSING], view: View.FULL });
    expect(full.tasks.map(({ data }) => data)).toEqual([{ n: "2" }]);

    const counted = await tasks.countTasks({ kind });
    expect(counted.total).toBe(3n);
    expect(counted.counts.map(({ state, count }) => [state, count])).toEqual([
      [TaskState.PENDING, 2n],
      [TaskState.PROCESSING, 1n],
      [TaskState.COMPLETED, 0n],
      [TaskState.FAILED, 0n],
      [TaskState.CANCELLED, 0n],
    ]);
    const { events } = await tasks.listTaskEvents({ kind, taskId: "2" });
    expect(events.map(({ type, revision, requestId }) => [type, revision, requestId])).toEqual([
      [TaskEventType.CREATED, 1n, ""],
      [TaskEventType.UPDATED, 2n, "go"],
    ]);
    await expectFailure(tasks.listTasks({ kind, pageToken: "broken" }), {
      code: "InvalidArgument",
      reason: "INVALID_PAGE_TOKEN",
      fields: ["page_token"],
    });
  });

  it("the policy holds every state with what may follow", async () => {
    const { states } = await scene.clients.tasks.getTaskPolicy({});
    expect(states.map(({ state, terminal }) => [state, terminal])).toEqual([
      [TaskState.PENDING, false],
      [TaskState.PROCESSING, false],
      [TaskState.COMPLETED, true],
      [TaskState.FAILED, true],
      [TaskState.CANCELLED, true],
    ]);
    expect(states[0]?.nextStates).toHaveLength(5);
  });
}
