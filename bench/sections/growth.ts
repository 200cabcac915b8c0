/** What lists cost as there is more to list. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { TaskState } from "../../gen/dbconn/v1/task_pb.ts";
import { type Clients, withClients } from "../loads/clients.ts";
import { seedTasks } from "../loads/seed-tasks.ts";
import { median, quantile } from "../run/median.ts";
import { residentMb } from "../run/processes.ts";
import { type Row, whole } from "../run/table.ts";
import { startUnseeded } from "../servers/service.ts";
import type { Bench, Outcome, Section } from "./section.ts";

const SIZES = [1_000, 100_000, 1_000_000] as const;
const CALLS = 100;
/** Of one run; what takes long is called less often. */
const MOST_MS = 2_000;
const WARM_UP_CALLS = 5;
const RELEASES = 60;
const KEYS_AT_ONCE = 1_000;
const MODEL = { kind: "model", taskId: "model" };
/** The embedded cache drops what is beyond its bounds, and this measures it full. */
const ROOM = { MEMORY_MAX_BYTES: "4GiB", MEMORY_MAX_ENTRIES: "5000000" };

const LISTS: Readonly<Record<string, (clients: Clients) => Promise<unknown>>> = {
  "ListTasks, all": ({ tasks }) => tasks.listTasks({}),
  "ListTasks, one kind": ({ tasks }) => tasks.listTasks({ kind: "kind-7" }),
  "ListTasks, one group and two states": ({ tasks }) =>
    tasks.listTasks({ group: "group-7", states: [TaskState.PENDING, TaskState.FAILED] }),
  "ListTasks, one kind, group and state": ({ tasks }) =>
    tasks.listTasks({ kind: "kind-7", group: "group-7", states: [TaskState.PENDING] }),
  "CountTasks, all": ({ tasks }) => tasks.countTasks({}),
  "CountTasks, one kind": ({ tasks }) => tasks.countTasks({ kind: "kind-7" }),
  "ListKeys, as many keys as tasks": ({ cache }) => cache.listKeys({}),
  "ListReleases, of 60": ({ schemas }) => schemas.listReleases({ name: "bench" }),
};
const FIRST_PAGE = "ListTasks, all";

export const growth: Section = {
  name: "growth",
  always: true,
  inQuick: false,
  async run(bench) {
    const folder = await mkdtemp(join(tmpdir(), "dbconn-growth-"));
    try {
      return await measure(bench, folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

async function measure({ options, say }: Bench, folder: string): Promise<Outcome> {
  const DATA_DIR = join(folder, "data");
  const columns = new Map<number, ReadonlyMap<string, number>>();
  const rows: Row[] = [];
  let from = 0;
  await withService(DATA_DIR, (clients) => prepare(clients));
  for (const size of SIZES) {
    say(`growth: ${whole(size)} tasks`);
    const model = `${MODEL.kind}/${MODEL.taskId}`;
    await seedTasks(DATA_DIR, { model, from, below: size }, (text) => say(`growth: ${text}`));
    from = size;
    await withService(DATA_DIR, async (clients, pid) => {
      say(`growth: ${whole(size)} keys`);
      await seedKeys(clients, size);
      const times = new Map<string, number>();
      for (const [name, list] of Object.entries(LISTS)) {
        times.set(name, await timeOf(() => list(clients), options.runs));
        say(`growth, ${whole(size)}: ${name}: ${times.get(name)?.toFixed(2)} ms`);
      }
      columns.set(size, times);
      rows.push({ what: `memory with ${whole(size)} keys`, figure: `${whole(residentMb(pid))} MB` });
    });
  }
  const time = (size: number, name: string) => columns.get(size)?.get(name) ?? Number.NaN;
  const [least, , most] = SIZES;
  const lists = Object.keys(LISTS).map((name): Row => {
    const times = SIZES.map((size) => time(size, name).toFixed(2));
    return {
      what: name,
      figure: times.join(" / "),
      ratio: `${(time(most, name) / time(least, name)).toFixed(2)} x from first to last`,
    };
  });
  return {
    title: `First pages with ${SIZES.map(whole).join(" / ")} tasks: median in ms of single calls`,
    rows: [...lists, ...rows],
    targets: [
      {
        promise: "First page of ListTasks at 1,000,000 tasks: of that at 1,000",
        limit: "at most",
        wanted: 2,
        measured: time(most, FIRST_PAGE) / time(least, FIRST_PAGE),
        unit: "x",
      },
    ],
  };
}

async function withService(
  DATA_DIR: string,
  use: (clients: Clients, pid: number) => Promise<void>,
): Promise<void> {
  const server = await startUnseeded({ DATA_DIR, ...ROOM });
  try {
    await withClients(server.port, (clients) => use(clients, server.pid));
  } finally {
    await server.stop();
  }
}

async function prepare({ tasks, schemas }: Clients): Promise<void> {
  await tasks.createTask({ ...MODEL, data: { note: "x".repeat(100) } });
  for (let n = 1; n <= RELEASES; n++) {
    const document = fromJson(ValueSchema, { type: "string", maxLength: n });
    await schemas.publishRelease({ name: "bench", document });
  }
}

async function seedKeys({ cache }: Clients, count: number): Promise<void> {
  for (let first = 0; first < count; first += KEYS_AT_ONCE) {
    const requests = Array.from({ length: KEYS_AT_ONCE }, (_, n) => ({
      key: `key-${first + n}`,
      value: { case: "text" as const, value: "v" },
    }));
    await cache.batchSetEntries({ requests });
  }
}

/** Milliseconds of the median call, in the median of the runs. One call at a time: what a page costs, not a queue. */
async function timeOf(list: () => Promise<unknown>, runs: number): Promise<number> {
  for (let n = 0; n < WARM_UP_CALLS; n++) await list();
  const medians: number[] = [];
  for (let run = 0; run < runs; run++) {
    const times: number[] = [];
    const end = performance.now() + MOST_MS;
    while (times.length < CALLS && performance.now() < end) {
      const began = performance.now();
      await list();
      times.push(performance.now() - began);
    }
    medians.push(
      quantile(
        times.sort((a, b) => a - b),
        0.5,
      ),
    );
  }
  return median(medians);
}
