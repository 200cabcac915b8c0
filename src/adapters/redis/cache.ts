import type {
  CacheStore,
  Entry,
  EntryName,
  IncrementResult,
  LeaseResult,
  Lifetime,
  NewEntry,
  ScanPage,
  SetCondition,
} from "../../ports/cache-store.ts";
import { parsePattern } from "../key-pattern.ts";
import { decodeCursor, encodeCursor, invalidCursor } from "../scan-cursor.ts";
import type { RedisAccess } from "./access.ts";
import { decodeEntry, digestRequestId, encodeEntry, encodeEtag } from "./cache-entry.ts";
import { slotsMoved } from "./failures.ts";
import { type Keys, milliseconds } from "./keys.ts";
import { runScript } from "./scripts.ts";

const KEPT_REQUEST_IDS = "128";
const KEY_PREFIX = "cache/";
/** In a scan: of which layout, at which of its masters, and the master's own cursor. */
const POSITION = /^(?<fingerprint>[\w-]{0,22}):(?<index>\d{1,4}):(?<from>\d{1,20})$/;

/** Cache entries on Redis: reads are plain commands, what has to compare or to end a lease is a script. */
export class RedisCacheStore implements CacheStore {
  readonly #connection: RedisAccess;
  readonly #keys: Keys;

  constructor(connection: RedisAccess, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async get(generation: number, name: EntryName, signal?: AbortSignal): Promise<Entry | undefined> {
    const key = this.#keyOf(generation, name);
    return this.#shown(
      key,
      await this.#connection.call<Buffer | null>(["GET", key], { signal, binary: true }),
    );
  }

