/**
 * The durable store: named collections of documents, each of which is the unit of atomicity. Adapters:
 * SQLite (embedded), MongoDB (and what speaks its wire protocol), memory (tests). `test/contract/durable.ts`
 * is this text as a suite.
 *
 * Errors: every method throws ServiceError only.
 *  - `unavailable` / DURABLE_STORE_UNAVAILABLE: the store could not be reached or refused. `applied` is `no`
 *    when the command surely had no effect (never sent, or a read), `unknown` when a mutation was sent and its
 *    answer never came.
 *  - `deadline_exceeded` / `cancelled`: the signal fired; `applied` as above. A signal that fired before the
 *    command was sent is always `no`.
 */
import type { Json } from "../json.ts";

/**
 * A stored document. `revision` counts its durable writes (1, 2, ...). Every other field belongs to whoever
 * owns the collection and has an identifier for its name; values are plain JSON and come back deeply equal (key
 * order and the sign of zero aside). Text is well-formed Unicode. Keys of nested objects may hold any text (`.`,
 * `$`, `__proto__`, empty, NUL): escaping is the adapter's affair.
 */
export interface Document {
  readonly key: string;
  readonly revision: number;
  readonly [field: string]: Json;
}

/** A field, or a nested one: `["data", "a.b"]` is the key `a.b` of the object `data`. */
export type Path = readonly [string, ...string[]];

export type Scalar = string | number | boolean | null;

/** A test of the current document. A path that is absent equals `null` and has no number. */
export type Condition =
  | { readonly path: Path; readonly test: "equals"; readonly value: Scalar }
  | { readonly path: Path; readonly test: "in"; readonly values: readonly Scalar[] }
  /** The number at the path is at most `value`; an absent path counts as 0. */
  | { readonly path: Path; readonly test: "at_most"; readonly value: number }
  /** The value at the path is an object (not an array, not absent). */
  | { readonly path: Path; readonly test: "is_object" }
  /** No element of the array of objects at `path` has `field` equal to `value`; true for an absent array. */
  | {
      readonly path: Path;
      readonly test: "none_with";
      readonly field: string;
      readonly value: string | number | boolean;
    };

/**
 * What to change, atomically, when every condition holds. Paths of one change never overlap. Objects missing on
 * the way are made. A document's shape does not take a change that would pass through something that is not an
 * object (an array is none), increment what is not a number, or push to what is not an array; `unset` of what is
 * not there changes nothing.
 */
export interface Change {
  readonly set?: readonly (readonly [Path, Json])[];
  readonly unset?: readonly Path[];
  readonly increment?: readonly (readonly [Path, number])[];
  /** Appends to an array (made when absent); with `keepLast` (>= 1) the oldest elements beyond it are dropped. */
  readonly push?: readonly { readonly path: Path; readonly value: Json; readonly keepLast?: number }[];
  /** Leaves `revision` as it is: for housekeeping that no reader can see. Otherwise it grows by one. */
  readonly keepRevision?: true;
}

export interface Update {
  readonly collection: string;
  readonly key: string;
  /** All must hold. They are not looked at when the document is absent. */
  readonly conditions: readonly Condition[];
  readonly change: Change;
  /**
   * `insert`: an absent document is made by the same change from an empty one (revision 1), atomically: of many
   * who try at once one wins and the others are judged by their conditions. `refuse`: absent is a refusal.
   */
  readonly ifAbsent: "insert" | "refuse";
}

/**
 * `applied`: the document after the change, without the collection's heavy fields. `refused`: the whole current
 * document, which does fail a condition or whose shape does not take the change, or undefined when there is none.
 */
export type UpdateResult =
  | { readonly outcome: "applied"; readonly document: Document }
  | { readonly outcome: "refused"; readonly document: Document | undefined };

