// Waiting and watching over one protocol: streams that are read, cut off and resumed.
import { expect, it, onTestFinished } from "vitest";
import { Done, TaskState, WatchEventType, type WatchTasksResponse } from "../../../gen/dbconn/v1/task_pb.ts";
import { expectFailure } from "../failures.ts";
import type { Clients } from "../transports.ts";
import { type Scene, uniqueName } from "./scene.ts";

interface Question {
  readonly kind?: string;
  readonly taskId?: string;
  readonly group?: string;
  readonly resumeToken?: string;
}

export function watchScenario(scene: Scene): void {
  it("a wait answers when the task ends, when it passes a revision, and when time is up", async () => {
    const { tasks } = scene.clients;
    const name = { kind: uniqueName(), taskId: "1" };
    await tasks.createTask(name);
    const timeout = { seconds: 0n, nanos: 1_000_000 };
    expect(await tasks.waitTask({ ...name, timeout })).toMatchObject({ done: Done.TIMEOUT });
    const ended = tasks.waitTask(name);
    const passed = tasks.waitTask({ ...name, afterRevision: 1n });
    await tasks.updateTask({ ...name, state: TaskState.PROCESSING });
    expect(await passed).toMatchObject({ done: Done.REVISION, task: { revision: 2n } });
    await tasks.updateTask({ ...name, state: TaskState.COMPLETED });
    expect(await ended).toMatchObject({
      done: Done.STATE,
      task: { state: TaskState.COMPLETED, revision: 3n },
    });
    await expectFailure(tasks.waitTask({ ...name, taskId: "nobody" }), { reason: "TASK_NOT_FOUND" });
  });

  it("a watch of a task tells every revision, and goes on where it was cut off", async () => {
    const { tasks } = scene.clients;
    const name = { kind: uniqueName(), taskId: "1" };
    await tasks.createTask({ ...name, data: { a: 1 } });
    const first = open(scene.clients, name);
    const snapshot = await first.news();
    expect(snapshot).toMatchObject({ type: WatchEventType.SNAPSHOT, task: { revision: 1n, data: { a: 1 } } });
    await first.cut();
    await tasks.updateTask({ ...name, state: TaskState.PROCESSING, status: "working" });
    await tasks.updateTask({ ...name, state: TaskState.COMPLETED, data: { b: 2 } });
    await tasks.deleteTask(name);

    const second = open(scene.clients, { ...name, resumeToken: snapshot.resumeToken });
    const news = [await second.news(), await second.news(), await second.news()];
    expect(news.map(({ type, task }) => [type, task?.revision, task?.state])).toEqual([
      [WatchEventType.CHANGED, 2n, TaskState.PROCESSING],
      [WatchEventType.CHANGED, 3n, TaskState.COMPLETED],
      [WatchEventType.DELETED, 4n, TaskState.UNSPECIFIED],
    ]);
    expect(news[0]?.task?.status).toBe("working");
  });

  it("a watch of a group tells what there is, what changes and what is deleted, and of no other group", async () => {
    const { tasks } = scene.clients;
    const [kind, group] = [uniqueName(), uniqueName()];
    await tasks.createTask({ kind, taskId: "a", group });
    await tasks.createTask({ kind, taskId: "other" });
    const stream = open(scene.clients, { group });
    expect(await stream.news()).toMatchObject({ type: WatchEventType.SNAPSHOT, task: { taskId: "a" } });
    await stream.upToDate();
    await tasks.updateTask({ kind, taskId: "other", status: "s" });
    await tasks.createTask({ kind, taskId: "b", group });
    expect(await stream.news()).toMatchObject({
      type: WatchEventType.CHANGED,
      task: { taskId: "b", revision: 1n },
    });
    await tasks.deleteTask({ kind, taskId: "a" });
    const deleted = await stream.news();
    expect(deleted).toMatchObject({
      type: WatchEventType.DELETED,
      task: { kind, taskId: "a", revision: 2n },
      provenance: { degraded: false },
    });
    await stream.cut();
    await tasks.updateTask({ kind, taskId: "b", state: TaskState.FAILED });
    const resumed = open(scene.clients, { group, resumeToken: deleted.resumeToken });
    for (;;) {
      const { task, type } = await resumed.news();
      expect(type).not.toBe(WatchEventType.SNAPSHOT);
      if (task?.state === TaskState.FAILED) break;
    }
  });

  it("a watch that cannot be says why", async () => {
    const bad = { code: "InvalidArgument" };
    const first = (question: Question) => open(scene.clients, question).news();
    await expectFailure(first({}), { ...bad, fields: ["kind"] });
    await expectFailure(first({ kind: "k", resumeToken: "x" }), {
      ...bad,
      reason: "INVALID_RESUME_TOKEN",
      fields: ["resume_token"],
    });
    await expectFailure(first({ kind: uniqueName(), taskId: "1" }), {
      code: "NotFound",
      reason: "TASK_NOT_FOUND",
    });
  });
}

function open({ tasks }: Clients, question: Question) {
  const call = new AbortController();
  const items = tasks.watchTasks(question, { signal: call.signal })[Symbol.asyncIterator]();
  const next = async (accept: (item: WatchTasksResponse) => boolean): Promise<WatchTasksResponse> => {
    for (;;) {
      const step = await items.next();
      if (step.done === true) throw new Error("the stream came to its end");
      if (accept(step.value)) return step.value;
    }
  };
  const cut = async () => {
    call.abort();
    await items.next().catch(() => undefined);
  };
  onTestFinished(cut);
  return {
    cut,
    news: () => next(({ type }) => type !== WatchEventType.HEARTBEAT),
    upToDate: () => next(({ type }) => type === WatchEventType.HEARTBEAT),
  };
}
