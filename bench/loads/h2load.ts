/** HTTP/2 by h2load: as fast as answers come, or at a fixed rate whatever comes. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CONNECTIONS } from "./calls.ts";
import type { Target } from "./target.ts";
import { runTool } from "./tool.ts";

/** Calls at a time on one connection. */
const STREAMS = 12;
/** Enough that a server which stands still for a moment does not hold the next calls back. */
const OPEN_LOOP_STREAMS = 100;
const WARM_UP = "500ms";

export interface Load {
  readonly perSecond: number;
  /** Calls not answered, or with another answer than the probe's, of a thousand. */
  readonly failedPerMille: number;
}

/** `answerBytes`: of a good answer. Where connections send different bodies, each has an h2load of its own. */
export async function h2load(target: Target, answerBytes: number, seconds: number): Promise<Load> {
  return inFolder(target, async (bodies) => {
    const clients = CONNECTIONS / bodies.length;
    const outputs = await Promise.all(
      bodies.map((body) =>
        runTool("h2load", [
          ...["-c", String(clients), "-m", String(STREAMS), "-D", String(seconds)],
          ...[`--warm-up-time=${WARM_UP}`, ...requestOf(target, body)],
        ]),
      ),
    );
    const loads = outputs.map((output) => readLoad(output, answerBytes, seconds));
    return {
      perSecond: loads.reduce((sum, { perSecond }) => sum + perSecond, 0),
      failedPerMille: Math.max(...loads.map(({ failedPerMille }) => failedPerMille)),
    };
  });
}

/** Milliseconds that each call took, sorted, when `perSecond` calls were sent whether or not others were answered. */
export async function h2loadOpen(
  target: Target,
  perSecond: number,
  seconds: number,
): Promise<readonly number[]> {
  return inFolder(target, async ([body = ""], folder) => {
    const log = join(folder, "log");
    await runTool("h2load", [
      ...["-c", String(CONNECTIONS), "-m", String(OPEN_LOOP_STREAMS), "-D", String(seconds)],
      ...[`--rps=${perSecond / CONNECTIONS}`, `--warm-up-time=${WARM_UP}`, `--log-file=${log}`],
      ...requestOf(target, body),
    ]);
    const lines = (await readFile(log, "utf8")).trim().split("\n");
    return lines.map((line) => Number(line.split("\t")[2]) / 1000).sort((a, b) => a - b);
  });
}

function requestOf({ port, call, protocol }: Target, bodyFile: string): readonly string[] {
  const headers = Object.entries(protocol.headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  return [...headers, "-d", bodyFile, `http://127.0.0.1:${port}${call.path}`];
}

async function inFolder<T>(
  { call, protocol }: Target,
  run: (bodyFiles: readonly string[], folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "dbconn-load-"));
  try {
    const bodies = Array.from({ length: CONNECTIONS }, (_, n) => protocol.body(call, n));
    const different = bodies.filter((body, n) => n === 0 || !body.equals(bodies[0] ?? body));
    const files = different.map((_, n) => join(folder, `body-${n}`));
    await Promise.all(different.map((body, n) => writeFile(files[n] ?? "", body)));
    return await run(files, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** From what h2load wrote; `answerBytes` as above. */
export function readLoad(output: string, answerBytes: number, seconds: number): Load {
  const numbers = (pattern: RegExp) => (pattern.exec(output)?.slice(1) ?? []).map(Number);
  const [done = 0, good = 0] = numbers(/requests: .* (\d+) done, (\d+) succeeded/);
  const [dataBytes = 0] = numbers(/\((\d+)\) data/);
  if (done === 0) throw new Error(`h2load had no answers:\n${output}`);
  // A gRPC error is an HTTP success without a body.
  const answered = Math.min(good, dataBytes / answerBytes);
  return { perSecond: answered / seconds, failedPerMille: Math.round(1000 * (1 - answered / done)) };
}
