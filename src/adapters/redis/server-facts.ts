import { performance } from "node:perf_hooks";
import type { RedisClient } from "./dial.ts";

export interface ServerFacts {
  /**
   * Which data this is: role, replication id and run id. It changes with a restart (also with a dump), a fail-over,
   * and a server that became a replica.
   */
  readonly identity: string;
  /** What to add to `performance.now()` for the server's clock, in milliseconds; wrong by half a round trip at most. */
  readonly clockOffsetMs: number;
}

/** Asks a server who it is. Throws when it is no master, since a replica may show what was lost. */
export async function askServer(client: RedisClient): Promise<ServerFacts> {
  const asked = performance.now();
  const [replication, server, time] = await Promise.all([
    client.sendCommand<string>(["INFO", "replication"]),
    client.sendCommand<string>(["INFO", "server"]),
    client.sendCommand<readonly [string, string]>(["TIME"]),
  ]);
  const answered = performance.now();
  const role = fact(replication, "role");
  if (role !== "master") throw new Error(`the Redis server is not a master but a ${role}`);
  const serverMs = Number(time[0]) * 1000 + Number(time[1]) / 1000;
  return {
    identity: `${role} ${fact(replication, "master_replid")} ${fact(server, "run_id")}`,
    clockOffsetMs: serverMs - (asked + answered) / 2,
  };
}

function fact(info: string, name: string): string {
  const value = new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1];
  if (value === undefined) throw new Error(`the Redis server does not say its ${name}`);
  return value;
}
