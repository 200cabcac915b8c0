/**
 * What the domain sees of the two stores: objects that are read and mutated, with the promises of
 * docs/consistency.md. One `Objects` serves one collection.
 *
 * Reserved fields of its documents, kept here and never set by the domain:
 *  - `requests`: the identities of the last 128 mutations, oldest first; the last one made `revision`.
 *  - `events`: the tail of the history, oldest first; the last one tells of `revision`.
 *  - `tail`: how many events the tail holds.
 */
import type { Json } from "../json.ts";
import type { Change, Condition, Document } from "../ports/durable-store.ts";

export interface ReadOptions {
  readonly consistency: "fast" | "strong";
  /** 0 = none asked for. */
  readonly minRevision: number;
  readonly signal?: AbortSignal;
}

export interface Provenance {
  readonly source: "hot" | "durable";
  readonly degraded: boolean;
  /** Milliseconds since the epoch; undefined when nothing is known of it (a process that never had a lease). */
  readonly asOf?: number;
  /** When the object leaves the hot store; milliseconds since the epoch. */
  readonly hotExpireTime?: number;
}

export interface Read {
  /** Without `requests` and `events`. A tombstone is a document too: the domain knows its own. */
  readonly document: Document | undefined;
  /** The very object is answered again while it stays as it is, so that what is made of it may be kept as well. */
  readonly kept?: boolean;
  readonly provenance: Provenance;
}

/** Who asks: a repeated identity is not applied again. */
export interface Request {
  /** The caller's request_id; undefined or empty = none. */
  readonly id: string | undefined;
  /** What is asked, with the method's name: compared when the id comes again. */
  readonly body: Json;
}

/** One durable write. The revision, the request's identity and the event are added here. */
export interface Mutation {
  readonly conditions: readonly Condition[];
  readonly change: Omit<Change, "keepRevision">;
  readonly ifAbsent: "insert" | "refuse";
  /** An entry for the history; `time` (ms) and what happened. The revision is known by its place. */
  readonly event: Json;
}

/**
 * `applied`: by this call. `replayed`: by an earlier one with the same request id; the document is as it is now.
 * `refused`: the document (undefined: none) fails a condition. `unchanged`: the plan wanted nothing.
 */
export type Mutated =
  | { readonly outcome: "applied"; readonly document: Document }
  | { readonly outcome: "replayed"; readonly document: Document; readonly appliedRevision: number }
  | { readonly outcome: "refused"; readonly document: Document | undefined };

export type Transformed =
  | Exclude<Mutated, { readonly outcome: "refused" }>
  | { readonly outcome: "unchanged"; readonly document: Document | undefined };

export interface HistoryEntry {
  readonly revision: number;
  readonly event: Json;
}

export interface Objects {
  /**
   * Reads one object. Errors: `failed_precondition` / REVISION_NOT_REACHED when the durable store is below
   * `minRevision`; `unavailable` when no store can answer truthfully; `deadline_exceeded`, `cancelled`.
   */
  read(key: string, options: ReadOptions): Promise<Read>;

  /** As `read` for many keys, each on its own: an answer or the error of that key. */
  readMany(keys: readonly string[], options: ReadOptions): Promise<readonly (Read | Error)[]>;

  /**
   * One conditional write that needs no read before it. Errors: `invalid_argument` / REQUEST_ID_REUSED;
   * `resource_exhausted` / OVERLOADED where too many wait to write the object; `unavailable`, `deadline_exceeded`,
   * `cancelled` with `applied` told.
   */
  mutate(key: string, request: Request, mutation: Mutation, signal?: AbortSignal): Promise<Mutated>;

  /**
   * Read, plan, compare-and-set on the revision; again when another writer was faster (callers of one key in
   * one process take turns). The plan sees the current document without `requests` and `events`, returns undefined for "nothing to
   * do", or throws the ServiceError to answer with. The plan's own conditions are added to the revision's.
   * A repeated request is answered before the plan is asked. Errors as `mutate`, and `aborted` / CONTENTION after
   * many lost races.
   */
  transform(
    key: string,
    request: Request,
    plan: (current: Document | undefined) => Mutation | undefined,
    signal?: AbortSignal,
  ): Promise<Transformed>;

  /**
   * History after `afterRevision`, oldest first, at most `limit` entries; from the tail and the events collection.
   */
  history(
    key: string,
    afterRevision: number,
    limit: number,
    signal?: AbortSignal,
  ): Promise<readonly HistoryEntry[]>;
}

/** How a collection's objects are kept. */
export interface ObjectKind {
  readonly collection: string;
  /** The collection that full tails are copied to; documents `{key: "<object key>#<revision>", object, number, event}`. */
  readonly eventsCollection: string;
  /** Prefix of the hot store's keys: `task`, `schema`. */
  readonly hotPrefix: string;
  /** Milliseconds that the document may stay in the hot store from now; 0 = do not keep it there. */
  readonly hotTtlMs: (document: Document, now: number) => number;
}
