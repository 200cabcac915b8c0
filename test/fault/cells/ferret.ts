// The durable store dies, stalls, and carries out what it never answers; and both stores are away.
import { Mode } from "../../../gen/dbconn/v1/status_pb.ts";
import type { NetworkFault } from "../proxy.ts";
import type { World } from "../world.ts";
import type { Cell, Evidence, Fault } from "./cell.ts";

const shared = { setup: "shared" } as const;

function durableDown({ observer, operations }: Evidence): string | undefined {
  const refused = operations.filter(({ reason }) => reason === "DURABLE_STORE_UNAVAILABLE").length;
  const degraded = operations.filter((operation) => operation.degraded).length;
  if (!observer.saw(Mode.DURABLE_DOWN) || refused === 0) return undefined;
  return `${refused} calls refused, ${degraded} degraded reads`;
}

async function network(world: World, fault: NetworkFault): Promise<Fault> {
  for (const proxy of world.ferretProxies) proxy.set(fault);
  return {
    async heal() {
      for (const proxy of world.ferretProxies) proxy.heal();
    },
    proof() {
      const fired = world.ferretProxies.reduce((sum, proxy) => sum + proxy.fired, 0);
      return fired > 0 ? `${fired} times` : undefined;
    },
  };
}

export const FERRET_CELLS: readonly Cell[] = [
  {
    ...shared,
    name: "ferretdb-killed",
    async inject(world) {
      await world.ferret.kill();
      return { heal: () => world.ferret.restart(), proof: durableDown };
    },
  },
  {
    ...shared,
    name: "ferretdb-paused",
    async inject(world) {
      world.ferret.pause();
      return { heal: async () => world.ferret.resume(), proof: durableDown };
    },
  },
  { ...shared, name: "ferretdb-slow", inject: (world) => network(world, { kind: "latency", ms: 60 }) },
  {
    ...shared,
    name: "ferretdb-reply-lost",
    inject: (world) => network(world, { kind: "loseReply", to: "findAndModify", every: 4 }),
  },
  {
    ...shared,
    name: "both-killed",
    async inject(world) {
      await Promise.all([world.ferret.kill(), world.redis.kill()]);
      return {
        async heal() {
          await Promise.all([world.ferret.restart(), world.redis.restart()]);
        },
        proof: durableDown,
      };
    },
  },
];
