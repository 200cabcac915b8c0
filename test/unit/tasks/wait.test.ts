import { describe, expect, it } from "vitest";
import type { WaitInput } from "../../../src/domain/tasks/wait.ts";
import { badFields, creation, deletion, failure, openTasks, update } from "./support.ts";

const wait = (more: Partial<WaitInput> = {}): WaitInput => ({
  kind: "import",
  taskId: "t1",
  until: [],
  afterRevision: 0,
  timeoutMs: undefined,
  ...more,
});
const forever = new AbortController().signal;

/** Resolves when somebody waits. */
async function listening(feed: { readonly listeners: number }): Promise<void> {
  while (feed.listeners === 0) await new Promise((resolve) => setImmediate(resolve));
}

describe("a wait for a task", () => {
  it("answers at once where it is already so", async () => {
    const { tasks, watches, feed } = await openTasks();
    await tasks.create(creation({ state: "COMPLETED" }));
    expect(await watches.wait(wait(), forever)).toMatchObject({ done: "STATE", task: { revision: 1 } });
    await tasks.update(update({ status: "amended" }));
    expect(await watches.wait(wait({ afterRevision: 1 }), forever)).toMatchObject({ done: "REVISION" });
    expect(feed.listeners).toBe(0);
  });

  it("answers when the task ends, and listens no more", async () => {
    const { tasks, watches, feed } = await openTasks();
    await tasks.create(creation());
    const waiting = watches.wait(wait(), forever);
    await listening(feed);
    await tasks.update(update({ state: "PROCESSING" }));
    await tasks.update(update({ state: "FAILED", message: "no" }));
    const { done, task, provenance } = await waiting;
    expect(done).toBe("STATE");
    expect(task).toMatchObject({ state: "FAILED", message: "no", revision: 3 });
    expect(provenance).toMatchObject({ degraded: false });
    expect(feed.listeners).toBe(0);
  });

  it("answers the states and the revision asked for", async () => {
    const { tasks, watches, feed } = await openTasks();
    await tasks.create(creation());
    const state = watches.wait(wait({ until: ["PROCESSING"], afterRevision: 2 }), forever);
    const revision = watches.wait(wait({ afterRevision: 1 }), forever);
    await listening(feed);
    await tasks.update(update({ status: "s" }));
    expect(await revision).toMatchObject({ done: "REVISION", task: { revision: 2 } });
    await tasks.update(update({ state: "PROCESSING" }));
    expect(await state).toMatchObject({ done: "STATE", task: { revision: 3 } });
  });

  it("answers the task as it is when time is up", async () => {
    const { tasks, watches, feed } = await openTasks();
    await tasks.create(creation());
    const answer = { done: "TIMEOUT", task: { revision: 1, state: "PENDING" } };
    expect(await watches.wait(wait({ timeoutMs: 0 }), forever)).toMatchObject(answer);
    expect(await watches.wait(wait({ timeoutMs: 20 }), forever)).toMatchObject(answer);
    expect(feed.listeners).toBe(0);
  });

  it("is NOT_FOUND where there is no task, and where it goes meanwhile", async () => {
    const { tasks, watches, feed } = await openTasks();
    expect(await failure(watches.wait(wait(), forever))).toMatchObject({ reason: "TASK_NOT_FOUND" });
    await tasks.create(creation());
    const waiting = failure(watches.wait(wait(), forever));
    await listening(feed);
    await tasks.delete(deletion());
    expect(await waiting).toMatchObject({ reason: "TASK_NOT_FOUND" });
  });

  it("that is cancelled frees everything at once", async () => {
    const { tasks, watches, feed } = await openTasks();
    await tasks.create(creation());
    const call = new AbortController();
    const waiting = failure(watches.wait(wait(), call.signal));
    await listening(feed);
    call.abort();
    expect(await waiting).toMatchObject({ kind: "cancelled" });
    expect(feed.listeners).toBe(0);
  });

  it("has a name and a bounded timeout", async () => {
    const { watches } = await openTasks();
    const bad = wait({ kind: "", taskId: "/", timeoutMs: 60_001 });
    expect(await badFields(watches.wait(bad, forever))).toEqual(["kind", "task_id", "timeout"]);
    expect(await badFields(watches.wait(wait({ timeoutMs: -1 }), forever))).toEqual(["timeout"]);
  });
});