  async getMany(
    generation: number,
    names: readonly EntryName[],
    signal?: AbortSignal,
  ): Promise<readonly (Entry | undefined)[]> {
    // Not MGET: in a cluster, each key may be in another slot.
    const keys = names.map((name) => this.#keyOf(generation, name));
    const commands = keys.map((key) => ["GET", key]);
    const replies = await this.#connection.batch<Buffer | null>(commands, { signal, binary: true });
    return keys.map((key, at) => this.#shown(key, replies[at] ?? null));
  }

  async set(
    generation: number,
    name: EntryName,
    { value, lifetime, etag, staleMs = 0 }: NewEntry,
    condition: SetCondition,
    signal?: AbortSignal,
  ): Promise<"stored" | "not_met"> {
    const keys = this.#keysOf(generation, name);
    const expireAt = lifetime === undefined ? 0 : this.#connection.serverNow(keys[0]) + lifetime;
    const args = [
      encodeEntry(value, etag, expireAt),
      lifetimeText(lifetime),
      staleMs > 0 ? milliseconds(staleMs) : "",
      condition.kind,
      guardOf(condition),
    ];
    const options = { signal, mutates: true };
    const stored = await runScript<0 | 1>(this.#connection, "set-2", keys, args, options);
    return stored === 1 ? "stored" : "not_met";
  }

  async deleteMany(
    generation: number,
    names: readonly EntryName[],
    signal?: AbortSignal,
  ): Promise<readonly boolean[]> {
    // The leases first: while an entry is there, nobody gets another one.
    const [, removed] = await Promise.all([
      this.endLeases(generation, names, signal),
      this.#unlink(
        names.map((name) => this.#keyOf(generation, name)),
        signal,
      ),
    ]);
    return removed.map((count) => count === 1);
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
    const keys = this.#keysOf(generation, name);
    const args = [lifetimeText(lifetime)];
    const options = { signal, binary: true, mutates: true };
    return this.#shown(
      keys[0],
      await runScript<Buffer | null>(this.#connection, "touch-2", keys, args, options),
    );
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
    const keys = this.#keysOf(generation, name);
    const [outcome, bytes] = await runScript<readonly [0 | 1, Buffer] | readonly [2 | 3, undefined]>(
      this.#connection,
      "increment-2",
      keys,
      [
        ...[String(delta), lifetimeText(lifetime)],
        ...[encodeEtag(etag), digestRequestId(requestId), KEPT_REQUEST_IDS],
      ],
      { signal, binary: true, mutates: true },
    );
    if (bytes === undefined) return { outcome: outcome === 2 ? "not_an_integer" : "overflow" };
    const entry = decodeEntry(bytes, this.#connection.serverNow(keys[0]));
    const text = entry.value.kind === "text" ? entry.value.text : "";
    return { outcome: outcome === 0 ? "applied" : "replayed", value: BigInt(text), entry };
  }

  async lease(
    generation: number,
    name: EntryName,
    { token, leaseMs }: { readonly token: string; readonly leaseMs: number },
    signal?: AbortSignal,
  ): Promise<LeaseResult> {
    const keys = this.#keysOf(generation, name);
    const args = [token, milliseconds(leaseMs)];
    const options = { signal, binary: true, mutates: true };
    const [outcome, bytes, leftMs = 0] = await runScript<
      readonly [0 | 1 | 2, entry: Buffer | null, leftMs?: number]
    >(this.#connection, "lease-2", keys, args, options);
    const now = this.#connection.serverNow(keys[0]);
    if (outcome === 0 && bytes !== null) return { outcome: "hit", entry: decodeEntry(bytes, now) };
    const stale = bytes === null ? undefined : decodeEntry(bytes, now, { stale: true });
    return outcome === 1 ? { outcome: "granted", stale } : { outcome: "busy", leftMs, stale };
  }

  async endLeases(generation: number, names: readonly EntryName[], signal?: AbortSignal): Promise<void> {
    await this.#unlink(
      names.map((name) => this.#keysOf(generation, name)[1]),
      signal,
    );
  }

  async scan(
    generation: number,
    query: {
      readonly namespace: string | undefined;
      readonly pattern: string;
      readonly count: number;
      readonly cursor: string | undefined;
      readonly of?: "entries" | "leases";
    },
    signal?: AbortSignal,
  ): Promise<ScanPage> {
    const { namespace, of = "entries" } = query;
    const scan = { generation, namespace, pattern: query.pattern, of };
    const before = decodeCursor(scan, query.cursor);
    const {
      fingerprint = "",
      index = "0",
      from = "0",
    } = before === undefined ? {} : (POSITION.exec(before)?.groups ?? missing());
    const pattern = parsePattern(query.pattern);
    const scope = KEY_PREFIX + (namespace === undefined ? "" : `${namespace}/`);
    if (pattern.literal) {
      const exists = ["EXISTS", this.#keys.at(of, generation, scope + pattern.prefix)];
      const there = (await this.#connection.call<number>(exists, { signal })) === 1;
      return { keys: there ? [pattern.prefix] : [], cursor: undefined };
    }
    const layout = await this.#connection.layout(signal);
    const master = layout.masters[Number(index)];
    if (before !== undefined && fingerprint !== layout.fingerprint) throw slotsMoved();
    if (master === undefined) throw invalidCursor();
    // Redis looks for the fixed beginning alone: its own patterns know bytes and not characters, and can be slow.
    const match = this.#keys.beginningWith(of, generation, scope + pattern.prefix);
    const command = ["SCAN", from, "MATCH", match, "COUNT", String(Math.max(1, query.count))];
    const [next, found] = await master.call<readonly [string, readonly string[]]>(command, { signal });
    // Whatever moved before this answer shows by now; what moves later, the next page sees.
    const after = await this.#connection.layout(signal);
    if (after.fingerprint !== layout.fingerprint) throw slotsMoved();
    const keys = found
      .map((key) => this.#keys.keyOf(of, generation, key).slice(scope.length))
      .filter((key) => pattern.matches(key));
    const following = next === "0" ? Number(index) + 1 : Number(index);
    const position = `${layout.fingerprint}:${following}:${next}`;
    const complete = following === layout.masters.length;
    return { keys: [...new Set(keys)], cursor: complete ? undefined : encodeCursor(scan, position) };
  }

  /** A command for each, since in a cluster each may be in another slot. */
  #unlink(keys: readonly string[], signal: AbortSignal | undefined): Promise<readonly number[]> {
    const commands = keys.map((key) => ["UNLINK", key]);
    return this.#connection.batch<number>(commands, { signal, mutates: true });
  }

  #keyOf(generation: number, name: EntryName): string {
    return this.#keys.at("entries", generation, keyOf(name));
  }

  /** The entry's and its lease's, of one slot. */
  #keysOf(generation: number, name: EntryName): readonly [entry: string, lease: string] {
    return [this.#keyOf(generation, name), this.#keys.at("leases", generation, keyOf(name))];
  }

  #shown(key: string, bytes: Buffer | null): Entry | undefined {
    return bytes === null ? undefined : decodeEntry(bytes, this.#connection.serverNow(key));
  }
}

function missing(): never {
  throw invalidCursor();
}

function keyOf({ namespace, key }: EntryName): string {
  return `${KEY_PREFIX}${namespace}/${key}`;
}

function guardOf(condition: SetCondition): Buffer | string {
  if (condition.kind === "if_etag") return encodeEtag(condition.etag);
  return condition.kind === "if_leased" ? condition.token : "";
}

/** Empty for an entry that stays. */
function lifetimeText(lifetime: Lifetime): string {
  return lifetime === undefined ? "" : milliseconds(lifetime);
}
