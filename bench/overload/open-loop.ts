/** Calls at a fixed rate, whatever comes of them, and how those that were accepted fared. */
import { createReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { runTool } from "../loads/tool.ts";

export interface OpenLoop {
  readonly port: number;
  readonly path: string;
  /** JSON, over Connect, which tells what was refused by its HTTP status. Connections are dealt out among several. */
  readonly bodies: readonly string[];
  /** Calls per second in all. */
  readonly rate: number;
  readonly seconds: number;
  readonly connections: number;
  /** Calls at a time on each connection; when all are waiting, the next ones are late. */
  readonly streams: number;
  /** Seconds before that do not count. */
  readonly warmUp: number;
}

export interface Fared {
  /** Per second. */
  readonly sent: number;
  readonly accepted: number;
  readonly refused: number;
  /** Neither: streams that were reset, and connections that were lost with all that was to be sent on them. */
  readonly failed: number;
  /** Of the accepted ones, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** @param sent is called when all was sent, before the log of it is read, which takes a while. */
export async function openLoop(load: OpenLoop, sent: () => Promise<void> = async () => {}): Promise<Fared> {
  const folder = await mkdtemp(join(tmpdir(), "dbconn-overload-"));
  try {
    const connections = load.connections / load.bodies.length;
    const logs = await Promise.all(
      load.bodies.map(async (text, n) => {
        const [body, log] = [join(folder, `body-${n}`), join(folder, `log-${n}`)];
        await writeFile(body, text);
        await runTool("h2load", [
          ...["-c", String(connections), "-m", String(load.streams), "-D", String(load.seconds)],
          ...[`--rps=${load.rate / load.connections}`, `--warm-up-time=${load.warmUp}s`, `--log-file=${log}`],
          ...["-H", "content-type: application/json", "-d", body],
          `http://127.0.0.1:${load.port}${load.path}`,
        ]);
        return log;
      }),
    );
    await sent();
    return await readLogs(logs, load.seconds);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Of lines with the start, the HTTP status and the microseconds of a call. */
async function readLogs(files: readonly string[], seconds: number): Promise<Fared> {
  const accepted: number[] = [];
  let [calls, refused] = [0, 0];
  for (const file of files) {
    for await (const line of createInterface({ input: createReadStream(file) })) {
      const [, status, us = 0] = line.split("\t").map(Number);
      // The header of an answer that began before the clock is not in the log.
      if (status === 0) continue;
      calls++;
      if (status === 200) accepted.push(us / 1000);
      if (status === 429) refused++;
    }
  }
  accepted.sort((a, b) => a - b);
  return {
    sent: calls / seconds,
    accepted: accepted.length / seconds,
    refused: refused / seconds,
    failed: (calls - accepted.length - refused) / seconds,
    p50: quantile(accepted, 0.5),
    p99: quantile(accepted, 0.99),
  };
}

/** Of sorted values. */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
