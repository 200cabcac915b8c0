import type {
  CacheStore,
  Entry,
  EntryName,
  EntryValue,
  IncrementResult,
  Lifetime,
  ScanPage,
  SetCondition,
} from "../../ports/cache-store.ts";
import { parsePattern } from "../key-pattern.ts";
import { decodeCursor, encodeCursor, invalidCursor } from "../scan-cursor.ts";
import { decodeEntry, digestRequestId, encodeEntry, encodeEtag } from "./cache-entry.ts";
import type { Command, RedisConnection } from "./connection.ts";
import { type Keys, milliseconds } from "./keys.ts";
import { runScript } from "./scripts.ts";

const KEPT_REQUEST_IDS = "128";
const KEY_PREFIX = "cache/";

/** Cache entries on Redis: reads and plain writes are plain commands, what has to compare is a script. */
export class RedisCacheStore implements CacheStore {
  readonly #connection: RedisConnection;
  readonly #keys: Keys;

  constructor(connection: RedisConnection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async get(generation: number, name: EntryName, signal?: AbortSignal): Promise<Entry | undefined> {
    const command = ["GET", this.#keyOf(generation, name)];
    return this.#shown(await this.#connection.call<Buffer | null>(command, { signal, binary: true }));
  }

  async getMany(
    generation: number,
    names: readonly EntryName[],
    signal?: AbortSignal,
  ): Promise<readonly (Entry | undefined)[]> {
    // Not MGET: in a cluster, each key may be in another slot.
    const commands = names.map((name) => ["GET", this.#keyOf(generation, name)]);
    const replies = await this.#connection.batch<Buffer | null>(commands, { signal, binary: true });
    return replies.map((reply) => this.#shown(reply));
  }

  async set(
    generation: number,
    name: EntryName,
    entry: { readonly value: EntryValue; readonly lifetime: Lifetime; readonly etag: string },
    condition: SetCondition,
    signal?: AbortSignal,
  ): Promise<"stored" | "not_met"> {
    const key = this.#keyOf(generation, name);
    const { value, lifetime, etag } = entry;
    const expireAt = lifetime === undefined ? 0 : this.#connection.serverNow() + lifetime;
    const bytes = encodeEntry(value, etag, expireAt);
    if (condition.kind === "if_etag") {
      const args = [encodeEtag(condition.etag), bytes, lifetimeText(lifetime)];
      const stored = await runScript<0 | 1>(this.#connection, "setIfEtag-1", key, args, {
        signal,
        mutates: true,
      });
      return stored === 1 ? "stored" : "not_met";
    }
    const command: Command = [
      ...["SET", key],
      bytes,
      ...(lifetime === undefined ? [] : ["PX", milliseconds(lifetime)]),
      ...{ always: [], if_absent: ["NX"], if_present: ["XX"] }[condition.kind],
    ];
    const reply = await this.#connection.call<string | null>(command, { signal, mutates: true });
    return reply === null ? "not_met" : "stored";
  }

  async deleteMany(
    generation: number,
    names: readonly EntryName[],
    signal?: AbortSignal,
  ): Promise<readonly boolean[]> {
    const commands = names.map((name) => ["UNLINK", this.#keyOf(generation, name)]);
    const replies = await this.#connection.batch<number>(commands, { signal, mutates: true });
    return replies.map((removed) => removed === 1);
  }

  async sizes(
    generation: number,
    names: readonly EntryName[],
    signal?: AbortSignal,
  ): Promise<readonly number[]> {
    const commands = names.map((name) => ["STRLEN", this.#keyOf(generation, name)]);
    return this.#connection.batch<number>(commands, { signal });
  }

  async touch(
    generation: number,
    name: EntryName,
    lifetime: Lifetime,
    signal?: AbortSignal,
  ): Promise<Entry | undefined> {
    const key = this.#keyOf(generation, name);
    const args = [lifetimeText(lifetime)];
    const options = { signal, binary: true, mutates: true };
    return this.#shown(await runScript<Buffer | null>(this.#connection, "touch-1", key, args, options));
  }

  async increment(
    generation: number,
    name: EntryName,
    increment: {
      readonly delta: bigint;
      readonly lifetime: Lifetime;
      readonly etag: string;
      readonly requestId: string | undefined;
    },
    signal?: AbortSignal,
  ): Promise<IncrementResult> {
    const { delta, lifetime, etag, requestId } = increment;
    const [outcome, bytes] = await runScript<readonly [0 | 1, Buffer] | readonly [2 | 3, undefined]>(
      this.#connection,
      "increment-1",
      this.#keyOf(generation, name),
      [
        ...[String(delta), lifetimeText(lifetime)],
        ...[encodeEtag(etag), digestRequestId(requestId), KEPT_REQUEST_IDS],
      ],
      { signal, binary: true, mutates: true },
    );
    if (bytes === undefined) return { outcome: outcome === 2 ? "not_an_integer" : "overflow" };
    const entry = decodeEntry(bytes, this.#connection.serverNow());
    const text = entry.value.kind === "text" ? entry.value.text : "";
    return { outcome: outcome === 0 ? "applied" : "replayed", value: BigInt(text), entry };
  }

  async scan(
    generation: number,
    query: {
      readonly namespace: string | undefined;
      readonly pattern: string;
      readonly count: number;
      readonly cursor: string | undefined;
    },
    signal?: AbortSignal,
  ): Promise<ScanPage> {
    const scan = { generation, namespace: query.namespace, pattern: query.pattern };
    const position = /^(\d{1,4}):(\d{1,20})$/.exec(decodeCursor(scan, query.cursor) ?? "0:0");
    const masters = this.#connection.masters();
    const master = masters[Number(position?.[1])];
    if (position === null || master === undefined) throw invalidCursor();
    const pattern = parsePattern(query.pattern);
    const scope = KEY_PREFIX + (query.namespace === undefined ? "" : `${query.namespace}/`);
    if (pattern.literal) {
      const exists = ["EXISTS", this.#keys.entry(generation, scope + pattern.prefix)];
      const there = (await this.#connection.call<number>(exists, { signal })) === 1;
      return { keys: there ? [pattern.prefix] : [], cursor: undefined };
    }
    // Redis looks for the fixed beginning alone: its own patterns know bytes and not characters, and can be slow.
    const match = this.#keys.beginningWith(generation, scope + pattern.prefix);
    const command = ["SCAN", position[2] ?? "0", "MATCH", match, "COUNT", String(Math.max(1, query.count))];
    const [next, found] = await master.call<readonly [string, readonly string[]]>(command, { signal });
    const keys = found
      .map((key) => this.#keys.keyOf(generation, key).slice(scope.length))
      .filter((key) => pattern.matches(key));
    return { keys: [...new Set(keys)], cursor: this.#cursorAfter(scan, Number(position[1]), next) };
  }

  /** The next page of the same server, or the first of the next one. */
  #cursorAfter(
    scan: Parameters<typeof encodeCursor>[0],
    masterIndex: number,
    next: string,
  ): string | undefined {
    if (next !== "0") return encodeCursor(scan, `${masterIndex}:${next}`);
    const following = masterIndex + 1;
    return following < this.#connection.masters().length ? encodeCursor(scan, `${following}:0`) : undefined;
  }

  #keyOf(generation: number, { namespace, key }: EntryName): string {
    return this.#keys.entry(generation, `${KEY_PREFIX}${namespace}/${key}`);
  }

  #shown(bytes: Buffer | null): Entry | undefined {
    return bytes === null ? undefined : decodeEntry(bytes, this.#connection.serverNow());
  }
}

/** Empty for an entry that stays. */
function lifetimeText(lifetime: Lifetime): string {
  return lifetime === undefined ? "" : milliseconds(lifetime);
}
