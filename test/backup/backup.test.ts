import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Client, Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, it, onTestFinished } from "vitest";
import { StatusService } from "../../gen/dbconn/v1/status_pb.ts";
import { TaskService } from "../../gen/dbconn/v1/task_pb.ts";
import { backUp, restore, verify } from "../../src/adapters/sqlite/backup.ts";
import { openSqlite } from "../../src/adapters/sqlite/durable.ts";
import { COLLECTIONS, fields, upsert } from "../contract/durable/harness.ts";
import { sessionManager } from "../server/support.ts";
import { describeWithRedis } from "../support/real-stores.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { whenNormal } from "../support/when-normal.ts";
import { run, temporaryFolder } from "./commands.ts";

interface Service {
  readonly server: ServerProcess;
  readonly tasks: Client<typeof TaskService>;
  readonly status: Client<typeof StatusService>;
}

async function serve(dataDir: string, env: Record<string, string> = {}): Promise<Service> {
  const server = await startServer({ dataDir, env });
  onTestFinished(async () => void (await server.stop()));
  const transport = createGrpcTransport({ baseUrl: server.url, sessionManager: sessionManager(server.url) });
  return {
    server,
    tasks: createClient(TaskService, transport),
    status: createClient(StatusService, transport),
  };
}

/** A store that answers slowly on a busy machine is not an outage. */
const BUSY = { GENERATION_LEASE: "10s", HOT_TIMEOUT: "5s" };

const create = ({ tasks }: Service, taskId: string) =>
  tasks.createTask({ kind: "k", taskId, data: { step: 1 } });
const stepOf = async ({ tasks }: Service, taskId: string) =>
  (await tasks.getTask({ kind: "k", taskId })).task?.data?.step;

/** A store of two documents, closed. */
async function smallStore(folder: string): Promise<string> {
  const directory = join(folder, "data");
  const store = await openSqlite({ directory, collections: COLLECTIONS });
  await store.update(upsert("a", fields({ rank: 1 })));
  await store.update(upsert("b", fields({ rank: 2 })));
  await store.close();
  return directory;
}

describe("a backup of a service that is being written to", () => {
  it("holds all that was acknowledged before it began, and a restored service has it", async () => {
    const folder = temporaryFolder();
    const [dataDir, file] = [join(folder, "data"), join(folder, "copies", "one.sqlite")];
    const service = await serve(dataDir);
    let writing = true;
    let written = 0;
    const writer = (async () => {
      while (writing) await create(service, `during-${written++}`);
    })();
    await create(service, "before");
    const { code, stdout } = await run("backup", file, "--data-dir", dataDir);
    writing = false;
    await writer;
    await create(service, "after");
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/ tasks; checked\n$/) });
    expect(written).toBeGreaterThan(1);
    expect(readdirSync(join(folder, "copies"))).toEqual(["one.sqlite"]);

    // Nobody puts it back under the feet of the one who uses it.
    const early = await run("restore", file, "--data-dir", dataDir);
    expect(early).toMatchObject({ code: 1, stderr: expect.stringContaining("another process uses it") });
    await service.server.stop();
    const late = await run("restore", file, "--data-dir", dataDir);
    expect(late).toMatchObject({ code: 0, stdout: expect.stringMatching(/^what was there: .*\nrestored: /) });

    const restored = await serve(dataDir);
    expect(await stepOf(restored, "before")).toBe(1);
    await expect(stepOf(restored, "after")).rejects.toMatchObject({ code: Code.NotFound });
    await create(restored, "anew");
    expect(await stepOf(restored, "anew")).toBe(1);
  });
});

describeWithRedis("a restored service on a Redis that went on", (redis) => {
  it("shows nothing of the time that was undone", async () => {
    const folder = temporaryFolder();
    const [dataDir, file] = [join(folder, "data"), join(folder, "copy.sqlite")];
    const env = { REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix, ...BUSY };
    const service = await serve(dataDir, env);
    await whenNormal(service.status);
    await create(service, "t");
    expect((await run("backup", file, "--data-dir", dataDir)).code).toBe(0);
    await service.tasks.updateTask({
      kind: "k",
      taskId: "t",
      data: { step: 2 },
      updateMask: { paths: ["data"] },
    });
    expect(await stepOf(service, "t")).toBe(2);
    await service.server.stop();
    expect((await run("restore", file, "--data-dir", dataDir)).code).toBe(0);
    const restored = await serve(dataDir, env);
    await whenNormal(restored.status);
    expect(await stepOf(restored, "t")).toBe(1);
  });
});

