// A Redis Cluster and a Redis behind Sentinel lose a master; a slot of the cluster moves under load.
import { createClient } from "redis";
import { Mode } from "../../../gen/dbconn/v1/status_pb.ts";
import { closeSlot, moveKeys, openSlot } from "../../support/redis-slots.ts";
import type { Cell, Evidence } from "./cell.ts";

const shared = { setup: "shared" } as const;
/** Sentinels, and the other masters, take a second or two until they are sure. */
const SETTLED_MS = 8_000;

function bypassed({ observer }: Evidence): string | undefined {
  const generations = observer.generations.size;
  return observer.saw(Mode.HOT_BYPASSED) && generations > 1
    ? `bypassed, ${generations} generations`
    : undefined;
}

export const DEPLOYMENT_CELLS: readonly Cell[] = [
  {
    ...shared,
    name: "redis-sentinel-failover",
    redis: "sentinel",
    holdMs: SETTLED_MS,
    async inject({ sentinels }) {
      const before = await sentinels.masterPort();
      const master = sentinels.servers.find(({ port }) => port === before);
      await master?.kill();
      let after = before;
      return {
        async heal() {
          after = await sentinels.masterPort();
          await master?.restart();
        },
        proof(evidence) {
          const proof = bypassed(evidence);
          return after === before ? undefined : proof && `failed over, ${proof}`;
        },
      };
    },
  },
  {
    ...shared,
    name: "redis-cluster-master-killed",
    redis: "cluster",
    holdMs: SETTLED_MS,
    async inject({ cluster }) {
      const [, master] = cluster.masters;
      const before = master?.pid;
      await master?.kill();
      return {
        heal: async () => master?.restart(),
        proof: (evidence) => (master?.pid === before ? undefined : bypassed(evidence)),
      };
    },
  },
  {
    ...shared,
    name: "redis-cluster-slots-moved",
    redis: "cluster",
    async inject({ cluster }) {
      const admins = await Promise.all(cluster.masters.map(({ url }) => createClient({ url }).connect()));
      const [from, to, ...others] = admins;
      const toPort = cluster.masters[1]?.port;
      if (from === undefined || to === undefined || toPort === undefined)
        throw new Error("a cluster has three");
      // Those that hold something: the keys that clients meet on are among them.
      const held = await from.keys("*");
      const slots = new Set(
        await Promise.all(held.map((key) => from.sendCommand<number>(["CLUSTER", "KEYSLOT", key]))),
      );
      let keys = 0;
      const moved = (async () => {
        for (const slot of slots) {
          const move = { slot, from, to, toPort };
          await openSlot(move);
          keys += await moveKeys(move, 1);
          await closeSlot(move, others);
        }
      })();
      return {
        async heal() {
          await moved;
          for (const admin of admins) admin.destroy();
        },
        proof: ({ observer }) =>
          keys > 0 ? `${slots.size} slots, ${observer.generations.size} generations` : undefined,
      };
    },
  },
];
