// What clients saw, as plain data: the checker takes it from the explorer, from the simulator, and from clients of
// real processes alike.

/** One call of one client on one object. Times are of one clock that all clients of the history share. */
export interface Operation {
  readonly client: string;
  readonly key: string;
  readonly op: "read" | "write";
  readonly consistency?: "fast" | "strong";
  readonly start: number;
  /** Undefined: the client never heard an answer (it, or the process that it asked, died). */
  readonly end?: number;
  /**
   * `ok`: answered (a write: applied by this call). `replayed`: an earlier call with the same request id had been
   * applied. `refused`: a write's condition was not met (ABORTED, FAILED_PRECONDITION). `failed`: an error.
   */
  readonly outcome?: "ok" | "replayed" | "refused" | "failed";
  /** Of a write that failed; one that was never answered counts as unknown. */
  readonly applied?: "no" | "yes" | "unknown";
  /** What the answer showed: of the object read, written, or met by a refused write; 0 = there was none. */
  readonly revision?: number;
  /** The content that goes with `revision`; undefined where the answer showed none. */
  readonly value?: string;
  /** Of what was shown, where the service names versions; for clients that compare and set. */
  readonly etag?: string;
  /** What a write wanted to put there; unlike any other write's. */
  readonly wrote?: string;
  readonly requestId?: string;
  /** Of a replayed write: the revision that the earlier call made. */
  readonly appliedRevision?: number;
  /** The revision that a compare-and-set expected. */
  readonly expected?: number;
  readonly minRevision?: number;
  /** Which store a read was answered from. */
  readonly source?: "hot" | "durable";
  readonly degraded?: boolean;
  /** Of a degraded answer, on the history's clock: everything acknowledged before it is contained. */
  readonly asOf?: number;
  /** A label for people: the failure's reason. */
  readonly reason?: string;
}

/** One revision of an object as the durable store has it after all faults ended. */
export interface Revision {
  readonly revision: number;
  /** The content that this write put there. */
  readonly value: string;
  readonly requestId?: string;
  readonly state?: string;
  /** A write that may leave the table of transitions (REPLACED, OVERRIDDEN). */
  readonly marked?: boolean;
}

export interface WatchedEvent {
  readonly revision: number;
  readonly value?: string;
}

/** What one watcher of one object was told, in its order. */
export interface Watch {
  readonly client: string;
  readonly key: string;
  readonly events: readonly WatchedEvent[];
  /** It watches one object alone, and is promised each of its revisions. */
  readonly whole?: boolean;
  /** The stream ended because of the client or its process; its last event need not be the final state. */
  readonly cut?: boolean;
}

/** An entry of the hot store's generation in force after all faults ended. */
export interface HotState {
  readonly key: string;
  readonly revision: number;
  readonly value: string;
  /** Undefined: the entry would stay for ever. */
  readonly ttlMs: number | undefined;
}

export interface History {
  readonly operations: readonly Operation[];
  /** Every revision of every object, oldest first; the last one is the object as it is. */
  readonly final: ReadonlyMap<string, readonly Revision[]>;
  readonly hot?: readonly HotState[];
  readonly watches?: readonly Watch[];
  /** When the durable store could not be reached by somebody: answers may say `degraded` from then until then. */
  readonly durableOutages?: readonly { readonly from: number; readonly until: number }[];
  /** The table of transitions, for objects that have a state. */
  readonly legal?: (from: string, to: string) => boolean;
  /** Keys that a list after the end showed, and those that a recount of the documents finds. */
  readonly lists?: readonly {
    readonly name: string;
    readonly listed: readonly string[];
    readonly counted: readonly string[];
  }[];
}

/**
 * T1 to T11, S1 to S5 and E1 as in docs/consistency.md. A1: the audit trail of a schema says what was done, by whom and
 * why. L1: what is read often becomes hot. L2: every call is answered once the stores answer.
 */
export type Invariant =
  | "T1"
  | "T2"
  | "T3"
  | "T4"
  | "T5"
  | "T6"
  | "T7"
  | "T8"
  | "T9"
  | "T10"
  | "T11"
  | "S1"
  | "S2"
  | "S3"
  | "S4"
  | "S5"
  | "A1"
  | "E1"
  | "L1"
  | "L2";

export interface Violation {
  readonly invariant: Invariant;
  /** What went wrong, in one word: `stale`, `inversion`, `phantom`, `lost`, `twice`, ... */
  readonly name: string;
  readonly key: string;
  readonly message: string;
}
