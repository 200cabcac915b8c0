// README's first line, and its example for Node.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { TaskService } from "../../gen/dbconn/v1/task_pb.ts";
import { example, ROOT } from "./readme.ts";

/** `npm start` as a new user runs it, but for a port and a folder that nobody else has. */
async function start(dataDir: string) {
  const npm = spawn("npm", ["start"], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: "0", DATA_DIR: dataDir },
    stdio: ["ignore", "pipe", "inherit"],
    // A group of its own, so that npm's children go with it.
    detached: true,
  });
  const gone = once(npm, "close");
  const stop = async () => {
    if (npm.pid !== undefined && npm.exitCode === null) process.kill(-npm.pid, "SIGTERM");
    await gone;
  };
  const serving = new Promise<Record<string, unknown>>((resolve, reject) => {
    const lines = createInterface({ input: npm.stdout });
    lines.on("line", (line) => {
      if (line.includes('"serving"')) resolve(JSON.parse(line) as Record<string, unknown>);
    });
    lines.once("close", () => reject(new Error("npm start ended without serving")));
  });
  return { serving, stop };
}

let dataDir: string;
let started: Awaited<ReturnType<typeof start>>;
let line: Record<string, unknown>;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "dbconn-start-"));
  started = await start(dataDir);
  line = await started.serving;
});
afterAll(async () => {
  await started?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

it("npm start serves on loopback with embedded stores and nothing configured", async () => {
  expect(line).toMatchObject({ host: "127.0.0.1", hot: "memory", durable: "sqlite" });
  expect((await fetch(`http://127.0.0.1:${line.port}/readyz`)).status).toBe(200);
});

it("the Connect example prints the task's data in Node as well", async () => {
  const address = `127.0.0.1:${line.port}`;
  const tasks = createClient(TaskService, createGrpcTransport({ baseUrl: `http://${address}` }));
  await tasks.createTask({ kind: "import", taskId: "42", data: { rows: 10, done: 3 } });
  const code = ["--input-type=module-typescript", "--eval", example("ts browser", address)];
  const { stdout } = await promisify(execFile)(process.execPath, code, { cwd: ROOT });
  expect(stdout).toBe("{ rows: 10, done: 3 }\n");
});
