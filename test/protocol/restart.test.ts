import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { Consistency } from "../../gen/dbconn/v1/common_pb.ts";
import { startServer } from "../support/server-process.ts";
import { whenNormal } from "../support/when-normal.ts";
import { expectFailure } from "./failures.ts";
import { connect } from "./transports.ts";
import { jsonOf, value } from "./values.ts";

describe("the embedded stores", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "dbconn-restart-"));
  afterAll(() => rm(dataDir, { recursive: true, force: true }));

  /** A process over the one folder, gone when the test ends however it ends. */
  async function start() {
    const server = await startServer({ dataDir });
    const clients = connect("gRPC", server.url);
    await whenNormal(clients.status);
    onTestFinished(async () => {
      clients.close();
      await server.kill();
    });
    return { ...clients, ...server };
  }

  it.each(["stop", "kill"] as const)("keep tasks and schemas over a %s, and lose the cache", async (end) => {
    const first = await start();
    const name = { kind: "restart", taskId: end };
    const text = { case: "text" as const, value: "x" };
    await first.tasks.createTask({ ...name, data: { n: 1 } });
    const { task } = await first.tasks.updateTask({ ...name, data: { m: 2 }, requestId: "once" });
    await first.schemas.publishRelease({ name: end, document: value({ title: "1" }) });
    await first.schemas.publishRelease({ name: end, document: value({ title: "2" }) });
    await first.cache.setEntry({ key: end, value: text, persist: true });
    if (end === "stop") expect(await first.stop()).toBe(0);
    else await first.kill();

    const second = await start();
    for (const consistency of [Consistency.FAST, Consistency.STRONG]) {
      expect((await second.tasks.getTask({ ...name, consistency })).task).toEqual(task);
      const { release } = await second.schemas.getRelease({ name: end, consistency });
      expect(jsonOf(release?.document)).toEqual({ title: "2" });
    }
    expect((await second.tasks.listTaskEvents(name)).events).toHaveLength(2);
    const again = await second.tasks.updateTask({ ...name, data: { m: 2 }, requestId: "once" });
    expect(again).toMatchObject({ replayed: true, appliedRevision: 2n });
    await expectFailure(second.cache.getEntry({ key: end }), { code: "NotFound", reason: "ENTRY_NOT_FOUND" });
  });

  it("are one process's alone", async () => {
    await start();
    await expect(startServer({ dataDir })).rejects.toThrow(/did not start|ended with/);
  });
});
