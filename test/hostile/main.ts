// npm run test:hostile -- [--seconds 5]: how long other calls take while hostile schemas are published and judged by.
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { CacheService } from "../../gen/dbconn/v1/cache_pb.ts";
import { SchemaService } from "../../gen/dbconn/v1/schema_pb.ts";
import { startServer } from "../support/server-process.ts";
import { attack } from "./attack.ts";
import { HOSTILE } from "./cases.ts";

const HELP = `npm run test:hostile -- [--seconds 5]

Starts the service on its embedded stores, measures GetEntry over gRPC alone, and then beside each hostile schema for
so many seconds. Prints the 50th and 99th percentile in milliseconds, and how many times the quiet one that is. One
attack follows the other without a pause.
`;
const { values } = parseArgs({
  options: { seconds: { type: "string", default: "5" }, help: { type: "boolean", short: "h" } },
});
const seconds = Number(values.seconds);
if (values.help || !(seconds > 0)) {
  process.stdout.write(HELP);
  process.exit(values.help ? 0 : 2);
}

const READERS = 4;
const PAUSE_MS = 2;

const server = await startServer();
const clients = {
  schemas: createClient(SchemaService, createGrpcTransport({ baseUrl: server.url })),
  cache: createClient(CacheService, createGrpcTransport({ baseUrl: server.url })),
};

/** Milliseconds of each read, made until `done`. */
async function readsUntil(done: () => boolean): Promise<readonly number[]> {
  const took: number[] = [];
  const read = async () => {
    while (!done()) {
      const begun = performance.now();
      await clients.cache.getEntry({ key: "k" });
      took.push(performance.now() - begun);
      await delay(PAUSE_MS);
    }
  };
  await Promise.all(Array.from({ length: READERS }, read));
  return took.toSorted((a, b) => a - b);
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function row(name: string, sorted: readonly number[], quiet: number, more: string): void {
  const [p50, p99] = [at(sorted, 0.5), at(sorted, 0.99)];
  const cells = [p50.toFixed(1), p99.toFixed(1), `${(p99 / quiet).toFixed(1)}x`].map((cell) =>
    cell.padStart(8),
  );
  process.stdout.write(`${name.padEnd(46)}${cells.join("")}  ${more}\n`);
}

try {
  await clients.cache.setEntry({ key: "k", value: { case: "text", value: "v" } });
  const during = (ms: number) => {
    const until = performance.now() + ms;
    return () => performance.now() > until;
  };
  await readsUntil(during(1_000));
  const alone = await readsUntil(during(seconds * 1_000));
  const quiet = at(alone, 0.99);
  process.stdout.write(`${"".padEnd(46)}${["p50", "p99", "p99"].map((head) => head.padStart(8)).join("")}\n`);
  row("nothing else", alone, quiet, `${alone.length} reads`);
  for (const hostile of HOSTILE) {
    const over = during(seconds * 1_000);
    const outcomes = new Map<string, number>();
    let finished = false;
    const reads = readsUntil(() => finished);
    while (!over()) {
      for (const outcome of await attack(clients, hostile))
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    finished = true;
    row(
      hostile.name,
      await reads,
      quiet,
      [...outcomes].map(([what, count]) => `${what} ${count}`).join(", "),
    );
  }
} finally {
  await server.stop();
}
process.exit();
