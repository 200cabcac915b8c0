import { createClient, type RedisArgument, type TypeMapping } from "redis";

/** One socket: it never reconnects by itself, so that no command can reach another server than the one asked. */
export interface RedisClient {
  sendCommand<T>(
    command: readonly RedisArgument[],
    options?: { readonly typeMapping?: TypeMapping },
  ): Promise<T>;
  /** From then on the socket serves for nothing else. */
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  /** Fails what is under way. */
  destroy(): void;
  /** Either event means that the socket is of no more use. */
  once(event: "error" | "end", listener: (reason: unknown) => void): unknown;
}

const DIAL_TIMEOUT_MS = 2_000;
const KEEP_ALIVE_MS = 5_000;

/** Connects and runs `greet`, all within 2 s, else throws and leaves no socket behind. */
export async function dial<Greeting>(
  url: string,
  greet: (client: RedisClient) => Promise<Greeting>,
): Promise<{ readonly client: RedisClient; readonly greeting: Greeting }> {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    maintNotifications: "disabled",
    // A time-out of the driver's own would end with the sending; ours ends with the answer.
    commandOptions: { timeout: 0 },
    socket: {
      connectTimeout: DIAL_TIMEOUT_MS,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      reconnectStrategy: false,
    },
  });
  // Every failure is met where it ends a command or the connection; an emitter without a listener would throw it.
  client.on("error", () => {});
  const greeting = client.connect().then(() => greet(client));
  try {
    return { client, greeting: await within(DIAL_TIMEOUT_MS, greeting) };
  } catch (error) {
    client.destroy();
    // A socket that was still connecting cannot be destroyed before it has connected.
    client.on("connect", () => client.destroy());
    throw error;
  }
}

/** Rejects after `ms`, unless the promise settled; the promise's own later failure is dropped. */
export function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = afterPoll(ms, () => reject(new Error(`no answer within ${ms} ms`)));
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/**
 * A timer that lets answers in first: after this process itself stood still, they wait in the socket and are read only
 * after the timers that are due.
 */
export function afterPoll(ms: number, callback: () => void): NodeJS.Timeout {
  return setTimeout(() => setImmediate(callback), ms);
}
