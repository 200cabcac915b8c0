// Which calls the TypeScript client makes again, and as whom.
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { failureOf } from "../../clients/typescript/src/index.ts";
import { broken, clientOf, failure, script } from "./support.ts";

const NAME = { kind: "k", taskId: "1" };
const task = (revision: bigint) => ({ ...NAME, revision });
const away = (applied?: string) =>
  failure(Code.Unavailable, "DURABLE_STORE_UNAVAILABLE", applied === undefined ? {} : { applied });

/** Runs the steps, one each attempt: an error to throw, or the answer. */
function updating(...steps: readonly (ConnectError | bigint)[]) {
  const next = script(...steps);
  const ids: string[] = [];
  const client = clientOf({
    tasks: {
      updateTask({ requestId }) {
        ids.push(requestId);
        const step = next();
        if (step instanceof ConnectError) throw step;
        return { task: task(step) };
      },
    },
  });
  return { client, ids };
}

describe("a mutation", () => {
  it.each([
    ["that had no effect", away("no")],
    ["whose outcome is unknown", away("unknown")],
    ["that happened without an answer", away("yes")],
    ["whose connection broke", broken()],
    ["that was shed", failure(Code.ResourceExhausted, "OVERLOADED", { applied: "no", retryMs: 100 })],
    ["that lost every race", failure(Code.Aborted, "CONTENTION", { applied: "no" })],
  ])("%s is made again under one request id", async (_what, error) => {
    const { client, ids } = updating(error, error, 2n);
    expect((await client.tasks.updateTask({ ...NAME, status: "s" })).task?.revision).toBe(2n);
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[0-9a-f]{32}$/);
  });

  it("keeps the request id that its caller gave, and leaves the caller's message alone", async () => {
    const { client, ids } = updating(away("unknown"), 2n);
    const request = { ...NAME, requestId: "mine" };
    await client.tasks.updateTask(request);
    expect(ids).toEqual(["mine", "mine"]);
    const unnamed = { ...NAME, requestId: "" };
    await client.tasks.updateTask(unnamed);
    expect(unnamed.requestId).toBe("");
  });

  it.each([
    ["is refused", failure(Code.InvalidArgument, "INVALID_FIELD", { applied: "no" })],
    ["met another revision", failure(Code.Aborted, "ETAG_MISMATCH", { applied: "no" })],
    ["is not allowed", failure(Code.FailedPrecondition, "ILLEGAL_TRANSITION", { applied: "no" })],
    ["is too large for good", failure(Code.ResourceExhausted, "TOO_LARGE", { applied: "no" })],
    ["is nobody's", failure(Code.Unauthenticated, "UNAUTHENTICATED")],
  ])("that %s is not made again", async (_what, error) => {
    const { client, ids } = updating(error, 2n);
    await expect(client.tasks.updateTask(NAME)).rejects.toMatchObject({ code: error.code });
    expect(ids).toHaveLength(1);
  });

  it("without a request id is made again only if it had no effect", async () => {
    for (const [error, attempts] of [
      [away("no"), 2],
      [away("unknown"), 1],
      [broken(), 1],
    ] as const) {
      const next = script<ConnectError | undefined>(error, undefined);
      let calls = 0;
      const { cache } = clientOf({
        cache: {
          setEntry() {
            calls++;
            const step = next();
            if (step !== undefined) throw step;
            return {};
          },
        },
      });
      await cache.setEntry({ key: "k", value: { case: "text", value: "" } }).catch(() => undefined);
      expect(calls).toBe(attempts);
    }
  });

  it("of a batch carries an id for each item", async () => {
    const seen: string[][] = [];
    const { tasks } = clientOf({
      tasks: {
        batchUpdateTasks({ requests }) {
          seen.push(requests.map(({ requestId }) => requestId));
          if (seen.length === 1) throw broken();
          return {};
        },
      },
    });
    await tasks.batchUpdateTasks({ requests: [NAME, { ...NAME, requestId: "mine" }, NAME] });
    expect(seen).toHaveLength(2);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[0]?.[1]).toBe("mine");
    expect(new Set(seen[0]).size).toBe(3);
  });
});

describe("a call", () => {
  it("waits longer and longer, at least as long as it was told, and ends by its deadline", async () => {
    const { client } = updating(
      failure(Code.Unavailable, "STORES_CHANGING", { applied: "no", retryMs: 500 }),
    );
    const error = await client.tasks.updateTask(NAME).catch((reason: unknown) => reason);
    expect(failureOf(error)).toMatchObject({ reason: "STORES_CHANGING", applied: "no", retryAfterMs: 500 });
    expect(client.pauses.slice(0, 4)).toEqual([550, 600, 700, 900]);
    expect(client.pauses.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(5_000);
  });

  it("ends when its caller cancels, and is not made again", async () => {
    const call = new AbortController();
    let calls = 0;
    const { tasks } = clientOf({
      tasks: {
        getTask() {
          calls++;
          call.abort();
          throw broken();
        },
      },
    });
    await expect(tasks.getTask(NAME, { signal: call.signal })).rejects.toMatchObject({ code: Code.Canceled });
    expect(calls).toBe(1);
  });

  it("tells each attempt how much time is left", async () => {
    const left: number[] = [];
    const { tasks } = clientOf({
      tasks: {
        getTask(_request, context) {
          left.push(context.timeoutMs() ?? 0);
          if (left.length < 3) throw broken();
          return { task: task(1n) };
        },
      },
    });
    await tasks.getTask(NAME, { timeoutMs: 1_000 });
    const [first = 0, second = 0, third = 0] = left;
    expect(first).toBeLessThanOrEqual(1_000);
    expect(second).toBeLessThanOrEqual(950);
    expect(third).toBeLessThanOrEqual(850);
  });
});

describe("a client", () => {
  function reading() {
    const asked: bigint[] = [];
    const reached = { revision: 10n };
    const client = clientOf({
      tasks: {
        updateTask: () => ({ task: task(7n) }),
        deleteTask: () => ({ existed: true, revision: 9n }),
        batchGetTasks: () => ({ results: [{ result: { case: "task", value: task(8n) } }] }),
        getTask({ minRevision }) {
          asked.push(minRevision);
          if (minRevision > reached.revision) {
            throw failure(Code.FailedPrecondition, "REVISION_NOT_REACHED", {
              revision: String(reached.revision),
            });
          }
          return { task: task(minRevision === 0n ? 1n : minRevision) };
        },
      },
    });
    return { ...client, asked, reached };
  }

  it("reads nothing older than what it wrote, read, or was shown in a list", async () => {
    const { tasks, asked } = reading();
    await tasks.getTask(NAME);
    await tasks.getTask(NAME);
    await tasks.updateTask(NAME);
    await tasks.getTask(NAME);
    await tasks.batchGetTasks({ names: [NAME] });
    await tasks.getTask(NAME);
    await tasks.deleteTask(NAME);
    await tasks.getTask(NAME);
    await tasks.getTask({ ...NAME, taskId: "2" });
    await tasks.getTask({ ...NAME, minRevision: 3n });
    expect(asked).toEqual([0n, 1n, 7n, 8n, 9n, 0n, 3n]);
  });

  it("says so where the service has not reached that, but begins anew where the task is gone for good", async () => {
    const { tasks, asked, reached } = reading();
    await tasks.updateTask(NAME);
    reached.revision = 5n;
    await expect(tasks.getTask(NAME)).rejects.toMatchObject({ code: Code.FailedPrecondition });
    reached.revision = 0n;
    expect((await tasks.getTask(NAME)).task?.revision).toBe(1n);
    expect(asked).toEqual([7n, 7n, 0n]);
  });
});
