/** What one task and one cache entry take in the stores, room and time: docs/scaling.md reckons with it. */
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "redis";
import { startFerret } from "../../scripts/stores/ferret.ts";
import { startRedis } from "../../scripts/stores/redis.ts";
import { VALUE } from "../loads/calls.ts";
import { type Clients, withClients } from "../loads/clients.ts";
import { seedTasks } from "../loads/seed-tasks.ts";
import { type Row, whole } from "../run/table.ts";
import { startUnseeded } from "../servers/service.ts";
import { type Add, together } from "../servers/together.ts";
import type { Bench, Section } from "./section.ts";

const TASKS = 500;
const ENTRIES = 10_000;
const AT_ONCE = 1_000;
const FILED_TASKS = 20_000;
const MODEL = { kind: "model", taskId: "model", data: { note: VALUE } };

export const sizes: Section = {
  name: "sizes",
  always: true,
  inQuick: false,
  run: (bench) =>
    together(async (add) => ({
      title: "Room and time in the stores, with 100 bytes of data",
      rows: [...(await onRedis(bench, add)), await onSqlite(bench)],
      targets: [],
    })),
};

async function onRedis({ say }: Bench, add: Add): Promise<readonly Row[]> {
  say("sizes: Redis");
  const store = await add(startRedis());
  const ferret = await add(startFerret());
  const server = await add(startUnseeded({ REDIS_URL: store.url, MONGODB_URI: ferret.uri }));
  const redis = await createClient({ url: store.url }).connect();
  const bytesOf = async (count: number, write: () => Promise<void>): Promise<number> => {
    const used = async () => Number(/used_memory:(\d+)/.exec(await redis.info("memory"))?.[1]);
    const before = await used();
    await write();
    return ((await used()) - before) / count;
  };
  try {
    return await withClients(server.port, async (clients) => {
      const entry = await bytesOf(ENTRIES, () => writeEntries(clients));
      const task = await bytesOf(TASKS, () => writeTasks(clients));
      await redis.configResetStat();
      await readAll(clients);
      const stats = await redis.info("commandstats");
      const microseconds = (command: string) =>
        new RegExp(`cmdstat_${command}:.*usec_per_call=([\\d.]+)`).exec(stats)?.[1] ?? "?";
      return [
        { what: "a cache entry in Redis", figure: `${whole(entry)} bytes` },
        { what: "a task in Redis", figure: `${whole(task)} bytes` },
        { what: "GetEntry, of Redis's one thread", figure: `${microseconds("get")} µs` },
        { what: "GetTask FAST, of Redis's one thread", figure: `${microseconds("hget")} µs` },
      ];
    });
  } finally {
    redis.destroy();
  }
}

async function writeEntries({ cache }: Clients): Promise<void> {
  for (let first = 0; first < ENTRIES; first += AT_ONCE) {
    const requests = Array.from({ length: AT_ONCE }, (_, n) => ({
      key: `key-${first + n}`,
      value: { case: "text" as const, value: VALUE },
    }));
    await cache.batchSetEntries({ requests });
  }
}

/** Read once each, so that all are in the hot store. */
async function writeTasks({ tasks }: Clients): Promise<void> {
  for (let n = 0; n < TASKS; n++) {
    const name = { kind: "import", taskId: `task-${n}` };
    await tasks.createTask({ ...name, data: MODEL.data });
    await tasks.getTask(name);
  }
}

async function readAll({ cache, tasks }: Clients): Promise<void> {
  for (let n = 0; n < TASKS; n++) {
    await cache.getEntry({ key: `key-${n}` });
    await tasks.getTask({ kind: "import", taskId: `task-${n}` });
  }
}

async function onSqlite({ say }: Bench): Promise<Row> {
  say("sizes: SQLite");
  const folder = await mkdtemp(join(tmpdir(), "dbconn-sizes-"));
  try {
    const DATA_DIR = join(folder, "data");
    const server = await startUnseeded({ DATA_DIR });
    try {
      await withClients(server.port, ({ tasks }) => tasks.createTask(MODEL));
    } finally {
      await server.stop();
    }
    const file = join(DATA_DIR, "dbconn.sqlite");
    const before = (await stat(file)).size;
    const model = `${MODEL.kind}/${MODEL.taskId}`;
    await seedTasks(DATA_DIR, { model, from: 0, below: FILED_TASKS }, say);
    const bytes = ((await stat(file)).size - before) / FILED_TASKS;
    return { what: "a task in SQLite, its eight indexes with it", figure: `${whole(bytes)} bytes` };
  } finally {
    await rm(folder, { recursive: true });
  }
}
