import type {
  CacheStore,
  Entry,
  EntryName,
  EntryValue,
  IncrementResult,
  LeaseResult,
  Lifetime,
  NewEntry,
  ScanPage,
  SetCondition,
} from "../../ports/cache-store.ts";
import { parsePattern } from "../key-pattern.ts";
import { decodeCursor, encodeCursor, invalidCursor } from "../scan-cursor.ts";
import { throwIfAborted } from "../signal.ts";
import { KeyBuckets } from "./key-buckets.ts";
import { idOf, Keyspace, type KeyspaceOptions } from "./keyspace.ts";
import { isLive, type LeaseRecord, leased, recordBytes, showable, staleOf } from "./lease-record.ts";

export interface StoredEntry {
  readonly value: EntryValue;
  readonly etag: string;
  /** Milliseconds of the store's clock; Infinity for an entry that stays. */
  readonly expiresAt: number;
  /** Of the increments of this entry's life, the latest last. */
  readonly requestIds: readonly string[];
}

const KEPT_REQUEST_IDS = 128;
const INT64_TEXT = /^(?:0|-?[1-9][0-9]{0,18})$/;

/** Cache entries inside one process. */
export class MemoryCacheStore implements CacheStore {
  readonly #now: () => number;
  readonly #keys = new KeyBuckets();
  readonly #entries: Keyspace<StoredEntry>;
  readonly #recordKeys = new KeyBuckets();
  readonly #records: Keyspace<LeaseRecord>;

  constructor(options: KeyspaceOptions) {
    this.#now = options.now;
    this.#entries = new Keyspace(options, bytesOf, (id) => this.#keys.delete(id));
    const bytesOfRecord = (record: LeaseRecord) => recordBytes(record, bytesOf);
    this.#records = new Keyspace(options, bytesOfRecord, (id) => this.#recordKeys.delete(id));
  }

  async get(generation: number, name: EntryName, signal?: AbortSignal): Promise<Entry | undefined> {
    throwIfAborted(signal);
    return this.#shown(this.read(generation, name));
  }

