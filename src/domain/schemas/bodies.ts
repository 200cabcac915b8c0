import { LRUCache } from "lru-cache";
import { aborted, ServiceError } from "../../errors.ts";
import type { Document, DurableStore } from "../../ports/durable-store.ts";
import { SCHEMA_BODIES } from "./collections.ts";

/** What is kept of a release beside its head; never changed. */
export interface Body {
  /** Name of the schema it was published to. */
  readonly schema: string;
  /** The document as JSON. */
  readonly text: string;
  readonly note: string;
  readonly createdBy: string;
  /** When it was stored, which may be long after its release was made; milliseconds since the epoch. */
  readonly createTime: number;
}

const COLLECTION = SCHEMA_BODIES.name;
/** What an entry takes beside its text, roughly. */
const ENTRY_BYTES = 500;
const DELETED_AT_ONCE = 1000;

/**
 * Bodies by id, with a cache in this process: they are immutable, so a copy is as good as the original for
 * whoever has just read a head that names it.
 */
export class Bodies {
  readonly #store: DurableStore;
  readonly #cache: LRUCache<string, Body>;
  /** Reads under way: many who ask for one body at once read it once. */
  readonly #reading = new Map<string, Promise<Body | undefined>>();

  /** `cacheBytes`: memory for the cache, > 0. */
  constructor(store: DurableStore, cacheBytes: number) {
    this.#store = store;
    this.#cache = new LRUCache({
      maxSize: cacheBytes,
      sizeCalculation: ({ text }) => ENTRY_BYTES + 2 * text.length,
    });
  }

  /** Failed or not, it has no effect that anybody can see: no head names the body yet. */
  async insert(id: string, body: Body, signal?: AbortSignal): Promise<void> {
    const { schema, text, note, createdBy, createTime } = body;
    const document = { key: id, schema, text, note, created_by: createdBy, create_time: createTime };
    try {
      await this.#store.insertMany(COLLECTION, [document], signal);
    } catch (error) {
      throw error instanceof ServiceError ? error.withApplied("no") : error;
    }
    this.#cache.set(id, body);
  }

  /** Undefined when its release was deleted. Throws `unavailable` for one that is only in a store that is away. */
  get(id: string, signal?: AbortSignal): Promise<Body | undefined> {
    const cached = this.#cache.get(id);
    if (cached !== undefined) return Promise.resolve(cached);
    return within(this.#reading.get(id) ?? this.#read(id), signal);
  }

  /** As `get` for many, past the cache: a list must not push out what is in use. Without `whole` texts are empty. */
  async getMany(
    ids: readonly string[],
    options: { readonly whole: boolean; readonly signal?: AbortSignal },
  ): Promise<ReadonlyMap<string, Body>> {
    const found = await this.#store.getMany(COLLECTION, ids, options);
    return new Map(found.map((document) => [document.key, toBody(document)]));
  }

  /**
   * Removes bodies that no head names any more, beside the answer. Where it fails orphans stay, as after any
   * lost race: harmless, and found by a sweep.
   */
  removeLater(...ids: readonly string[]): void {
    for (const id of ids) this.#cache.delete(id);
    void this.#remove(ids).catch(() => undefined);
  }

  async #remove(ids: readonly string[]): Promise<void> {
    for (let at = 0; at < ids.length; at += DELETED_AT_ONCE) {
      await this.#store.deleteMany(COLLECTION, ids.slice(at, at + DELETED_AT_ONCE));
    }
  }

  /** Without a caller's signal: the read serves others too, and ends by the store's own time-out. */
  #read(id: string): Promise<Body | undefined> {
    const reading = this.#store
      .get(COLLECTION, id, { whole: true })
      .then((document) => {
        const body = document && toBody(document);
        if (body !== undefined) this.#cache.set(id, body);
        return body;
      })
      .finally(() => this.#reading.delete(id));
    this.#reading.set(id, reading);
    return reading;
  }
}

function toBody(document: Document): Body {
  return {
    schema: String(document.schema),
    text: typeof document.text === "string" ? document.text : "",
    note: String(document.note),
    createdBy: String(document.created_by),
    createTime: Number(document.create_time),
  };
}

/** The answer, or the signal's failure if that comes first. */
async function within<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return answer;
  let onAbort: (() => void) | undefined;
  const failure = new Promise<never>((_, reject) => {
    onAbort = () => reject(aborted(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([answer, failure]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener("abort", onAbort);
  }
}
