import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const POLL_INTERVAL_MS = 20;

/** A connected socket to the loopback port, tried every 20 ms until the signal aborts; the caller destroys it. */
export async function waitForPort(port: number, signal: AbortSignal): Promise<Socket> {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect", { signal });
      return socket;
    } catch {
      socket.destroy();
      signal.throwIfAborted();
      await delay(POLL_INTERVAL_MS, undefined, { signal });
    }
  }
}
