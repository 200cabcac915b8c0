import { once } from "node:events";
import { findTool } from "./find.ts";
import { type StoreProcess, startStoreProcess } from "./store-process.ts";
import { waitForPort } from "./wait-for-port.ts";

export interface RedisProcess extends StoreProcess {
  readonly url: string;
}

export interface RedisOptions {
  /**
   * Further redis-server arguments, such as `["--appendonly", "yes"]`. Without any, nothing is persisted:
   * killed and restarted, the server comes back empty.
   */
  readonly args?: readonly string[];
}

/** A redis-server of its own on a free loopback port, ready when it answered PING. Rejects when none is installed. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisProcess> {
  const server = await startStoreProcess({
    name: "redis",
    path: redisServer(),
    args: ({ port, folder }) => [
      ...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"],
      ...(options.args ?? []),
    ],
    ready: answersPing,
  });
  return Object.assign(server, { url: `redis://127.0.0.1:${server.port}` });
}

/** Where the program is. Throws when none is installed. */
export function redisServer(): string {
  const found = findTool("redis-server");
  if ("missing" in found) throw new Error(found.missing);
  return found.path;
}

/** A server that is still loading its data answers -LOADING: asked again on the same socket until it says PONG. */
export async function answersPing(port: number, signal: AbortSignal): Promise<void> {
  const socket = await waitForPort(port, signal);
  try {
    let answer = "";
    while (!answer.startsWith("+PONG")) {
      socket.write("PING\r\n");
      const [chunk] = await once(socket, "data", { signal });
      answer = String(chunk);
    }
  } finally {
    socket.destroy();
  }
}
