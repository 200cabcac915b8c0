// The TypeScript client's watch: resumed wherever it is cut off, by scripts and by a real service that is restarted.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { describe, expect, it, onTestFinished } from "vitest";
import { connectNode } from "../../clients/typescript/src/node.ts";
import { TaskState, WatchEventType } from "../../gen/dbconn/v1/task_pb.ts";
import { freePort } from "../../scripts/stores/store-process.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { broken, clientOf, failure } from "./support.ts";

const NAME = { kind: "k", taskId: "1" };
const CHANGED = WatchEventType.CHANGED;
const RESTARTS = 20;

describe("a watch", () => {
  it("goes on at its last token, and drops what a resumed stream tells again", async () => {
    const asked: string[] = [];
    const client = clientOf({
      tasks: {
        async *watchTasks({ resumeToken }) {
          asked.push(resumeToken);
          const from = Number(resumeToken || "0");
          if (from > 0) yield { type: CHANGED, task: { ...NAME, revision: BigInt(from) }, resumeToken };
          yield {
            type: CHANGED,
            task: { ...NAME, revision: BigInt(from + 1) },
            resumeToken: String(from + 1),
          };
          yield { type: WatchEventType.HEARTBEAT, resumeToken: String(from + 1) };
          throw broken();
        },
      },
    });
    const call = new AbortController();
    const cuts: Code[] = [];
    const revisions: bigint[] = [];
    const watch = client.watchTasks(
      { kind: "k" },
      { signal: call.signal, onCut: ({ code }) => cuts.push(code) },
    );
    for await (const { task } of watch) {
      revisions.push(task?.revision ?? 0n);
      if (revisions.length === 5) call.abort();
    }
    expect(revisions).toEqual([1n, 2n, 3n, 4n, 5n]);
    expect(asked).toEqual(["", "1", "2", "3", "4"]);
    expect(cuts).toEqual(Array.from({ length: 4 }, () => Code.Unavailable));
    // Each stream told something, so none of the pauses grew.
    expect(new Set(client.pauses).size).toBe(1);
  });

  it("shows heartbeats to who wants them", async () => {
    const client = clientOf({
      tasks: {
        async *watchTasks() {
          yield { type: WatchEventType.HEARTBEAT, resumeToken: "1" };
        },
      },
    });
    for await (const { type } of client.watchTasks({ kind: "k" }, { heartbeats: true })) {
      expect(type).toBe(WatchEventType.HEARTBEAT);
      break;
    }
  });

  it("ends with what asking again would not cure", async () => {
    const client = clientOf({
      tasks: {
        async *watchTasks({ taskId }) {
          if (taskId === NAME.taskId) throw failure(Code.NotFound, "TASK_NOT_FOUND");
          yield {};
        },
      },
    });
    await expect(client.watchTasks(NAME).next()).rejects.toMatchObject({ code: Code.NotFound });
    expect(client.pauses).toEqual([]);
  });

  it(`survives ${RESTARTS} restarts of the service without gap or duplicate`, {
    timeout: 400_000,
  }, async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "dbconn-client-"));
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    const port = await freePort();
    const start = () => startServer({ dataDir, env: { PORT: String(port) } });
    let server: ServerProcess = await start();
    onTestFinished(async () => void (await server.stop()));
    const client = connectNode({ url: `http://127.0.0.1:${port}`, timeoutMs: 60_000 });
    onTestFinished(() => client.close());
    await client.tasks.createTask({ ...NAME, group: "g" });

    const stop = new AbortController();
    let cuts = 0;
    const follow = async (question: object, begun: () => void) => {
      const told: string[] = [];
      const onCut = () => {
        cuts++;
      };
      for await (const { task, type } of client.watchTasks(question, { signal: stop.signal, onCut })) {
        told.push(`${task?.taskId}@${task?.revision}`);
        begun();
        expect(type).not.toBe(WatchEventType.HEARTBEAT);
        if (task?.state === TaskState.COMPLETED) break;
      }
      return told;
    };
    const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    const watches = [follow(NAME, begun[0].resolve), follow({ group: "g" }, begun[1].resolve)];
    await Promise.all(begun.map(({ promise }) => promise));
    for (let restart = 0; restart < RESTARTS; restart++) {
      await client.tasks.updateTask({ ...NAME, status: `before ${restart}` });
      // Every other time without a word.
      if (restart % 2 === 0) await server.kill();
      else await server.stop();
      const writing = client.tasks.updateTask({ ...NAME, status: `during ${restart}` });
      server = await start();
      await writing;
    }
    await client.tasks.updateTask({ ...NAME, state: TaskState.COMPLETED });
    const [one = [], many = []] = await Promise.all(watches);
    stop.abort();
    const last = 2 * RESTARTS + 2;
    expect(one).toEqual(Array.from({ length: last }, (_, at) => `1@${at + 1}`));
    expect(new Set(many).size).toBe(many.length);
    expect(many.at(-1)).toBe(`1@${last}`);
    expect(many).toEqual([...many].sort((a, b) => Number(a.slice(2)) - Number(b.slice(2))));
    expect(cuts).toBeGreaterThanOrEqual(2 * RESTARTS);
  });
});
