/**
 * The store of cache entries: lossy by contract, apart from tasks and schemas. Adapters: memory, Redis.
 * `test/contract/cache.ts` is this text as a suite. All names of one call live in one generation (a namespace that
 * is left for good when the hot store was lost, so that an old copy never comes back).
 *
 * Errors: ServiceError `unavailable` / HOT_STORE_UNAVAILABLE, `deadline_exceeded`, `cancelled`. Lifetimes are set
 * in the command that writes the value.
 */

export interface EntryName {
  readonly namespace: string;
  readonly key: string;
}

export type EntryValue =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "data"; readonly data: Uint8Array };

export interface Entry {
  readonly value: EntryValue;
  /** Milliseconds left; undefined when the entry stays until it is deleted or evicted. */
  readonly ttlMs: number | undefined;
  /** Changes with every write of the value (not with a touch). */
  readonly etag: string;
}

/** undefined = persist. Milliseconds, > 0. */
export type Lifetime = number | undefined;

export type SetCondition =
  | { readonly kind: "always" }
  | { readonly kind: "if_absent" }
  | { readonly kind: "if_present" }
  | { readonly kind: "if_etag"; readonly etag: string };

export type IncrementResult =
  | { readonly outcome: "applied" | "replayed"; readonly value: bigint; readonly entry: Entry }
  /** The value is not the decimal text of an int64, or the sum would leave the range. Nothing was changed. */
  | { readonly outcome: "not_an_integer" | "overflow" };

export interface ScanPage {
  /** No key twice in a page; a key there through the whole scan appears in at least one page. */
  readonly keys: readonly string[];
  /** Undefined when the scan is complete. Opaque, bound to generation, namespace and pattern. */
  readonly cursor: string | undefined;
}

export interface CacheStore {
  get(generation: number, name: EntryName, signal?: AbortSignal): Promise<Entry | undefined>;
  /** In the order asked; at most 1000 names. */
  getMany(
    generation: number,
    names: readonly EntryName[],
    signal?: AbortSignal,
  ): Promise<readonly (Entry | undefined)[]>;
  /** `etag` is made by the caller and names this value. Answers the condition's verdict. */
  set(
    generation: number,
    name: EntryName,
    entry: { readonly value: EntryValue; readonly lifetime: Lifetime; readonly etag: string },
    condition: SetCondition,
    signal?: AbortSignal,
  ): Promise<"stored" | "not_met">;
  /** Answers whether it was there, in the order asked. At most 1000 names. */
  deleteMany(
    generation: number,
    names: readonly EntryName[],
    signal?: AbortSignal,
  ): Promise<readonly boolean[]>;
  /**
   * About how many bytes each entry takes, its value and little more, without reading it; 0 when absent. In the order
   * asked; at most 1000 names.
   */
  sizes(generation: number, names: readonly EntryName[], signal?: AbortSignal): Promise<readonly number[]>;
  /** Reads the entry and gives it a new lifetime in one step; undefined when absent. */
  touch(
    generation: number,
    name: EntryName,
    lifetime: Lifetime,
    signal?: AbortSignal,
  ): Promise<Entry | undefined>;
  /**
   * Adds to a decimal text in one step; an absent entry counts as 0. Sets the lifetime with the value.
   * A `requestId` seen before in this entry's life (the last 128 at least) changes nothing and is `replayed`.
   */
  increment(
    generation: number,
    name: EntryName,
    increment: {
      readonly delta: bigint;
      readonly lifetime: Lifetime;
      readonly etag: string;
      readonly requestId: string | undefined;
    },
    signal?: AbortSignal,
  ): Promise<IncrementResult>;
  /**
   * Keys of a namespace (all namespaces when undefined: keys come as `namespace/key`) that match `pattern` (literal
   * with `*` and `?`, `\` escapes). Bounded work a page: about `count` keys looked at, so a page may be empty and
   * not the last. A cursor that is not of this scan throws `invalid_argument` / INVALID_PAGE_TOKEN on `page_token`.
   */
  scan(
    generation: number,
    query: {
      readonly namespace: string | undefined;
      readonly pattern: string;
      readonly count: number;
      readonly cursor: string | undefined;
    },
    signal?: AbortSignal,
  ): Promise<ScanPage>;
}
