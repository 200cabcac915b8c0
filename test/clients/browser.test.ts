// The TypeScript client in a page of another origin, in a real browser, through a restart of the service.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { freePort } from "../../scripts/stores/store-process.ts";
import { bundle, openPage, servePage } from "../support/page.ts";
import { describeWithChromium } from "../support/real-stores.ts";
import { startServer } from "../support/server-process.ts";

/** What an application's page does with it. */
const PAGE = `
import { connectWeb, TaskState } from "./clients/typescript/src/web.ts";

const name = { kind: "page", taskId: "1" };
globalThis.begin = async (url) => {
  globalThis.dbconn = connectWeb({ url, timeoutMs: 60_000 });
  await dbconn.tasks.createTask(name);
  // A watch that begins after the next write tells of that one first.
  await new Promise((follows, fails) => {
    globalThis.followed = (async () => {
      const revisions = [];
      for await (const { task } of dbconn.watchTasks(name)) {
        revisions.push(String(task.revision));
        follows();
        if (task.state === TaskState.COMPLETED) return revisions;
      }
    })();
    followed.catch(fails);
  });
};
globalThis.write = async (status) => {
  const { task, replayed } = await dbconn.tasks.updateTask({ ...name, status });
  return { revision: String(task.revision), replayed };
};
globalThis.end = async () => {
  await dbconn.tasks.updateTask({ ...name, state: TaskState.COMPLETED });
  return followed;
};
`;

describeWithChromium("the TypeScript client in Chromium", (chromium) => {
  it("writes, and follows a task, through a restart of the service", { timeout: 120_000 }, async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "dbconn-page-"));
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    const { origin } = await servePage(await bundle(PAGE));
    const port = await freePort();
    const start = async () => {
      const server = await startServer({ dataDir, env: { PORT: String(port), CORS_ORIGINS: origin } });
      onTestFinished(async () => void (await server.stop()));
      return server;
    };
    const first = await start();
    const page = await openPage(chromium, origin);
    await page.evaluate(`begin(${JSON.stringify(first.url)})`);
    expect(await page.evaluate("write('before')")).toEqual({ revision: "2", replayed: false });
    await first.kill();
    const during = page.evaluate("write('during')");
    await start();
    expect(await during).toMatchObject({ revision: "3" });
    expect(await page.evaluate("end()")).toEqual(["1", "2", "3", "4"]);
  });
});
