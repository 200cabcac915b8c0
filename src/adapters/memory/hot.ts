import type { GetOrLease, Hit, HotStore, Slot, Versioned } from "../../ports/hot-store.ts";
import { throwIfAborted } from "../signal.ts";
import type { MemoryCacheStore } from "./cache.ts";
import { confirm, fill, getOrLease, type HotEntry, peek, raise, type Step } from "./entry.ts";
import { idOf, Keyspace, type KeyspaceOptions } from "./keyspace.ts";

export interface MemoryHotOptions extends KeyspaceOptions {
  /** Random, and another one for every store that is made: what `probe` answers. */
  readonly identity: string;
  /** The cache that shares this store's fate, as the two do in one Redis: swept and lost with it. */
  readonly cache?: MemoryCacheStore;
}

/** The hot store inside one process. It is never in doubt: it is lost only together with its user. */
export class MemoryHotStore implements HotStore {
  readonly kind = "memory";
  readonly shared = false;
  readonly #options: MemoryHotOptions;
  readonly #entries: Keyspace<HotEntry>;
  readonly #confirmed = new Set<(key: string | undefined) => void>();
  #hint: number | undefined;

  constructor(options: MemoryHotOptions) {
    this.#options = options;
    this.#entries = new Keyspace(options, (entry) => Buffer.byteLength(entry.value ?? ""));
  }

  /** One atomic step on an entry. Open to subclasses, so that models can plant a wrong one. */
  protected step<Answer>(
    slot: Slot,
    signal: AbortSignal | undefined,
    transition: (entry: HotEntry | undefined, now: number) => Step<Answer>,
  ): Answer {
    throwIfAborted(signal);
    const id = idOf(slot.generation, slot.key);
    const { entry, answer } = transition(this.#entries.get(id), this.#options.now());
    if (entry !== undefined) this.#entries.set(id, entry);
    return answer;
  }

  async getOrLease(
    slot: Slot,
    request: { readonly minRevision: number; readonly token: string; readonly leaseMs: number },
    signal?: AbortSignal,
  ): Promise<GetOrLease> {
    return this.step(slot, signal, (entry, now) => getOrLease(entry, request, now));
  }

  async peek(slot: Slot, minRevision: number, signal?: AbortSignal): Promise<Hit | undefined> {
    return this.step(slot, signal, (entry, now) => ({
      entry: undefined,
      answer: peek(entry, minRevision, now),
    }));
  }

  async fill(
    slot: Slot,
    token: string,
    versioned: { readonly value: string | undefined; readonly revision: number; readonly ttlMs: number },
    signal?: AbortSignal,
  ): Promise<"stored" | "refused"> {
    return this.step(slot, signal, (entry, now) => fill(entry, token, versioned, now));
  }

  async confirm(slot: Slot, versioned: Versioned, signal?: AbortSignal): Promise<void> {
    this.step(slot, signal, (entry, now) => confirm(entry, versioned, now));
    for (const listener of this.#confirmed) listener(slot.key);
  }

  async raise(slot: Slot, revision: number, signal?: AbortSignal): Promise<void> {
    this.step(slot, signal, (entry, now) => raise(entry, revision, now));
  }

  async probe(signal?: AbortSignal): Promise<string> {
    throwIfAborted(signal);
    return this.#options.identity;
  }

  onDoubt(_listener: () => void): () => void {
    return () => {};
  }

  onConfirmed(listener: (key: string | undefined) => void): () => void {
    const entry = (key: string | undefined) => listener(key);
    this.#confirmed.add(entry);
    queueMicrotask(() => {
      if (this.#confirmed.has(entry)) entry(undefined);
    });
    return () => this.#confirmed.delete(entry);
  }

  async writeHint(generation: number, signal?: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    this.#hint = generation;
  }

  async readHint(signal?: AbortSignal): Promise<number | undefined> {
    throwIfAborted(signal);
    return this.#hint;
  }

  async sweepBelow(generation: number, signal?: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    this.#entries.sweepBelow(generation);
    this.#options.cache?.sweepBelow(generation);
  }

  /** Everything is gone at once, as after a flush. For tests and models. */
  loseAll(): void {
    this.#entries.clear();
    this.#options.cache?.loseAll();
    this.#hint = undefined;
  }

  async close(): Promise<void> {}
}
