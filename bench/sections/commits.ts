/** Durable writes on SQLite: how many share one sync of the disk. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TaskState } from "../../gen/dbconn/v1/task_pb.ts";
import { VALUE } from "../loads/calls.ts";
import type { Clients } from "../loads/clients.ts";
import { type Case, type Figure, measureInRounds } from "../run/rounds.ts";
import { named, throughputRow } from "../run/rows.ts";
import { openTasksOnSqlite } from "../servers/tasks-on-sqlite.ts";
import type { Bench, Outcome, Section } from "./section.ts";

const WRITERS = 48;
const ONE = "UpdateTask, 1 writer: a commit for each write";
const MANY = `UpdateTask, ${WRITERS} writers`;

export const commits: Section = {
  name: "commits",
  always: true,
  inQuick: true,
  async run(bench) {
    const folder = await mkdtemp(join(tmpdir(), "dbconn-commits-"));
    try {
      return await measure(bench, folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

async function measure({ options, say }: Bench, folder: string): Promise<Outcome> {
  const { client, stats, close } = await openTasksOnSqlite(folder);
  const perCommit: number[] = [];
  const writing = (name: string, writers: number): Case => ({
    name,
    async measure(seconds) {
      const before = stats();
      const figure = await write(client, writers, seconds);
      const after = stats();
      if (writers > 1) perCommit.push((after.writes - before.writes) / (after.commits - before.commits));
      return figure;
    },
  });
  try {
    const cases = [writing(ONE, 1), writing(MANY, WRITERS)];
    const measured = await measureInRounds(cases, options, (text) => say(`commits, ${text}`));
    const reference = { to: named(measured, ONE), name: "one commit for each write" };
    const least = Math.min(...perCommit);
    return {
      title: "Writes that survive a power cut: SQLite, WAL, synchronous=FULL, without the port",
      rows: [
        ...measured.map((of) => throughputRow(of, reference)),
        {
          what: `writes in one commit, ${WRITERS} writers`,
          figure: least.toFixed(1),
          note: "lowest of the runs",
        },
      ],
      targets: [
        {
          promise: `UpdateTask on SQLite, ${WRITERS} writers, synchronous=FULL: writes in one commit`,
          limit: "at least",
          wanted: 5,
          measured: least,
          unit: "x",
        },
      ],
    };
  } finally {
    await close();
  }
}

/** Each writer has a task of its own, and the next write under way as soon as the last is acknowledged. */
async function write(tasks: Clients["tasks"], writers: number, seconds: number): Promise<Figure> {
  const names = Array.from({ length: writers }, (_, n) => ({ kind: "bench", taskId: `written-${n}` }));
  await Promise.all(names.map((name) => tasks.putTask({ ...name, state: TaskState.PROCESSING })));
  const began = performance.now();
  const end = began + seconds * 1000;
  let count = 0;
  await Promise.all(
    names.map(async (name) => {
      while (performance.now() < end) {
        await tasks.updateTask({ ...name, data: { last: VALUE } });
        count++;
      }
    }),
  );
  return { perSecond: (count * 1000) / (performance.now() - began), cores: 0, failedPerMille: 0 };
}
