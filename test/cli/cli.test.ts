// The command-line tool as people run it: processes, what they print, and how they end.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { TaskState } from "../../gen/dbconn/v1/task_pb.ts";
import { type Clients, connect } from "../protocol/transports.ts";
import { value } from "../protocol/values.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";

const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

describe("dbconn", () => {
  const folder = mkdtempSync(join(tmpdir(), "dbconn-cli-"));
  let server: ServerProcess;
  let api: Clients;
  beforeAll(async () => {
    server = await startServer();
    api = connect("gRPC", server.url);
  });
  afterAll(async () => {
    api.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (args: readonly string[], at = server.url): ChildProcess =>
    spawn(process.execPath, [MAIN, ...args], {
      env: { PATH: process.env.PATH, DBCONN_SERVER: at },
      stdio: ["ignore", "pipe", "pipe"],
    });

  async function dbconn(args: readonly string[], at?: string) {
    const child = start(args, at);
    let [out, err] = ["", ""];
    child.stdout?.on("data", (chunk) => (out += chunk));
    child.stderr?.on("data", (chunk) => (err += chunk));
    const [code] = await once(child, "close");
    return { code: Number(code), out, err };
  }

  const file = (name: string, json: unknown): string => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(json));
    return path;
  };

  it("puts a task and gets it, for people and for scripts", async () => {
    const put = await dbconn(["put", "task", "import/1", "--state", "processing", "--data", '{"rows": 10}']);
    expect(put).toMatchObject({ code: 0, err: "" });
    const people = await dbconn(["get", "task", "import/1"]);
    expect(people.out).toMatch(/state +processing/);
    expect(people.out).toContain('"rows": 10');
    const scripts = await dbconn(["get", "task", "import/1", "--json"]);
    expect(JSON.parse(scripts.out)).toMatchObject({ taskId: "1", data: { rows: 10 } });
  });

  it("puts an entry, lists its key and gets it back as it was", async () => {
    await dbconn(["put", "entry", "user:1", "Ada", "-n", "people", "--ttl", "60"]);
    expect(await dbconn(["get", "entry", "user:1", "-n", "people"])).toEqual({
      code: 0,
      out: "Ada\n",
      err: "",
    });
    expect((await dbconn(["keys", "user:*", "-n", "people"])).out).toBe("user:1\n");
    expect((await dbconn(["keys", "none:*", "-n", "people"])).out).toBe("");
  });

  it("clears what it showed, and only when it was told to", async () => {
    for (const key of ["a:1", "a:2", "b:1"])
      await api.cache.setEntry({ namespace: "clear", key, value: { case: "text", value: "" } });
    const asked = await dbconn(["clear", "-n", "clear", "--pattern", "a:*"]);
    expect(asked.code).toBe(2);
    expect(asked.out).toContain("2 entries would be removed");
    expect((await api.cache.listKeys({ namespace: "clear" })).keys).toHaveLength(3);
    const done = await dbconn(["clear", "-n", "clear", "--pattern", "a:*", "--yes"]);
    expect(done.out).toContain("2 entries were removed");
    expect((await api.cache.listKeys({ namespace: "clear" })).keys).toEqual(["b:1"]);
    expect((await dbconn(["clear", "--yes"])).code).toBe(2);
  });

  it("publishes, compares and validates schemas", async () => {
    const first = file("first.json", { type: "object" });
    const second = file("second.json", { type: "object", required: ["email"] });
    expect((await dbconn(["publish", "user", first, "--dry-run"])).out).toContain("would be created");
    expect((await dbconn(["publish", "user", first])).out).toContain("created: user release 1");
    expect((await dbconn(["publish", "user", second, "--note", "email"])).out).toContain(
      "released: user release 2",
    );
    const diff = await dbconn(["diff", "user"]);
    expect(diff.out).toContain("release 1 to 2 is forward");
    expect(diff.out).toContain("shown by {}");
    const good = file("good.json", { email: "a@example.com" });
    const bad = file("bad.json", {});
    expect((await dbconn(["validate", "user", good])).code).toBe(0);
    const judged = await dbconn(["validate", "user", good, bad]);
    expect(judged.code).toBe(1);
    expect(judged.out).toContain("bad.json: not valid by release 2");
  });

  it("exports schemas and imports them elsewhere with their numbers", async () => {
    for (const type of ["object", "array", "string"])
      await api.schemas.publishRelease({ name: "moved", document: value({ type }) });
    await api.schemas.deleteRelease({ name: "moved", release: 2 });
    const path = join(folder, "schemas.ndjson");
    expect((await dbconn(["export", path, "--prefix", "moved"])).code).toBe(0);
    expect(readFileSync(path, "utf8").trim().split("\n")).toHaveLength(1);
    const elsewhere = await startServer();
    onTestFinished(async () => void (await elsewhere.stop()));
    expect((await dbconn(["import", path], elsewhere.url)).out).toContain("2 releases were imported");
    const other = connect("gRPC", elsewhere.url);
    onTestFinished(other.close);
    const { releases } = await other.schemas.listReleases({ name: "moved" });
    expect(releases.map(({ release }) => release)).toEqual([3, 1]);
  });

  it("waits until a task has ended, and says by its exit when it has not", async () => {
    await api.tasks.createTask({ kind: "wait", taskId: "1" });
    expect((await dbconn(["wait", "wait/1", "--for", "0.1"])).code).toBe(1);
    const waiting = dbconn(["wait", "wait/1", "--for", "25"]);
    await api.tasks.updateTask({ kind: "wait", taskId: "1", state: TaskState.COMPLETED });
    expect(await waiting).toMatchObject({ code: 0, out: expect.stringContaining("completed") });
  });

  it("follows a task, also past a restart of the service", async () => {
    const dataDir = mkdtempSync(join(folder, "data-"));
    const first = await startServer({ dataDir });
    const env = { PORT: String(first.port) };
    const before = connect("gRPC", first.url);
    await before.tasks.createTask({ kind: "watch", taskId: "1" });
    const watching = start(["watch", "watch/1"], first.url);
    onTestFinished(() => void watching.kill());
    const seen = (text: string) =>
      new Promise<void>((resolve) => {
        watching.stdout?.on("data", (chunk) => String(chunk).includes(text) && resolve());
      });
    await seen("revision 1");
    before.close();
    await first.stop();
    const second = await startServer({ dataDir, env });
    onTestFinished(async () => void (await second.stop()));
    const after = connect("gRPC", second.url);
    onTestFinished(after.close);
    const changed = seen("revision 2");
    await after.tasks.updateTask({ kind: "watch", taskId: "1", message: "again" });
    await changed;
  });

  it("says what is wrong and what to do next", async () => {
    const missing = await dbconn(["get", "task", "none/1"]);
    expect(missing).toMatchObject({ code: 1, err: expect.stringContaining("TASK_NOT_FOUND") });
    const misnamed = await dbconn(["get", "task", "none"]);
    expect(misnamed).toMatchObject({ code: 2, err: expect.stringContaining("KIND/ID") });
    const unknown = await dbconn(["gett", "task"]);
    expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining("dbconn --help") });
    const away = await dbconn(["status"], "http://127.0.0.1:9");
    expect(away).toMatchObject({ code: 1, err: expect.stringContaining("--server") });
    const notJson = await dbconn(["put", "task", "a/b", "--data", "{"]);
    expect(notJson).toMatchObject({ code: 2, err: expect.stringContaining("--data is not JSON") });
  });

  it("explains every command by --help, and prints its completion", async () => {
    const { out } = await dbconn(["--help"]);
    const commands = [...out.matchAll(/^ {2}dbconn (\w+)/gm)].map(([, name]) => name ?? "");
    expect(commands).toHaveLength(13);
    expect((await dbconn(["publish", "--help"])).out).toContain("--dry-run");
    expect((await dbconn(["completion"])).out).toContain("dbconn");
  });

  it("tells how the stores are", async () => {
    expect(await dbconn(["status"])).toMatchObject({ code: 0, out: expect.stringMatching(/mode +normal/) });
  });
});
