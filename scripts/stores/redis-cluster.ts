import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "redis";
import { type RedisProcess, startRedis } from "./redis.ts";
import { freePort } from "./store-process.ts";

export interface RedisCluster {
  /** The masters; each has a third of the slots at first. */
  readonly masters: readonly RedisProcess[];
  /** All of them as one URL. */
  readonly url: string;
  stop(): Promise<void>;
}

interface Member extends RedisProcess {
  readonly busPort: string;
}

const SLOTS = 16_384;
const MASTERS = 3;
const READY_MS = 30_000;
const POLL_MS = 50;

/**
 * Three masters without replicas on free loopback ports, ready when each of them says that the cluster is well. One that
 * is killed and restarted comes back empty, with its slots. Rejects when no redis-server is installed.
 */
export async function startRedisCluster(): Promise<RedisCluster> {
  const masters: Member[] = [];
  const stop = async () => {
    await Promise.all(masters.map((master) => master.stop()));
  };
  try {
    for (let at = 0; at < MASTERS; at++) masters.push(await startMaster());
    await join(masters);
  } catch (error) {
    await stop();
    throw error;
  }
  return { masters, url: `redis://${masters.map(({ port }) => `127.0.0.1:${port}`).join(",")}`, stop };
}

async function startMaster(): Promise<Member> {
  // The standard one, 10,000 above the port, may be no port at all.
  const busPort = String(await freePort());
  const timeoutMs = "2000";
  const server = await startRedis({
    args: [
      ...["--cluster-enabled", "yes", "--cluster-port", busPort],
      ...["--cluster-node-timeout", timeoutMs, "--cluster-config-file", "nodes.conf"],
    ],
  });
  return Object.assign(server, { busPort });
}

async function join(masters: readonly Member[]): Promise<void> {
  const clients = await Promise.all(masters.map(({ url }) => createClient({ url }).connect()));
  try {
    for (const [at, client] of clients.entries()) {
      const from = Math.ceil((at * SLOTS) / MASTERS);
      const to = Math.ceil(((at + 1) * SLOTS) / MASTERS) - 1;
      await client.sendCommand(["CLUSTER", "ADDSLOTSRANGE", String(from), String(to)]);
      await client.sendCommand(["CLUSTER", "SET-CONFIG-EPOCH", String(at + 1)]);
    }
    for (const { port, busPort } of masters.slice(1)) {
      await clients[0]?.sendCommand(["CLUSTER", "MEET", "127.0.0.1", String(port), busPort]);
    }
    const bound = AbortSignal.timeout(READY_MS);
    for (const client of clients) {
      for (;;) {
        const info = await client.sendCommand<string>(["CLUSTER", "INFO"]);
        if (/cluster_state:ok/.test(info) && info.includes(`cluster_known_nodes:${MASTERS}`)) break;
        await delay(POLL_MS, undefined, { signal: bound });
      }
    }
  } finally {
    for (const client of clients) client.destroy();
  }
}
