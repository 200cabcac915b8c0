// What only a replica set of MongoDB can do: its primary steps down, and another one is elected.
import { MongoClient } from "mongodb";
import { REPLICA_SET, WITHOUT_REPLICA_SET } from "../replica-set.ts";
import type { Cell } from "./cell.ts";

/** For how long the old primary does not stand for election. */
const STEP_DOWN_S = 10;

export const REPLICA_SET_CELLS: readonly Cell[] = [
  {
    name: "mongodb-step-down",
    setup: "replica-set",
    // An election takes longer than most faults.
    holdMs: 15_000,
    async inject() {
      if (REPLICA_SET === undefined) throw new Error(WITHOUT_REPLICA_SET);
      const client = await new MongoClient(REPLICA_SET).connect();
      const admin = client.db("admin");
      const primary = async () => (await admin.command({ hello: 1 })).primary as unknown;
      const before = await primary();
      // Its sockets end with it, the one that asked included.
      await admin.command({ replSetStepDown: STEP_DOWN_S }).catch(() => undefined);
      let after: unknown;
      return {
        async heal() {
          after = await primary();
          await client.close();
        },
        proof: () =>
          before === undefined || after === undefined || before === after
            ? undefined
            : `${before} -> ${after}`,
      };
    },
  },
];
