/** Asks the service, over and over and in every way, whether it is well, as whoever restarts it would. */
import { Agent, request } from "node:http";
import { healthCheck } from "./health-check.ts";
import { quantile } from "./open-loop.ts";

const EVERY_MS = 50;
const TIMEOUT_MS = 5_000;

export interface HealthWatch {
  /** Milliseconds that answers took; `failed`: checks without a good answer. */
  stop(): Promise<{ readonly p99: number; readonly count: number; readonly failed: number }>;
}

export function watchHealth(port: number): HealthWatch {
  const grpc = healthCheck(port, TIMEOUT_MS);
  const agent = new Agent({ keepAlive: true });
  const page = (path: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const asked = request({ host: "127.0.0.1", port, path, agent }, (answer) => {
        answer
          .resume()
          .once("end", () =>
            answer.statusCode === 200 ? resolve() : reject(new Error(`HTTP ${answer.statusCode}`)),
          );
      });
      asked.setTimeout(TIMEOUT_MS, () => asked.destroy(new Error("no answer in time")));
      asked.once("error", reject).end();
    });
  const ways = [() => grpc.check(), () => page("/livez"), () => page("/readyz")];
  let next = 0;
  const took: number[] = [];
  let failed = 0;
  const pending = new Set<Promise<void>>();
  const check = async (): Promise<void> => {
    const began = performance.now();
    try {
      await ways[next++ % ways.length]?.();
      took.push(performance.now() - began);
    } catch {
      failed++;
    }
  };
  const timer = setInterval(() => {
    const checking = check().finally(() => pending.delete(checking));
    pending.add(checking);
  }, EVERY_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await Promise.all(pending);
      grpc.close();
      agent.destroy();
      return {
        p99: quantile(
          [...took].sort((a, b) => a - b),
          0.99,
        ),
        count: took.length,
        failed,
      };
    },
  };
}
