import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Mode } from "../../gen/dbconn/v1/status_pb.ts";
import { PropertyType } from "../../gen/legacy/utils/utils_pb.ts";
import { type FerretProcess, startFerret } from "../../scripts/stores/ferret.ts";
import { type RedisProcess, startRedis } from "../../scripts/stores/redis.ts";
import { describeWithTools } from "../support/real-stores.ts";
import { startServer } from "../support/server-process.ts";
import { type Clients, connectBoth, modeIs } from "./clients.ts";
import { SEEDED, seedOriginal } from "./original-data.ts";

const MIGRATE = fileURLToPath(new URL("../../scripts/migrate/main.ts", import.meta.url));
const A = { type: "object", properties: { name: { type: PropertyType.STRING } } };
const B = { properties: { age: { extra: { minimum: "10", maximum: "1.0e2" } } } };
const C = { schema: "", required: ["x"] };

interface Run {
  readonly code: number;
  /** Standard output, then what went to standard error. */
  readonly output: string;
  readonly errors: string;
}

describeWithTools("migration", ["redis-server", "ferretdb"], () => {
  let redis: RedisProcess;
  let ferret: FerretProcess;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "dbconn-migrate-"));
    [redis, ferret] = await Promise.all([startRedis(), startFerret()]);
    await seedOriginal(source().mongo, source().redis);
  });
  afterAll(async () => {
    await Promise.all([redis.stop(), ferret.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const source = () => ({ mongo: `${ferret.uri.replace(/\/$/, "")}/original`, redis: `${redis.url}/3` });
  const from = () => ["--from-mongo", source().mongo, "--from-redis", source().redis];

  function migrate(env: Record<string, string>, args: readonly string[]): Promise<Run> {
    return new Promise((resolve) => {
      const options = { cwd: folder, env: { PATH: process.env.PATH, ...env } };
      execFile(process.execPath, [MIGRATE, ...args], options, (error, stdout, stderr) => {
        resolve({ code: Number(error?.code ?? 0), output: `${stdout}${stderr}`, errors: stderr });
      });
    });
  }

  const targets: readonly [string, () => Record<string, string>][] = [
    ["memory and SQLite", () => ({ DATA_DIR: join(folder, "data") })],
    [
      "Redis and MongoDB",
      () => ({ REDIS_URL: redis.url, MONGODB_URI: ferret.uri, MONGODB_DATABASE: "ours" }),
    ],
  ];

  describe.each(targets)("to %s", (_, env) => {
    it("keeps every schema with its releases and every task, and a second run changes nothing", {
      timeout: 180_000,
    }, async () => {
      const dry = await migrate(env(), [...from(), "--dry-run"]);
      expect(dry.errors).toContain("--dry-run");
      expect(dry.output).toContain(countLine("schemas", `${SEEDED.schemas} to be migrated, 0`));
      expect(dry.output).toContain(countLine("tasks", `${SEEDED.tasks} to be migrated, 0`));

      const first = await migrate(env(), from());
      expect(first.output).toContain(countLine("schemas", `${SEEDED.schemas} migrated, 0`));
      expect(first.output).toContain(countLine("tasks", `${SEEDED.tasks} migrated, 0`));
      expect(first.code).toBe(1);
      const left = first.output.split("\n").filter((line) => line.startsWith("not migrated: "));
      expect(left).toHaveLength(SEEDED.brokenSchemas + SEEDED.brokenTasks + SEEDED.strangers);

      const server = await startServer({ env: env() });
      const clients = connectBoth(server.url);
      try {
        await modeIs(clients, Mode.NORMAL);
        await expectSchemas(clients);
        await expectTasks(clients);
        const before = await everything(clients);
        // While a server is at work, where its stores can be shared.
        if (env().REDIS_URL === undefined) await server.stop();
        const second = await migrate(env(), from());
        expect(second.output).toContain(countLine("schemas", `0 migrated, ${SEEDED.schemas}`));
        expect(second.output).toContain(countLine("tasks", `0 migrated, ${SEEDED.tasks}`));
        const again = env().REDIS_URL === undefined ? await startServer({ env: env() }) : server;
        const others = connectBoth(again.url);
        try {
          await modeIs(others, Mode.NORMAL);
          expect(await everything(others)).toEqual(before);
        } finally {
          others.close();
          await again.stop();
        }
      } finally {
        clients.close();
        await server.stop();
      }
    });
  });

  it("does not bring back what clients deleted since", { timeout: 120_000 }, async () => {
    const env = { DATA_DIR: join(folder, "deleted") };
    await migrate(env, from());
    const server = await startServer({ env });
    const clients = connectBoth(server.url);
    try {
      await clients.old.removeTaskId({ taskId: "document", task: "import" });
      await clients.old.mongoDeleteImportName({ importName: "alone" });
    } finally {
      clients.close();
      await server.stop();
    }
    const { output } = await migrate(env, from());
    expect(output).toContain(countLine("schemas", `0 migrated, ${SEEDED.schemas}`));
    expect(output).toContain(countLine("tasks", `0 migrated, ${SEEDED.tasks}`));
  });

  it("tells of a schema that is there with other releases", async () => {
    const env = { DATA_DIR: join(folder, "other") };
    const server = await startServer({ env });
    const clients = connectBoth(server.url);
    try {
      await clients.old.mongoInsertOneSchema({ importName: "wrapped", activeSchema: { type: "object" } });
    } finally {
      clients.close();
      await server.stop();
    }
    const { output } = await migrate(env, from());
    expect(output).toMatch(/schemas\/\w+: the schema wrapped has other releases/);
  });

  it("names every document that stays behind, and why", async () => {
    const { output } = await migrate({ DATA_DIR: join(folder, "reasons") }, [...from(), "--dry-run"]);
    for (const why of [
      /schemas\/\w+: active_schema is missing/,
      /schemas\/\w+: import_name is no text/,
      /schemas\/\w+: schemas_releases is no list/,
      /schemas\/\w+: document\S*type\S*: /,
      /schemas\/\w+: schemas\/\w+ has the same name/,
      /schemas\/\w+: is neither a schema nor a task/,
      /tasks\/\w+: code is no integer/,
      /tasks\/\w+: task_id: must have at most 128 characters/,
      /redis key import:task:part-alone: data is missing/,
      /redis key import:task:no-json: data is no JSON/,
      /left alone: collection users /,
      /tasks\/\w+: Redis says something else/,
      /tasks\/\w+: the hash in Redis cannot be read/,
    ]) {
      expect(output).toMatch(why);
    }
  });

  it.each([
    ["nothing to read from", [], "--from-mongo or --from-redis"],
    ["no database in the URI", ["--from-mongo", "mongodb://127.0.0.1:1/"], "must name the database"],
    ["an option that there is not", ["--from"], "--from"],
  ])("does not begin with %s", async (_, args, why) => {
    const { code, errors } = await migrate({}, args);
    expect([code, errors]).toEqual([2, expect.stringContaining(why)]);
  });

  it("does not write into the database that it reads", async () => {
    const env = { MONGODB_URI: ferret.uri, MONGODB_DATABASE: "original" };
    const { code, errors } = await migrate(env, from());
    expect([code, errors]).toEqual([2, expect.stringContaining("MONGODB_DATABASE")]);
  });
});

function countLine(kind: "schemas" | "tasks", counts: string): string {
  const broken = kind === "schemas" ? SEEDED.brokenSchemas : SEEDED.brokenTasks;
  return `${kind}: ${counts} there already, ${broken} not migrated`;
}

async function expectSchemas({ old, schemas }: Clients): Promise<void> {
  expect((await old.mongoCountAllDocuments({})).amount).toBe(SEEDED.schemas);
  const raw = (importName: string) => old.mongoGetRawSchemas({ importName });
  expect(await raw("wrapped")).toMatchObject({
    createdAt: "2024-03-03 10:00:00.123456",
    activeSchema: C,
    schemasReleases: [
      { createdAt: "monday", schema: A },
      { createdAt: "2024-02-30", schema: B },
    ],
  });
  expect(await raw("bare")).toMatchObject({
    createdAt: "now",
    activeSchema: C,
    schemasReleases: [
      { createdAt: "", schema: A },
      { createdAt: "", schema: B },
    ],
  });
  expect(await raw("mixed")).toMatchObject({
    createdAt: "2024-05-05T00:00:00.000Z",
    activeSchema: A,
    schemasReleases: [
      { createdAt: "", schema: B },
      { createdAt: "tuesday", schema: A },
      { createdAt: "", schema: C },
    ],
  });
  const extra = { minLength: "1", default: "00501" };
  expect((await raw("mixed")).activeSchema?.properties.name?.extra).toEqual(extra);
  expect((await raw("wrapped")).schemasReleases[0]?.schema?.properties.name?.extra).toEqual(extra);
  expect((await raw("equal")).schemasReleases).toMatchObject([{ schema: A }, { schema: A }]);
  expect((await raw("año/1 %20")).activeSchema).toMatchObject(B);
  const many = (await raw("many")).schemasReleases;
  expect(many.map(({ createdAt }) => createdAt)).toEqual(
    Array.from({ length: 40 }, (_, i) => `release ${i}`),
  );
  expect(many.map(({ schema }) => schema?.required[0])).toEqual(
    Array.from({ length: 40 }, (_, i) => `x${i}`),
  );
  const { release } = await schemas.getRelease({ name: "nested" });
  expect(release?.release).toBe(2);
  // Deleting the active one goes back to the one before, as it would have there.
  expect((await old.mongoFindJsonSchema({ importName: "alone" })).schema).toMatchObject(B);
}

async function expectTasks({ old, tasks }: Clients): Promise<void> {
  const get = async (taskId: string, task = "import") => (await old.getTaskId({ taskId, task })).value;
  expect(await get("document")).toMatchObject({
    status: "completed",
    code: 200,
    message: "m",
    data: { rows: "10" },
  });
  expect(await get("both")).toMatchObject({ status: "completed", message: "new", data: { a: "1", b: "2" } });
  expect(await get("part")).toMatchObject({ status: "processing-file", code: 202, data: { kept: "1" } });
  expect(await get("unreadable-hash")).toMatchObject({ status: "error", code: 500, data: {} });
  expect(await get("hash")).toMatchObject({ status: "warning", data: { x: "ñ" } });
  expect(await get("c:task:d", "a:b")).toMatchObject({ message: "colons" });
  expect(await get("año/1 %20", "a b")).toMatchObject({ status: "failed-upload", data: { n: "7" } });
  const group = async (importName: string, task = "import") =>
    (await old.getTasksByImportName({ importName, task })).tasks.length;
  expect(await group("sales")).toBe(4);
  expect(await group("from the set")).toBe(1);
  expect(await group("una importación", "a b")).toBe(1);
  expect(await group("i0", "bulk")).toBe(40);
  const { task } = await tasks.getTask({ kind: "bulk", taskId: "t7" });
  expect(task).toMatchObject({ hotTtl: { seconds: 43_200n }, data: { index: "7" }, revision: 1n });
}

/** All there is, with revisions and times. */
async function everything({ tasks, schemas }: Clients) {
  return {
    tasks: (await tasks.listTasks({ pageSize: 1000 })).tasks,
    schemas: (await schemas.listSchemas({ pageSize: 1000 })).schemas,
  };
}
