// A list holds all that was there when it began, however small its pages and whatever comes meanwhile.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeWithRedisAndMongo, settingsOf, uniqueName } from "../support/real-stores.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";
import { whenNormal } from "../support/when-normal.ts";
import { type Clients, connect } from "./transports.ts";
import { value } from "./values.ts";

const BEFORE = 60;
const MEANWHILE = 20;

function listsAreWhole(env: Readonly<Record<string, string>>): void {
  let server: ServerProcess;
  let clients: Clients;
  beforeAll(async () => {
    // A store that answers slowly on a busy machine is not an outage.
    server = await startServer({ env: { GENERATION_LEASE: "10s", ...env } });
    clients = connect("gRPC", server.url);
    await whenNormal(clients.status);
  });
  afterAll(async () => {
    clients?.close();
    await server?.stop();
  });

  const create = (kind: string, prefix: string, count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, index) =>
        clients.tasks.createTask({ kind, taskId: `${prefix}${index}` }),
      ),
    );

  async function listAll(kind: string, pageSize: number): Promise<string[]> {
    const found: string[] = [];
    let pageToken = "";
    do {
      const page = await clients.tasks.listTasks({ kind, pageSize, pageToken });
      found.push(...page.tasks.map(({ taskId }) => taskId));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return found;
  }

  it("tasks that are there come exactly once while others come and change", async () => {
    const kind = uniqueName();
    await create(kind, "before-", BEFORE);
    const [found] = await Promise.all([
      listAll(kind, 7),
      create(kind, "meanwhile-", MEANWHILE),
      ...Array.from({ length: 20 }, (_, index) =>
        clients.tasks.updateTask({ kind, taskId: `before-${index}`, status: "moved" }),
      ),
    ]);
    const there = found.filter((taskId) => taskId.startsWith("before-"));
    expect(new Set(found).size).toBe(found.length);
    expect(there).toHaveLength(BEFORE);
    const after = await listAll(kind, 1000);
    expect(new Set(after).size).toBe(BEFORE + MEANWHILE);
    expect((await clients.tasks.countTasks({ kind })).total).toBe(BigInt(BEFORE + MEANWHILE));
  });

  it("schemas come whole as well", async () => {
    const prefix = uniqueName();
    const names = Array.from({ length: 25 }, (_, index) => `${prefix}-${index}`);
    await Promise.all(names.map((name) => clients.schemas.publishRelease({ name, document: value({}) })));
    const found: string[] = [];
    let pageToken = "";
    do {
      const page = await clients.schemas.listSchemas({ namePrefix: prefix, pageSize: 4, pageToken });
      expect(page.totalSize).toBe(names.length);
      found.push(...page.schemas.map(({ name }) => name));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(found).toEqual([...names].sort());
  });
}

describe("on memory and SQLite", () => listsAreWhole({}));

describeWithRedisAndMongo("on Redis and the MongoDB wire protocol", ({ redis, mongo }) =>
  listsAreWhole(settingsOf({ redis, mongo })),
);
