/** Calls at a fixed rate, whatever comes of them, and how those that were accepted fared. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTool } from "../loads/tool.ts";

export interface OpenLoop {
  readonly port: number;
  readonly path: string;
  /** JSON, over Connect, which tells what was refused by its HTTP status. */
  readonly body: string;
  /** Calls per second in all. */
  readonly rate: number;
  readonly seconds: number;
  readonly connections: number;
  /** Calls at a time on each connection; when all are waiting, the next ones are late. */
  readonly streams: number;
}

export interface Fared {
  /** Per second. */
  readonly sent: number;
  readonly accepted: number;
  readonly refused: number;
  /** Of the accepted ones, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

export async function openLoop(load: OpenLoop): Promise<Fared> {
  const folder = await mkdtemp(join(tmpdir(), "dbconn-overload-"));
  try {
    const [body, log] = [join(folder, "body"), join(folder, "log")];
    await writeFile(body, load.body);
    await runTool("h2load", [
      ...["-c", String(load.connections), "-m", String(load.streams), "-D", String(load.seconds)],
      ...[`--rps=${load.rate / load.connections}`, "--warm-up-time=1s", `--log-file=${log}`],
      ...["-H", "content-type: application/json", "-d", body, `http://127.0.0.1:${load.port}${load.path}`],
    ]);
    const calls = (await readFile(log, "utf8"))
      .trim()
      .split("\n")
      .map((line) => line.split("\t").map(Number));
    const accepted = calls
      .flatMap(([, status, us = 0]) => (status === 200 ? [us / 1000] : []))
      .sort((a, b) => a - b);
    const refused = calls.filter(([, status]) => status === 429).length;
    return {
      sent: calls.length / load.seconds,
      accepted: accepted.length / load.seconds,
      refused: refused / load.seconds,
      p50: quantile(accepted, 0.5),
      p99: quantile(accepted, 0.99),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Of sorted values. */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