  async getMany(
    generation: number,
    names: readonly EntryName[],
    signal?: AbortSignal,
  ): Promise<readonly (Entry | undefined)[]> {
    throwIfAborted(signal);
    return names.map((name) => this.#shown(this.read(generation, name)));
  }

  async set(
    generation: number,
    name: EntryName,
    { value, lifetime, etag, staleMs = 0 }: NewEntry,
    condition: SetCondition,
    signal?: AbortSignal,
  ): Promise<"stored" | "not_met"> {
    throwIfAborted(signal);
    if (!this.#isMet(condition, generation, name)) return "not_met";
    const stored = { value: ownCopy(value), etag, expiresAt: this.expiry(lifetime), requestIds: [] };
    this.write(generation, name, stored);
    this.writeRecord(generation, name, staleMs > 0 ? showable(stored, staleMs) : undefined);
    return "stored";
  }

  async deleteMany(
    generation: number,
    names: readonly EntryName[],
    signal?: AbortSignal,
  ): Promise<readonly boolean[]> {
    throwIfAborted(signal);
    return names.map((name) => {
      this.writeRecord(generation, name, undefined);
      return this.#entries.delete(idOf(generation, keyOf(name)));
    });
  }

  async sizes(
    generation: number,
    names: readonly EntryName[],
    signal?: AbortSignal,
  ): Promise<readonly number[]> {
    throwIfAborted(signal);
    return names.map((name) => {
      const stored = this.read(generation, name);
      return stored === undefined ? 0 : bytesOf(stored);
    });
  }

  async touch(
    generation: number,
    name: EntryName,
    lifetime: Lifetime,
    signal?: AbortSignal,
  ): Promise<Entry | undefined> {
    throwIfAborted(signal);
    const stored = this.read(generation, name);
    if (stored === undefined) return undefined;
    const touched = { ...stored, expiresAt: this.expiry(lifetime) };
    this.write(generation, name, touched);
    const staleMs = this.readRecord(generation, name)?.stale?.ms;
    if (staleMs !== undefined) {
      const record = lifetime === undefined ? undefined : showable(touched, staleMs);
      this.writeRecord(generation, name, record);
    }
    return this.#shown(touched);
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
    throwIfAborted(signal);
    const { delta, lifetime, etag, requestId } = increment;
    const before = this.read(generation, name);
    const current = before === undefined ? 0n : int64Of(before.value);
    if (current === undefined) return { outcome: "not_an_integer" };
    const seen = before?.requestIds ?? [];
    if (before !== undefined && requestId !== undefined && seen.includes(requestId)) {
      return { outcome: "replayed", value: current, entry: this.#entryOf(before) };
    }
    const value = current + delta;
    if (BigInt.asIntN(64, value) !== value) return { outcome: "overflow" };
    const after: StoredEntry = {
      value: { kind: "text", text: String(value) },
      etag,
      expiresAt: this.expiry(lifetime),
      requestIds: requestId === undefined ? seen : [...seen, requestId].slice(-KEPT_REQUEST_IDS),
    };
    this.write(generation, name, after);
    this.writeRecord(generation, name, undefined);
    return { outcome: "applied", value, entry: this.#entryOf(after) };
  }

  async lease(
    generation: number,
    name: EntryName,
    { token, leaseMs }: { readonly token: string; readonly leaseMs: number },
    signal?: AbortSignal,
  ): Promise<LeaseResult> {
    throwIfAborted(signal);
    const entry = this.#shown(this.read(generation, name));
    if (entry !== undefined) return { outcome: "hit", entry };
    const now = this.#now();
    const record = this.readRecord(generation, name);
    const stale = this.#shown(staleOf(record, now));
    // The holder itself may ask again: its first answer was lost, or it waits.
    if (record?.lease !== undefined && isLive(record, now) && record.lease.token !== token) {
      return { outcome: "busy", leftMs: record.lease.until - now, stale };
    }
    this.writeRecord(generation, name, leased(record, token, now + leaseMs));
    return { outcome: "granted", stale };
  }

  async endLeases(generation: number, names: readonly EntryName[], signal?: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    for (const name of names) this.writeRecord(generation, name, undefined);
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
    throwIfAborted(signal);
    const { namespace, pattern: text, of = "entries" } = query;
    const scan = { generation, namespace, pattern: text, of };
    const [held, keysOf] = of === "entries" ? [this.#entries, this.#keys] : [this.#records, this.#recordKeys];
    const position = decodeCursor(scan, query.cursor) ?? "0";
    if (!/^[0-9]{1,5}$/.test(position)) throw invalidCursor();
    const pattern = parsePattern(text);
    const scope = idOf(generation, namespace === undefined ? "" : `${namespace}/`);
    if (pattern.literal) {
      const there = held.has(scope + pattern.prefix);
      return { keys: there ? [pattern.prefix] : [], cursor: undefined };
    }
    const page = keysOf.page(Number(position), query.count);
    const keys = page.keys
      .filter((id) => id.startsWith(scope) && held.has(id))
      .map((id) => id.slice(scope.length))
      .filter((key) => pattern.matches(key));
    return { keys, cursor: page.next === undefined ? undefined : encodeCursor(scan, String(page.next)) };
  }

  /** Removes what is left of every generation below `generation`. */
  sweepBelow(generation: number): void {
    this.#entries.sweepBelow(generation);
    this.#records.sweepBelow(generation);
  }

  /** Everything is gone at once, as after a flush. For tests and models. */
  loseAll(): void {
    this.#entries.clear();
    this.#records.clear();
  }

  /** Those below are open to subclasses, so that models can plant a wrong store. */
  protected read(generation: number, name: EntryName): StoredEntry | undefined {
    return this.#entries.get(idOf(generation, keyOf(name)));
  }

  protected write(generation: number, name: EntryName, entry: StoredEntry): void {
    const id = idOf(generation, keyOf(name));
    this.#keys.add(id);
    this.#entries.set(id, entry);
  }

  protected readRecord(generation: number, name: EntryName): LeaseRecord | undefined {
    return this.#records.get(idOf(generation, keyOf(name)));
  }

  protected writeRecord(generation: number, name: EntryName, record: LeaseRecord | undefined): void {
    const id = idOf(generation, keyOf(name));
    if (record === undefined) {
      this.#records.delete(id);
      return;
    }
    this.#recordKeys.add(id);
    this.#records.set(id, record);
  }

  protected expiry(lifetime: Lifetime): number {
    return lifetime === undefined ? Number.POSITIVE_INFINITY : this.#now() + lifetime;
  }

  #isMet(condition: SetCondition, generation: number, name: EntryName): boolean {
    switch (condition.kind) {
      case "always":
        return true;
      case "if_absent":
        return this.read(generation, name) === undefined;
      case "if_present":
        return this.read(generation, name) !== undefined;
      case "if_etag":
        return this.read(generation, name)?.etag === condition.etag;
      case "if_leased": {
        const record = this.readRecord(generation, name);
        return isLive(record, this.#now()) && record?.lease?.token === condition.token;
      }
    }
  }

  #shown(stored: StoredEntry | undefined): Entry | undefined {
    return stored === undefined ? undefined : this.#entryOf(stored);
  }

  #entryOf({ value, etag, expiresAt }: StoredEntry): Entry {
    return { value, etag, ttlMs: Number.isFinite(expiresAt) ? expiresAt - this.#now() : undefined };
  }
}

/** A namespace holds no `/`, so the first one parts the two. */
function keyOf({ namespace, key }: EntryName): string {
  return `${namespace}/${key}`;
}

function int64Of(value: EntryValue): bigint | undefined {
  if (value.kind !== "text" || !INT64_TEXT.test(value.text)) return undefined;
  const integer = BigInt(value.text);
  return BigInt.asIntN(64, integer) === integer ? integer : undefined;
}

/** The caller may use its buffer again. */
function ownCopy(value: EntryValue): EntryValue {
  return value.kind === "data" ? { kind: "data", data: value.data.slice() } : value;
}

function bytesOf({ value, requestIds }: StoredEntry): number {
  const bytes = value.kind === "text" ? Buffer.byteLength(value.text) : value.data.byteLength;
  return bytes + requestIds.reduce((sum, id) => sum + id.length, 0);
}
