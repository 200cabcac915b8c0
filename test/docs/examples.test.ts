// The examples in examples/, each run against a service of its own as examples/README.md says.
import { execFile, spawnSync } from "node:child_process";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { describeWhere, describeWithTools } from "../support/real-stores.ts";
import { startServer } from "../support/server-process.ts";
import { ROOT } from "./readme.ts";

const TYPESCRIPT = "examples/typescript/tasks.ts";
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");
const run = promisify(execFile);
/** Go compiles its libraries once a machine; on a busy one that takes its time. */
const BUILD_TIMEOUT_MS = 300_000;

/** What a command prints, for a service that has just been started. */
async function output(command: string, args: readonly string[], more: { path?: string; cwd?: string } = {}) {
  const server = await startServer();
  onTestFinished(async () => void (await server.stop()));
  const { path, cwd = ROOT } = more;
  const PATH = [...(path === undefined ? [] : [path]), process.env.PATH].join(delimiter);
  const env = {
    ...process.env,
    PATH,
    DBCONN_ADDRESS: `127.0.0.1:${server.port}`,
    PYTHONDONTWRITEBYTECODE: "1",
  };
  const { stdout } = await run(command, [...args], { cwd, env });
  return stdout;
}

it("curl", async () => {
  const answers = (await output("examples/curl/tasks.sh", [])).trim().split("\n");
  expect(answers.map((text) => JSON.parse(text) as unknown)).toMatchObject([
    { task: { taskId: "curl", revision: "1" } },
    { task: { state: "TASK_STATE_COMPLETED", data: { rows: 10, done: 10 } } },
    { done: "DONE_STATE" },
    { outcome: "OUTCOME_CREATED" },
    { results: [{ valid: true }, { errors: [{ keyword: "required" }] }] },
    {},
    { entry: { text: "hello from curl" } },
  ]);
});

it("TypeScript", { timeout: BUILD_TIMEOUT_MS }, async () => {
  await run("npm", ["run", "build:client"], { cwd: ROOT });
  const settings = [
    "--ignoreConfig",
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "--types",
    "node",
    "--target",
    "es2023",
  ];
  const checked = await run(process.execPath, [TSC, ...settings, "--module", "nodenext", TYPESCRIPT], {
    cwd: ROOT,
  }).catch((error: { stdout: string }) => error);
  expect(checked.stdout).toBe("");
  const lines = (await output(process.execPath, [TYPESCRIPT])).trim().split("\n");
  expect(lines.slice(-5)).toEqual([
    "TASK_STATE_COMPLETED",
    "true",
    "ILLEGAL_TRANSITION no",
    "[ true, false ]",
    "hello from TypeScript",
  ]);
});

describeWithTools("with command-line clients", ["grpcurl", "grpc-python"], (tools) => {
  it("grpcurl", async () => {
    // The tool's file carries its version; the example calls it by its name.
    const folder = await mkdtemp(join(tmpdir(), "dbconn-grpcurl-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await cp(tools.grpcurl, join(folder, "grpcurl"));
    const text = await output("examples/grpcurl/tasks.sh", [], { path: folder });
    expect(text).toContain("dbconn.v1.TaskService.WatchTasks");
    expect(text).toContain('"type": "WATCH_EVENT_TYPE_SNAPSHOT"');
    expect(text).toContain('"text": "hello from grpcurl"');
  });

  it("Python", async () => {
    const text = await output(tools["grpc-python"], ["examples/python/tasks.py"]);
    expect(text.trim().split("\n")).toEqual([
      "made, revision 1",
      "sent again, replayed True",
      "WATCH_EVENT_TYPE_SNAPSHOT",
      "{'done': 10.0, 'rows': 10.0}",
      expect.stringMatching(/^FAILED_PRECONDITION ./),
      "hello from Python",
    ]);
  });

  it("Python's requirements are the versions that it is tested with", async () => {
    const pinned = await readFile(join(ROOT, "scripts/tools.env"), "utf8");
    const required = await readFile(join(ROOT, "examples/python/requirements.txt"), "utf8");
    const grpc = /^GRPC_PYTHON_VERSION=(.*)$/m.exec(pinned)?.[1];
    const protobuf = /^PROTOBUF_PYTHON_VERSION=(.*)$/m.exec(pinned)?.[1];
    expect(required).toBe(`grpcio==${grpc}\ngrpcio-tools==${grpc}\nprotobuf==${protobuf}\n`);
  });
});

const go = spawnSync("go", ["version"]).status === 0;
describeWhere("with Go", go ? undefined : "go was not found; install go 1.26 or later", () => {
  it("Go", { timeout: BUILD_TIMEOUT_MS }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "dbconn-go-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await cp(join(ROOT, "examples/go"), folder, { recursive: true });
    const proto = join(ROOT, "proto");
    const buf = join(ROOT, "node_modules/.bin/buf");
    const env = {
      ...process.env,
      CGO_ENABLED: "0",
      PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
    };
    await run(buf, ["generate", proto, "--path", join(proto, "dbconn/v1")], { cwd: folder, env });
    await run("go", ["build", "-o", "example", "."], { cwd: folder, env });
    expect((await output(join(folder, "example"), [])).trim().split("\n")).toEqual([
      "made, revision 1",
      "WATCH_EVENT_TYPE_SNAPSHOT TASK_STATE_PENDING",
      "WATCH_EVENT_TYPE_HEARTBEAT TASK_STATE_UNSPECIFIED",
      "WATCH_EVENT_TYPE_CHANGED TASK_STATE_COMPLETED",
      expect.stringMatching(/^failed_precondition ./),
      "hello from Go",
    ]);
  });
});
