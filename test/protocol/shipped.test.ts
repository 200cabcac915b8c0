// What npm start and the image run: dist/ and the console, alone in a folder, without the sources and node_modules.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CacheService } from "../../gen/dbconn/v1/cache_pb.ts";
import { SchemaService } from "../../gen/dbconn/v1/schema_pb.ts";
import { StatusService } from "../../gen/dbconn/v1/status_pb.ts";
import { TaskService } from "../../gen/dbconn/v1/task_pb.ts";
import { describeWithRedisAndMongo, settingsOf } from "../support/real-stores.ts";
import { type ServerProcess, type ServerSettings, startServer } from "../support/server-process.ts";

const run = promisify(execFile);
const value = (json: JsonValue) => fromJson(ValueSchema, json);

let folder: string;
let server: ServerProcess | undefined;
let session: Http2SessionManager | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dbconn-shipped-"));
  for (const part of ["package.json", "dist", "console/dist"]) {
    cpSync(part, join(folder, part), { recursive: true });
  }
});
afterEach(async () => {
  session?.abort();
  await server?.stop();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function start(settings: ServerSettings) {
  server = await startServer({ ...settings, main: join(folder, "dist/main.js") });
  session = new Http2SessionManager(server.url);
  const transport = createGrpcTransport({ baseUrl: server.url, sessionManager: session });
  return {
    started: server,
    tasks: createClient(TaskService, transport),
    schemas: createClient(SchemaService, transport),
    cache: createClient(CacheService, transport),
    status: createClient(StatusService, transport),
  };
}
type Shipped = Awaited<ReturnType<typeof start>>;

/** Calls that need the stores' threads or scripts, and the threads that judge schemas. */
async function drive({ tasks, schemas, cache }: Shipped): Promise<void> {
  await tasks.createTask({ kind: "import", taskId: "42", data: { rows: 10 } });
  await tasks.updateTask({ kind: "import", taskId: "42", data: { done: 3 } });
  expect((await tasks.getTask({ kind: "import", taskId: "42" })).task?.data).toEqual({ rows: 10, done: 3 });
  expect((await tasks.listTasks({ kind: "import" })).tasks).toHaveLength(1);

  await schemas.publishRelease({ name: "user", document: value({ required: ["email"] }) });
  const { results } = await schemas.validateDocuments({
    name: "user",
    documents: [value({ email: "a" }), value({})],
  });
  expect(results.map(({ valid }) => valid)).toEqual([true, false]);

  const entry = { namespace: "user", key: "7" };
  await cache.setEntry({ ...entry, value: { case: "text", value: "Ada" } });
  expect((await cache.getEntry(entry)).entry?.value).toEqual({ case: "text", value: "Ada" });
  const leased = await cache.leaseEntry({ namespace: "user", key: "8" });
  expect(leased.leaseToken).not.toBe("");
}

describe("what is shipped, on embedded stores", () => {
  it("answers calls, and serves its documents and the console", async () => {
    const shipped = await start({});
    await drive(shipped);
    const get = async (path: string) => (await fetch(`${shipped.started.url}${path}`)).text();
    expect(JSON.parse(await get("/openapi.json"))).toHaveProperty("paths");
    expect(await get("/console/")).toMatch(/<script type="module"/);
    expect(await get("/metrics")).toMatch(/^# HELP/);
    expect(shipped.started.errors).toBe("");
    expect(await shipped.started.stop()).toBe(0);
  });

  it("holds a tick before anything else of it is loaded", () => {
    const main = readFileSync(join(folder, "dist/main.js"), "utf8");
    const files = [...main.matchAll(/^import .*"\.\/(.+)";$/gm)].map(([, file]) => file);
    const [first] = files.filter((file) => !file?.startsWith("rolldown-runtime"));
    expect(first).toMatch(/^held-tick/);
    expect(files.length).toBeGreaterThan(2);
  });

  it("copies its store while it serves, and puts the copy back", async () => {
    const dataDir = join(folder, "data");
    const shipped = await start({ dataDir });
    await shipped.tasks.createTask({ kind: "import", taskId: "42" });
    const program = (name: string, ...args: readonly string[]) =>
      run(process.execPath, [
        "--disable-warning=ExperimentalWarning",
        join(folder, `dist/${name}.js`),
        ...args,
        "--data-dir",
        dataDir,
      ]);
    const copy = join(folder, "copy.sqlite");
    expect((await program("backup", copy)).stdout).toMatch(/\b1 tasks\b.*checked/);
    await shipped.started.stop();
    expect((await program("restore", copy)).stdout).toMatch(/restored: .*\b1 tasks\b/);
  });

  it("exports traces where they are asked for", async () => {
    const paths: (string | undefined)[] = [];
    const collector = createServer((request, response) => {
      paths.push(request.url);
      request.resume();
      response.end();
    }).listen(0, "127.0.0.1");
    await once(collector, "listening");
    const { port } = collector.address() as AddressInfo;
    try {
      const { started, cache } = await start({
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` },
      });
      await cache.deleteEntry({ namespace: "user", key: "7" });
      await started.stop();
      expect(paths).toContain("/v1/traces");
    } finally {
      collector.close();
    }
  });
});

describeWithRedisAndMongo("what is shipped, on Redis and MongoDB", ({ redis, mongo }) => {
  it("answers calls, as two workers", async () => {
    const shipped = await start({
      env: {
        WORKERS: "2",
        ...settingsOf({ redis, mongo }),
      },
    });
    await drive(shipped);
    const { hot, durable } = await shipped.status.getStatus({});
    expect([hot?.kind, durable?.kind]).toEqual(["redis", "mongodb"]);
    expect(await shipped.started.stop()).toBe(0);
  });
});
