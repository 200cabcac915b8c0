// Many watchers over the port of one instance, and what happens to them when it stops.
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it, onTestFinished } from "vitest";
import { TaskState, WatchEventType } from "../../gen/dbconn/v1/task_pb.ts";
import { startServer } from "../support/server-process.ts";
import { describeFailure } from "./failures.ts";
import { connect } from "./transports.ts";

const CONNECTIONS = 8;
const STREAMS = 125;

async function opened() {
  const server = await startServer();
  onTestFinished(async () => {
    await server.stop();
  });
  const client = (protocol: Parameters<typeof connect>[0] = "gRPC") => {
    const clients = connect(protocol, server.url);
    onTestFinished(clients.close);
    return clients.tasks;
  };
  return { server, client };
}

describe("watchers of one instance", () => {
  it("are a thousand, each sees the change, and other calls go on meanwhile", {
    timeout: 120_000,
  }, async () => {
    const { client } = await opened();
    const tasks = client();
    const name = { kind: "watched", taskId: "1" };
    await tasks.createTask({ ...name, group: "g" });
    const call = new AbortController();
    const watchers = Array.from({ length: CONNECTIONS }, () => client()).flatMap((one) =>
      Array.from({ length: STREAMS }, (_, at) => {
        const question = at % 2 === 0 ? { group: "g" } : name;
        return one.watchTasks(question, { signal: call.signal })[Symbol.asyncIterator]();
      }),
    );
    const begun = await Promise.all(watchers.map((one) => one.next()));
    expect(begun.every(({ value }) => value?.type === WatchEventType.SNAPSHOT)).toBe(true);
    const upToDate = await Promise.all(watchers.map((one) => one.next()));
    expect(upToDate.every(({ value }) => value?.type === WatchEventType.HEARTBEAT)).toBe(true);

    await tasks.updateTask({ ...name, state: TaskState.COMPLETED });
    const changed = await Promise.all(watchers.map((one) => one.next()));
    expect(changed).toHaveLength(1_000);
    for (const { value } of changed) {
      expect(value).toMatchObject({ type: WatchEventType.CHANGED, task: { revision: 2n } });
    }
    call.abort();
    for (const ended of watchers.map((one) => one.next())) {
      await expect(ended).rejects.toMatchObject({ code: Code.Canceled });
    }
    expect((await tasks.getTask(name)).task?.revision).toBe(2n);
  });

  it.each(["gRPC", "gRPC-Web", "Connect JSON on HTTP/1.1"] as const)(
    "are told over %s to go elsewhere when the instance stops",
    async (protocol) => {
      const { server, client } = await opened();
      const tasks = client(protocol);
      await tasks.createTask({ kind: "watched", taskId: "1" });
      const stream = tasks.watchTasks({ kind: "watched" })[Symbol.asyncIterator]();
      await stream.next();
      await stream.next();
      const ended = stream.next().catch((reason: unknown) => reason);
      await server.stop();
      expect(describeFailure(ConnectError.from(await ended))).toMatchObject({
        code: "Unavailable",
        reason: "SHUTTING_DOWN",
      });
    },
  );
});
