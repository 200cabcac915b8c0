/** Hears of the writes that were confirmed, on a socket of its own, which is there only while somebody listens. */
import { setTimeout as delay } from "node:timers/promises";
import type { RedisAccess } from "./access.ts";
import type { RedisClient } from "./dial.ts";
import type { Keys } from "./keys.ts";

type Listener = (key: string | undefined) => void;

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1_000;

/** As `onConfirmed` of the port. Whatever ends the socket, another is made until the answer is called. */
export function hearConfirms(connection: RedisAccess, keys: Keys, listener: Listener): () => void {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, connection.closed]);
  void keepHearing(connection, keys, listener, signal);
  return () => stop.abort();
}

async function keepHearing(
  connection: RedisAccess,
  keys: Keys,
  listener: Listener,
  signal: AbortSignal,
): Promise<void> {
  const hear = (entry: string) => {
    const key = keys.objectOf(entry);
    if (key !== undefined && !signal.aborted) listener(key);
  };
  for (let retryMs = FIRST_RETRY_MS; !signal.aborted; retryMs = Math.min(2 * retryMs, LAST_RETRY_MS)) {
    try {
      const client = await connection.beside((dialed) => dialed.subscribe(keys.confirmed, hear));
      retryMs = FIRST_RETRY_MS;
      const lost = untilLost(client, connection, signal);
      if (!signal.aborted) listener(undefined);
      await lost;
      client.destroy();
    } catch {
      // A server that is away or forbids the channel: until it does not, whoever listens looks by itself.
    }
    await delay(retryMs, undefined, { signal }).catch(() => {});
  }
}

/** A server in doubt may be another one soon, and a socket without commands would be the last to notice. */
function untilLost(client: RedisClient, connection: RedisAccess, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      unsubscribe();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const unsubscribe = connection.onDoubt(end);
    signal.addEventListener("abort", end);
    client.once("error", end);
    client.once("end", end);
    if (signal.aborted) end();
  });
}
