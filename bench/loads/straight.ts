/** Loads on Redis without a hop. */
import { fileURLToPath } from "node:url";
import type { Case } from "../run/rounds.ts";
import { runTool } from "./tool.ts";

const CLIENTS = 48;

/** redis-benchmark works by count; `perSecond` is about what it will reach, so that the count fits the time. */
export function redisBenchmarkCase(
  name: string,
  port: number,
  { pipeline, perSecond }: { readonly pipeline: number; readonly perSecond: number },
): Case {
  return {
    name,
    async measure(seconds) {
      const output = await runTool("redis-benchmark", [
        ...["-h", "127.0.0.1", "-p", String(port), "-t", "get", "-d", "100", "--csv"],
        ...["-c", String(CLIENTS), "-P", String(pipeline), "-n", String(Math.round(perSecond * seconds))],
      ]);
      const reached = Number(/"GET","([\d.]+)"/.exec(output)?.[1]);
      if (!(reached > 0)) throw new Error(`redis-benchmark said nothing of GET:\n${output}`);
      return { perSecond: reached, cores: 0, failedPerMille: 0 };
    },
  };
}

export function nodeRedisCase(name: string, url: string, key: string): Case {
  const file = fileURLToPath(new URL("./node-redis.ts", import.meta.url));
  return {
    name,
    async measure(seconds) {
      const output = await runTool(process.execPath, [file, url, key, String(seconds)]);
      return { perSecond: Number(output.trim()), cores: 0, failedPerMille: 0 };
    },
  };
}
