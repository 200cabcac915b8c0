import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { RedisArgument } from "redis";
import type { CallOptions, RedisAccess } from "./access.ts";
import type { RedisClient } from "./dial.ts";
import { isUnknownScript } from "./failures.ts";

/** The files of commands/: what a script takes and answers is said at its top, its key count in its name. */
const NAMES = [
  "getOrLease-1",
  "fill-1",
  "confirm-1",
  "raise-1",
  "probe-1",
  "set-2",
  "touch-2",
  "increment-2",
  "lease-2",
] as const;
export type ScriptName = (typeof NAMES)[number];
const COMMANDS = new URL("./commands/", import.meta.url);

interface Script {
  readonly source: string;
  readonly sha1: string;
}

const scripts = Object.fromEntries(
  NAMES.map((name) => {
    const source = readFileSync(new URL(`${name}.lua`, COMMANDS), "utf8");
    return [name, { source, sha1: createHash("sha1").update(source).digest("hex") }];
  }),
) as Record<ScriptName, Script>;

/** Gives a server all scripts at once, so that their first calls need no second round trip. */
export async function loadScripts(client: RedisClient): Promise<void> {
  const load = ({ source }: Script) => client.sendCommand(["SCRIPT", "LOAD", source]);
  await Promise.all(Object.values(scripts).map(load));
}

/** `keys` are of one slot. A server that forgot its scripts gets this one's source. */
export async function runScript<T>(
  redis: RedisAccess,
  name: ScriptName,
  keys: readonly string[],
  args: readonly RedisArgument[],
  options: CallOptions,
): Promise<T> {
  const { source, sha1 } = scripts[name];
  const count = String(keys.length);
  try {
    return await redis.call<T>(["EVALSHA", sha1, count, ...keys, ...args], options);
  } catch (error) {
    if (!isUnknownScript(error)) throw error;
    return await redis.call<T>(["EVAL", source, count, ...keys, ...args], options);
  }
}