/** A test of an indexed top-level field. Ranges: `from` inclusive, `below` exclusive. */
export type Filter =
  | { readonly field: string; readonly equals: Scalar }
  | { readonly field: string; readonly in: readonly Scalar[] }
  | { readonly field: string; readonly from?: string | number; readonly below?: string | number };

export interface Query {
  readonly collection: string;
  readonly filters: readonly Filter[];
  /** Total order (text by its UTF-8 bytes): the last one must be `key`. Every document has a value for each. */
  readonly order: readonly { readonly field: string; readonly direction: "ascending" | "descending" }[];
  /** Values of the order's fields of the last document seen; the answer starts right after it. */
  readonly after?: readonly (string | number)[];
  /** At most this many documents. */
  readonly limit: number;
  /** Top-level fields left out besides the heavy ones. */
  readonly omit?: readonly string[];
}

/** Declares a collection to an adapter when it opens. */
export interface CollectionSpec {
  readonly name: string;
  /** Top-level scalar fields that filters and orders may name (`key` and `revision` always may). */
  readonly fields: Readonly<Record<string, "text" | "integer" | "boolean">>;
  /** Compound indexes, by field; a `-` before a field means descending. */
  readonly indexes: readonly (readonly string[])[];
  /** Bulky top-level fields that are read only on demand. */
  readonly heavy: readonly string[];
}

export interface ReadOptions {
  /** With the heavy fields too. */
  readonly whole?: boolean;
  readonly signal?: AbortSignal;
}

/** One change as the store's own clock saw it; for watchers and sweepers. */
export interface ChangesPage {
  readonly documents: readonly Document[];
  /**
   * Pass to the next call. Opaque; a page may repeat documents of pages before it (the overlap). One that this
   * store never gave is `invalid_argument`.
   */
  readonly cursor: string;
}

/** A key, or a key that must still be at a revision. */
export type DeleteTarget = string | { readonly key: string; readonly revision: number };

export interface DurableStore {
  readonly kind: "sqlite" | "mongodb" | "memory";
  /**
   * True when this process alone can write to the store while it is open (embedded): no other instance can
   * exist, so nothing needs to be agreed with any.
   */
  readonly exclusive: boolean;

  /** Linearizable read of one document; undefined when there is none. */
  get(collection: string, key: string, options?: ReadOptions): Promise<Document | undefined>;
  /** As `get` for many keys; absent ones are left out; no order. At most 1000 keys. */
  getMany(collection: string, keys: readonly string[], options?: ReadOptions): Promise<readonly Document[]>;
  /** Atomic, durable (survives a crash of process and store) before it returns, linearizable. */
  update(update: Update, signal?: AbortSignal): Promise<UpdateResult>;
  /** Inserts immutable documents (revision 1); a key that is there already is left as it is. At most 1000. */
  insertMany(
    collection: string,
    documents: readonly { readonly key: string; readonly [field: string]: Json }[],
    signal?: AbortSignal,
  ): Promise<void>;
  /**
   * Removes documents for good: whatever is under a key, or what is still at the revision at which it was read.
   * Answers how many went. At most 1000.
   */
  deleteMany(collection: string, targets: readonly DeleteTarget[], signal?: AbortSignal): Promise<number>;
  /** Documents without heavy fields; holds every write that was acknowledged before the call. */
  find(query: Query, signal?: AbortSignal): Promise<readonly Document[]>;
  /** How many documents match, by the value of `by` (a declared field). */
  countBy(
    collection: string,
    filters: readonly Filter[],
    by: string,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<Scalar, number>>;
  /**
   * Documents written since `cursor` (undefined = from now on), in the store's own order, without heavy fields.
   * A document written several times appears at least once, with its latest content.
   */
  changes(
    collection: string,
    cursor: string | undefined,
    limit: number,
    signal?: AbortSignal,
  ): Promise<ChangesPage>;
  /** Round trip to the store; milliseconds come from the caller's clock. Throws `unavailable`. */
  ping(signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
