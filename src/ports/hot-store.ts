/**
 * The hot store: one entry an object and generation. It may lose any entry, or all, at any moment, and
 * nothing here depends on its not doing so. Adapters: memory (one process), Redis. `test/contract/hot.ts` is
 * this text as a suite.
 *
 * An entry is {value?, revision, floor, lease?} with ONE lifetime. The floor is the highest revision known to
 * exist: a value below it is never shown. A lease is a permission to fill, named by a token that is never used
 * twice, with a short life of its own inside the entry's.
 *
 * Every operation is atomic and sets the entry's lifetime in the same step. Errors: ServiceError `unavailable` /
 * HOT_STORE_UNAVAILABLE when the store did not answer or answered something else (read-only, out of memory,
 * another server than the one whose identity was read), `deadline_exceeded` / `cancelled` when the signal fired.
 * A failed call may or may not have had its effect: all of them are safe to repeat.
 */

/** Where an entry lives: generation (a namespace that is never used again once left) and object key. */
export interface Slot {
  readonly generation: number;
  readonly key: string;
}

/** A value with the revision that it is. `value` is opaque text. */
export interface Versioned {
  readonly value: string;
  readonly revision: number;
  /** Milliseconds that the value may stay in the hot store from now, > 0. */
  readonly ttlMs: number;
}

export interface Hit {
  readonly kind: "hit";
  readonly value: string;
  readonly revision: number;
  /** Milliseconds left. */
  readonly ttlMs: number;
}

export type GetOrLease =
  | Hit
  /** The caller, and nobody else, may `fill` with its token within the lease's life. */
  | { readonly kind: "leased" }
  /** Somebody else is filling. */
  | { readonly kind: "busy" };

export interface HotStore {
  readonly kind: "redis" | "memory";
  /** False when other processes cannot see the same entries. */
  readonly shared: boolean;

  /**
   * A value at or above both the floor and `minRevision` is a hit. Otherwise the lease goes to the caller under
   * `token` for `leaseMs` when no live lease is there. An entry without a value lives at least as long as its
   * lease.
   */
  getOrLease(
    slot: Slot,
    request: { readonly minRevision: number; readonly token: string; readonly leaseMs: number },
    signal?: AbortSignal,
  ): Promise<GetOrLease>;

  /** The value at or above the floor and `minRevision`, without taking a lease. */
  peek(slot: Slot, minRevision: number, signal?: AbortSignal): Promise<Hit | undefined>;

  /**
   * Stores the value and ends the lease when `token` is the live lease and the revision is at or above the
   * floor ("stored"). Raises the floor to the revision in any case. When refused, also drops a lower value and
   * ends any lease. `versioned.value` undefined (nothing there to cache): only ends the lease and raises the floor.
   */
  fill(
    slot: Slot,
    token: string,
    versioned: { readonly value: string | undefined; readonly revision: number; readonly ttlMs: number },
    signal?: AbortSignal,
  ): Promise<"stored" | "refused">;

  /**
   * After a durable write: raises the floor to its revision, drops an older value, ends any lease, and installs
   * the new value only over an existing older one, never into an entry that had none. A value at the same or a
   * higher revision is left alone.
   */
  confirm(slot: Slot, versioned: Versioned, signal?: AbortSignal): Promise<void>;

  /** Raises the floor to `revision` and drops a lower value; leaves a lease alone. */
  raise(slot: Slot, revision: number, signal?: AbortSignal): Promise<void>;

  /**
   * Writes, reads and scripts on a probe key of every server that holds entries, and answers the identity of
   * the whole: it changes when a server restarted, was replaced or failed over, so that equal identities mean
   * that nothing but expiry and eviction took entries away.
   */
  probe(signal?: AbortSignal): Promise<string>;

  /** Called (any number of times) when a connection was lost or another identity was met. Answers the unsubscriber. */
  onDoubt(listener: () => void): () => void;

  /**
   * Calls the listener with the key of whatever anybody who shares the store confirms, of any generation. No more than
   * a hint to look at the durable store: one may be lost, late or repeated. Called with undefined when hints begin to
   * come, and again each time when some may have been lost before: then anything may have been confirmed. Answers the
   * unsubscriber, after which nothing is called any more.
   */
  onConfirmed(listener: (key: string | undefined) => void): () => void;

  /** Keeps the number of the generation in force as a hint for a process that starts while the durable store is away. */
  writeHint(generation: number, signal?: AbortSignal): Promise<void>;
  readHint(signal?: AbortSignal): Promise<number | undefined>;

  /** Removes what is left of every generation below `generation`, in the background of other work. */
  sweepBelow(generation: number, signal?: AbortSignal): Promise<void>;

  close(): Promise<void>;
}
