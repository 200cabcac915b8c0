import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "redis";
import { answersPing, type RedisProcess, redisServer, startRedis } from "./redis.ts";
import { type StoreProcess, startStoreProcess } from "./store-process.ts";

export interface RedisSentinels {
  /** The master at first, and its replica. */
  readonly servers: readonly [RedisProcess, RedisProcess];
  readonly sentinels: readonly StoreProcess[];
  /** The sentinels as one URL. */
  readonly url: string;
  /** What they call the master. */
  readonly master: string;
  /** Whether the replica has all that the first master was told. */
  replicated(): Promise<boolean>;
  /** The port that they give for the master now. */
  masterPort(): Promise<number>;
  stop(): Promise<void>;
}

const SENTINELS = 3;
const QUORUM = 2;
const MASTER = "primary";
const DOWN_AFTER_MS = 2_000;
const FAILOVER_MS = 5_000;
const READY_MS = 30_000;
const POLL_MS = 50;
/** Without it, a replica's first copy waits for others to come. */
const PROMPT = ["--repl-diskless-sync-delay", "0"];

/**
 * A master with a replica and three sentinels on free loopback ports, ready when all know of each other. A killed master is
 * replaced within about three seconds. Rejects when no redis-server is installed.
 */
export async function startRedisSentinels(): Promise<RedisSentinels> {
  const started: StoreProcess[] = [];
  const keep = async <Started extends StoreProcess>(starting: Promise<Started>): Promise<Started> => {
    const process = await starting;
    started.push(process);
    return process;
  };
  const stop = async () => {
    // The sentinels first, or they would fail over what is being stopped.
    for (const process of started.toReversed()) await process.stop();
  };
  try {
    const master = await keep(startRedis({ args: PROMPT }));
    const replicaOf = ["--replicaof", "127.0.0.1", String(master.port)];
    const replica = await keep(startRedis({ args: [...PROMPT, ...replicaOf] }));
    await until(master.url, async (send) => /connected_slaves:1/.test(await send(["INFO", "replication"])));
    const sentinels: StoreProcess[] = [];
    for (let at = 0; at < SENTINELS; at++) sentinels.push(await keep(startSentinel(master.port)));
    for (const { port } of sentinels) await until(urlOf(port), knowsAll);
    const masterPort = async () => {
      const [sentinel] = sentinels;
      if (sentinel === undefined) throw new Error("there is no sentinel");
      let found = 0;
      await until(urlOf(sentinel.port), async (send) => {
        const address = await send<readonly [string, string]>([
          "SENTINEL",
          "GET-MASTER-ADDR-BY-NAME",
          MASTER,
        ]);
        found = Number(address[1]);
        return true;
      });
      return found;
    };
    const replicated = async () => {
      let caughtUp = false;
      await until(master.url, async (send) => {
        const info = await send(["INFO", "replication"]);
        const offset = /^master_repl_offset:(\d+)/m.exec(info)?.[1];
        caughtUp = /^slave0:.*offset=(\d+)/m.exec(info)?.[1] === offset;
        return true;
      });
      return caughtUp;
    };
    const url = `redis://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(",")}`;
    return { servers: [master, replica], sentinels, url, master: MASTER, replicated, masterPort, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startSentinel(masterPort: number): Promise<StoreProcess> {
  return startStoreProcess({
    name: "sentinel",
    path: redisServer(),
    args({ port, folder }) {
      const file = join(folder, "sentinel.conf");
      // A sentinel keeps what it learned in this file.
      if (!existsSync(file)) {
        const lines = [
          ...[`port ${port}`, "bind 127.0.0.1", `dir ${folder}`],
          `sentinel monitor ${MASTER} 127.0.0.1 ${masterPort} ${QUORUM}`,
          `sentinel down-after-milliseconds ${MASTER} ${DOWN_AFTER_MS}`,
          `sentinel failover-timeout ${MASTER} ${FAILOVER_MS}`,
        ];
        writeFileSync(file, `${lines.join("\n")}\n`);
      }
      return [file, "--sentinel"];
    },
    ready: answersPing,
  });
}

type Send = <T = string>(command: readonly string[]) => Promise<T>;

/** That the replica and the other sentinels are known, and enough of them. */
async function knowsAll(send: Send): Promise<boolean> {
  const facts = await send<readonly string[]>(["SENTINEL", "MASTER", MASTER]);
  const fact = (name: string) => facts[facts.indexOf(name) + 1];
  return fact("num-slaves") === "1" && fact("num-other-sentinels") === String(SENTINELS - 1);
}

async function until(url: string, isSo: (send: Send) => Promise<boolean>): Promise<void> {
  const client = await createClient({ url, RESP: 2 }).connect();
  try {
    const bound = AbortSignal.timeout(READY_MS);
    while (!(await isSo((command) => client.sendCommand([...command])))) {
      await delay(POLL_MS, undefined, { signal: bound });
    }
  } finally {
    client.destroy();
  }
}

function urlOf(port: number): string {
  return `redis://127.0.0.1:${port}`;
}
