// What happens to one server process while the others go on.
import { readFileSync } from "node:fs";
import { now } from "../clock.ts";
import type { World } from "../world.ts";
import type { Cell, Evidence, Fault } from "./cell.ts";

function broken({ operations }: Evidence, instance: string): number {
  return operations.filter((operation) => operation.instance === instance && operation.told !== true).length;
}

async function kill(world: World): Promise<Fault> {
  const { victim } = world;
  const { pid } = victim;
  await victim.kill();
  return {
    heal: () => victim.restart(),
    proof(evidence) {
      const calls = broken(evidence, victim.name);
      return calls > 0 && victim.pid !== pid ? `${calls} calls broken` : undefined;
    },
  };
}

async function terminate({ victim }: World): Promise<Fault> {
  const { pid } = victim;
  const at = now();
  const code = await victim.terminate();
  const tookMs = Math.round(now() - at);
  return {
    heal: () => victim.restart(),
    proof: () => (code === 0 && victim.pid !== pid ? `exit code 0 after ${tookMs} ms` : undefined),
    drained: { instance: victim.name, at },
  };
}

export const INSTANCE_CELLS: readonly Cell[] = [
  { name: "none", setup: "shared", inject: async () => ({ heal: async () => {}, proof: () => "no fault" }) },
  { name: "instance-killed", setup: "shared", inject: kill },
  {
    name: "instance-paused",
    setup: "shared",
    async inject({ victim }) {
      victim.pause();
      let stopped = false;
      return {
        async heal() {
          const stat = readFileSync(`/proc/${victim.pid}/stat`, "utf8");
          stopped = stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
          victim.resume();
        },
        proof: () => (stopped ? "stopped" : undefined),
      };
    },
  },
  { name: "instance-terminated", setup: "shared", inject: terminate },
  {
    name: "instance-cut-off-redis",
    setup: "shared",
    // It waits one lease for the others' word, and a lease is long here (world.ts).
    holdMs: 10_000,
    async inject({ victim, redisProxies: [proxy] }) {
      proxy?.set({ kind: "reset" });
      return {
        heal: async () => proxy?.heal(),
        proof({ operations, observer }) {
          const isolated = operations.filter(({ reason }) => reason === "INSTANCE_ISOLATED");
          const alone = isolated.every(({ instance }) => instance === victim.name);
          if (isolated.length === 0 || !alone || observer.generations.size > 1) return undefined;
          return `${isolated.length} calls refused by it alone`;
        },
      };
    },
  },
  {
    name: "instance-cut-off-ferretdb",
    setup: "shared",
    async inject({ victim, ferretProxies: [proxy] }) {
      proxy?.set({ kind: "blackHole" });
      return {
        heal: async () => proxy?.heal(),
        proof({ operations }) {
          const refused = operations.filter(
            ({ reason, instance }) => reason === "DURABLE_STORE_UNAVAILABLE" && instance === victim.name,
          );
          if (refused.length === 0 || proxy === undefined || proxy.fired === 0) return undefined;
          return `${refused.length} calls refused by it, ${proxy.fired} chunks held`;
        },
      };
    },
  },
  {
    name: "same-request-twice",
    setup: "shared",
    load: { twins: 0.5 },
    inject: async () => ({
      heal: async () => {},
      proof({ operations }) {
        const replays = operations.filter(({ outcome }) => outcome === "replayed").length;
        return replays > 0 ? `${replays} replays` : undefined;
      },
    }),
  },
  {
    name: "deadline-1ms",
    setup: "shared",
    load: { hurried: 0.3 },
    inject: async () => ({
      heal: async () => {},
      proof({ operations }) {
        const late = operations.filter(({ reason }) => reason === "DEADLINE_EXCEEDED").length;
        return late > 0 ? `${late} DEADLINE_EXCEEDED` : undefined;
      },
    }),
  },
  { name: "sqlite-killed", setup: "embedded", inject: kill },
  { name: "sqlite-terminated", setup: "embedded", inject: terminate },
  { name: "sqlite-redis-instance-killed", setup: "sqlite-redis", inject: kill },
  {
    name: "sqlite-redis-killed",
    setup: "sqlite-redis",
    async inject({ redis }) {
      await redis.kill();
      return {
        heal: () => redis.restart(),
        proof: ({ observer }) => (observer.generations.size > 1 ? "a new generation" : undefined),
      };
    },
  },
];
