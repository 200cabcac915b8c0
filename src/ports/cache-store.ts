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
  | { readonly kind: "if_etag"; readonly etag: string }
  /** Under the live lease of this token. */
  | { readonly kind: "if_leased"; readonly token: string };

/** An entry as it is set. */
export interface NewEntry {
  readonly value: EntryValue;
  readonly lifetime: Lifetime;
  /** Made by the caller; names this value. */
  readonly etag: string;
  /** Milliseconds past its lifetime for which `lease` may still show the value. Never with an entry that persists. */
  readonly staleMs?: number;
}

/** `stale`: the value that ended last, while it may be shown; its `ttlMs` is not above 0. */
export type LeaseResult =
  | { readonly outcome: "hit"; readonly entry: Entry }
  /** The caller, and nobody else, may `set` under its token within the lease's life. */
  | { readonly outcome: "granted"; readonly stale: Entry | undefined }
  /** Somebody else may, for `leftMs` (> 0) yet. */
  | { readonly outcome: "busy"; readonly leftMs: number; readonly stale: Entry | undefined };

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
  /** Answers the condition's verdict. What is stored ends any lease and takes the place of a stale value. */
  set(
    generation: number,
    name: EntryName,
    entry: NewEntry,
    condition: SetCondition,
    signal?: AbortSignal,
  ): Promise<"stored" | "not_met">;
  /** Answers whether it was there, in the order asked. Ends leases and drops stale values too. At most 1000 names. */
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
  /**
   * Reads the entry and gives it a new lifetime in one step, after which it may be shown stale for as long as before;
   * undefined when absent.
   */
  touch(
    generation: number,
    name: EntryName,
    lifetime: Lifetime,
    signal?: AbortSignal,
  ): Promise<Entry | undefined>;
  /**
   * Adds to a decimal text in one step; an absent entry counts as 0. Sets the lifetime with the value.
   * A `requestId` seen before in this entry's life (the last 128 at least) changes nothing and is `replayed`.
   * What is applied ends any lease and drops a stale value.
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
   * The entry, or else the permission to set it. The lease goes to the caller under `token`, for `leaseMs`, unless
   * somebody else holds a live one; its holder may ask again.
   */
  lease(
    generation: number,
    name: EntryName,
    request: { readonly token: string; readonly leaseMs: number },
    signal?: AbortSignal,
  ): Promise<LeaseResult>;
  /** Ends leases and drops stale values, and leaves entries as they are. At most 1000 names. */
  endLeases(generation: number, names: readonly EntryName[], signal?: AbortSignal): Promise<void>;
  /**
   * Keys of a namespace (all namespaces when undefined: keys come as `namespace/key`) that match `pattern` (literal
   * with `*` and `?`, `\` escapes). Bounded work a page: about `count` keys looked at, so a page may be empty and
   * not the last. A cursor that is not of this scan throws `invalid_argument` / INVALID_PAGE_TOKEN on `page_token`;
   * where entries moved between servers since the scan began, it throws `aborted` / SLOTS_MOVED.
   * `of` "leases": the names that have a lease or a stale value, instead of those that have an entry.
   */
  scan(
    generation: number,
    query: {
      readonly namespace: string | undefined;
      readonly pattern: string;
      readonly count: number;
      readonly cursor: string | undefined;
      readonly of?: "entries" | "leases";
    },
    signal?: AbortSignal,
  ): Promise<ScanPage>;
}