describe("what a watcher knew of the time that was undone", () => {
  it("does not make it miss what is written afterwards", async () => {
    const folder = temporaryFolder();
    const directory = await smallStore(folder);
    const file = join(folder, "copy.sqlite");
    await backUp(directory, file, () => {});
    const first = await openSqlite({ directory, collections: COLLECTIONS });
    for (const key of ["c", "d", "e"]) await first.update(upsert(key, {}));
    const { cursor } = await first.changes("things", undefined, 10);
    await first.close();
    restore(file, directory, 1);
    const second = await openSqlite({ directory, collections: COLLECTIONS });
    onTestFinished(() => second.close());
    await second.update(upsert("f", {}));
    const { documents } = await second.changes("things", cursor, 10);
    expect(documents.map(({ key }) => key)).toEqual(["f"]);
  });
});

describe("a copy that cannot be trusted", () => {
  async function copyOf(folder: string): Promise<{ directory: string; file: string }> {
    const directory = await smallStore(folder);
    const file = join(folder, "copy.sqlite");
    await backUp(directory, file, () => {});
    return { directory, file };
  }
  /** What is there afterwards, by name and content. */
  const contentOf = (directory: string) =>
    Object.fromEntries(
      readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), "base64")]),
    );

  it("is not put back: one that is damaged", async () => {
    const folder = temporaryFolder();
    const { directory, file } = await copyOf(folder);
    const bytes = readFileSync(file);
    // The pages behind the header and the schema.
    writeFileSync(file, Buffer.concat([bytes.subarray(0, 4096), Buffer.alloc(bytes.length - 4096, 0x5a)]));
    const before = contentOf(directory);
    const { code, stderr } = await run("restore", file, "--data-dir", directory);
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${file} cannot be used`),
    });
    expect(contentOf(directory)).toEqual(before);
  });

  it("is not put back: one that a newer version wrote", async () => {
    const folder = temporaryFolder();
    const { directory, file } = await copyOf(folder);
    const database = new DatabaseSync(file);
    database.exec("UPDATE meta SET value = 999 WHERE name = 'format'");
    database.close();
    const before = contentOf(directory);
    const { code, stderr } = await run("restore", file, "--data-dir", directory);
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("storage format is 999"),
    });
    expect(contentOf(directory)).toEqual(before);
    expect(() => verify(file)).toThrow("storage format is 999");
  });

  it("is not put back: one that is no store of ours, or is not there", () => {
    const folder = temporaryFolder();
    const file = join(folder, "notes.txt");
    writeFileSync(file, "not a database");
    for (const name of [file, join(folder, "none")]) {
      expect(() => restore(name, join(folder, "data"), 1)).toThrow(name);
    }
    expect(existsSync(join(folder, "data"))).toBe(false);
  });
});

describe("the commands", () => {
  it("overwrite nothing, and leave nothing half done", async () => {
    const folder = temporaryFolder();
    const directory = await smallStore(folder);
    const file = join(folder, "copy.sqlite");
    writeFileSync(file, "mine");
    const { code, stderr } = await run("backup", file, "--data-dir", directory);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("is there already") });
    expect(readFileSync(file, "utf8")).toBe("mine");
    expect((await run("backup", join(folder, "x"), "--data-dir", join(folder, "none"))).code).toBe(1);
    expect(readdirSync(folder).toSorted()).toEqual(["copy.sqlite", "data"]);
  });

  it.each(["backup", "restore"] as const)("explain themselves: %s", async (name) => {
    const { code, stdout } = await run(name, "--help");
    expect(code).toBe(0);
    expect(stdout).toContain(`npm run ${name} -- FILE`);
    expect(await run(name)).toMatchObject({ code: 1, stderr: expect.stringContaining("--help explains") });
  });
});
