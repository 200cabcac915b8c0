import { LRUCache } from "lru-cache";

export interface KeyspaceOptions {
  /** Milliseconds of any clock; only differences count. A parameter, so that a simulator can drive it. */
  now(): number;
  /** Bounds; beyond either, the entries used least recently go. */
  readonly maxBytes: number;
  readonly maxEntries: number;
}

/**
 * Entries by generation and key: bounded, each gone from its `expiresAt` on (Infinity: never). The LRU cache does the
 * bounding alone, since its own expiry caches the time between timers and would not follow an injected clock.
 */
export class Keyspace<Entry extends { readonly expiresAt: number }> {
  readonly #now: () => number;
  readonly #maxEntries: number;
  readonly #entries: LRUCache<string, Entry>;
  readonly #onGone: (id: string) => void;

  /** `onGone` is told of every key that left, for whatever reason. */
  constructor(options: KeyspaceOptions, bytesOf: (entry: Entry) => number, onGone = (_id: string) => {}) {
    this.#now = options.now;
    this.#onGone = onGone;
    this.#maxEntries = options.maxEntries;
    // Told a number of entries, it would take the memory to keep track of all of them at once: 20 MB by default.
    this.#entries = new LRUCache({
      maxSize: options.maxBytes,
      sizeCalculation: (entry, id) => ENTRY_OVERHEAD_BYTES + id.length + bytesOf(entry),
      dispose: (_entry, id, reason) => {
        if (reason !== "set") this.#onGone(id);
      },
    });
  }

  get(id: string): Entry | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined || this.#now() < entry.expiresAt) return entry;
    this.#entries.delete(id);
    return undefined;
  }

  /** Like `get`, without counting as a use. */
  has(id: string): boolean {
    const entry = this.#entries.peek(id);
    return entry !== undefined && this.#now() < entry.expiresAt;
  }

  /** An entry larger than the whole bound is not kept: losing whole entries is allowed, and no old one stays. */
  set(id: string, entry: Entry): void {
    this.#entries.set(id, entry);
    while (this.#entries.size > this.#maxEntries) this.#entries.pop();
    if (!this.#entries.has(id)) this.#onGone(id);
  }

  /** Answers whether it was there. */
  delete(id: string): boolean {
    return this.get(id) !== undefined && this.#entries.delete(id);
  }

  sweepBelow(generation: number): void {
    for (const id of [...this.#entries.keys()]) {
      if (Number.parseInt(id, 10) < generation) this.#entries.delete(id);
    }
  }

  clear(): void {
    this.#entries.clear();
  }
}

/** About what a Map slot, an object and its bookkeeping take. */
const ENTRY_OVERHEAD_BYTES = 200;

/** One text for generation and key, as unlike any other pair's as they are. */
export function idOf(generation: number, key: string): string {
  return `${generation}:${key}`;
}
