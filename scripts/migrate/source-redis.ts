import { createClient } from "redis";
import { type Fields, keyOf, nameOfKey } from "./read-task.ts";

export interface RedisSource {
  /** The hash of a task; undefined when there is none. */
  hash(name: { readonly task: string; readonly taskId: string }): Promise<Fields | undefined>;
  /** Keys of all hashes that hold a task. */
  taskKeys(): AsyncIterable<string>;
  /** The import name in whose set a task is, by the task's key. */
  readonly importNames: ReadonlyMap<string, string>;
  close(): Promise<void>;
}

const AT_ONCE = 500;

export async function openRedisSource(url: string): Promise<RedisSource> {
  const client = createClient({ url, socket: { reconnectStrategy: false } });
  // Failures come out of the commands.
  client.on("error", () => undefined);
  await client.connect();

  async function* keys(type: string, pattern: string): AsyncIterable<string> {
    const seen = new Set<string>();
    for await (const found of client.scanIterator({ TYPE: type, MATCH: pattern, COUNT: AT_ONCE })) {
      for (const key of found) {
        if (!seen.has(key)) yield key;
        seen.add(key);
      }
    }
  }

  const importNames = new Map<string, string>();
  for await (const key of keys("set", "*:import:*:tasks")) {
    const [, task, importName] = /^(.*?):import:(.*):tasks$/s.exec(key) ?? [];
    if (task === undefined || importName === undefined) continue;
    for (const taskId of await client.sMembers(key)) importNames.set(keyOf({ task, taskId }), importName);
  }

  return {
    importNames,
    async hash(name) {
      // Another program's key of that form may hold something else.
      if ((await client.type(keyOf(name))) !== "hash") return undefined;
      return { ...(await client.hGetAll(keyOf(name))) };
    },
    async *taskKeys() {
      for await (const key of keys("hash", "*:task:*")) if (nameOfKey(key) !== undefined) yield key;
    },
    close: async () => client.destroy(),
  };
}
