// npm run test:hostile
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { CacheService } from "../../gen/dbconn/v1/cache_pb.ts";
import { Consistency } from "../../gen/dbconn/v1/common_pb.ts";
import { TaskService } from "../../gen/dbconn/v1/task_pb.ts";
import { beginCommand } from "../support/command.ts";
import { startServer } from "../support/server-process.ts";
import type { Attack, Outcomes } from "./attacker.ts";
import { HOSTILE } from "./cases.ts";

const HELP = `npm run test:hostile -- [--seconds 5] [--only TEXT]

Starts the service on its embedded stores, and measures GetEntry and GetTask (FAST) over gRPC alone and beside a hostile
schema, in turn, for so many seconds each. Prints the 50th percentile beside it, the 99th beside it and alone in
milliseconds, and how many times that is. One attack follows the other without a pause, out of a thread of its own.
What else the machine does at the time is in the figures.

  --seconds  how long each is measured; 5 by default
  --only     schemas whose names hold the text
`;

const { options } = beginCommand(HELP, () => {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: "5" },
      only: { type: "string", default: "" },
      help: { type: "boolean", short: "h" },
    },
  });
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) return "--seconds must be a number above 0";
  if (!HOSTILE.some(({ name }) => name.includes(values.only))) return `no schema's name holds ${values.only}`;
  return { ...values, seconds };
});

/** Of each of the two methods. */
const READERS = 2;
const PAUSE_MS = 2;
const WARM_UP_MS = 1_000;
const TASK = { kind: "quiet", taskId: "t" };

const server = await startServer();
const transport = createGrpcTransport({ baseUrl: server.url });
const cache = createClient(CacheService, transport);
const tasks = createClient(TaskService, transport);
const attacker = new Worker(new URL("./attacker.ts", import.meta.url), { workerData: { url: server.url } });

/** Milliseconds of each call, ascending. */
type Took = readonly number[];

/** How long calls took that one after the other were made until `done`. */
async function measure(call: () => Promise<unknown>, done: () => boolean): Promise<Took> {
  const took: number[] = [];
  const caller = async () => {
    while (!done()) {
      const begun = performance.now();
      await call();
      took.push(performance.now() - begun);
      await delay(PAUSE_MS);
    }
  };
  await Promise.all(Array.from({ length: READERS }, caller));
  return took.toSorted((a, b) => a - b);
}

/** GetEntry and GetTask. */
function measureReads(done: () => boolean): Promise<readonly Took[]> {
  const getTask = () => tasks.getTask({ ...TASK, consistency: Consistency.FAST });
  return Promise.all([measure(() => cache.getEntry({ key: "k" }), done), measure(getTask, done)]);
}

function during(ms: number): () => boolean {
  const until = performance.now() + ms;
  return () => performance.now() > until;
}

function at(sorted: Took, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function line(name: string, cells: readonly string[], more = ""): void {
  process.stdout.write(`${name.padEnd(46)}${cells.map((cell) => cell.padStart(8)).join("")}  ${more}\n`);
}

function row(name: string, reads: readonly Took[], quiet: readonly Took[], more: string): void {
  const cells = reads.flatMap((took, method) => {
    const [p50, p99, alone] = [at(took, 0.5), at(took, 0.99), at(quiet[method] ?? [], 0.99)];
    return [...[p50, p99, alone].map((ms) => ms.toFixed(1)), `${(p99 / alone).toFixed(1)}x`];
  });
  line(name, cells, more);
}

/** The reads beside it, and what it came to. */
async function beside(attack: Attack): Promise<readonly [readonly Took[], Outcomes]> {
  attacker.postMessage(attack);
  await once(attacker, "message");
  let finished = false;
  const ended = once(attacker, "message").finally(() => {
    finished = true;
  });
  const reads = await measureReads(() => finished);
  const [outcomes] = (await ended) as [Outcomes];
  return [reads, outcomes];
}

try {
  await cache.setEntry({ key: "k", value: { case: "text", value: "v" } });
  await tasks.createTask(TASK);
  await measureReads(during(WARM_UP_MS));
  line("", ["GetEntry", "", "", "", "GetTask"]);
  line("", Array.from({ length: 2 }, () => ["p50", "p99", "alone", "times"]).flat());
  const ms = options.seconds * 1_000;
  for (const [index, { name }] of HOSTILE.entries()) {
    if (!name.includes(options.only)) continue;
    // Each time anew, for what else the machine does changes.
    const quiet = await measureReads(during(ms));
    const [reads, outcomes] = await beside({ index, ms });
    row(name, reads, quiet, [...outcomes].map(([what, count]) => `${what} ${count}`).join(", "));
  }
} finally {
  await attacker.terminate();
  await server.stop();
}
process.exit();
