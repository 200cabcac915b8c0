// What clients of schemas saw, as plain data, and the audit trail that the service shows in the end.

/** What a call asked for. Contents are named by their SHA-256. */
export type SchemaCall =
  | { readonly method: "publish"; readonly content: string; readonly mode?: string }
  /** `mode`: the compatibility that is set; undefined where something else is updated. */
  | { readonly method: "update"; readonly mode?: string }
  | { readonly method: "revert"; readonly release: number }
  | { readonly method: "delete_release"; readonly release: number }
  | { readonly method: "delete" | "undelete" | "purge" }
  | { readonly method: "get_schema" }
  /** `release` 0: the active one. */
  | { readonly method: "get_release"; readonly release: number };

/** A schema as an answer showed it. */
export interface ShownSchema {
  readonly revision: number;
  readonly active: number;
  readonly latest: number;
  readonly count: number;
}

export interface ShownRelease {
  readonly number: number;
  readonly content: string;
}

export type SchemaAnswer =
  | {
      readonly outcome: "ok";
      readonly schema?: ShownSchema;
      readonly release?: ShownRelease;
      /** Of a write; 0 = nothing was written. */
      readonly appliedRevision?: number;
      readonly replayed?: boolean;
      /** It may be old, and says so. */
      readonly degraded?: boolean;
    }
  | {
      readonly outcome: "failed";
      /** The service's reason, or what the connection said. */
      readonly reason: string;
      /** Of a write. */
      readonly applied: "no" | "yes" | "unknown";
    };

/** One call. Times are of one clock that all clients of the history share. */
export interface SchemaOperation {
  readonly client: string;
  readonly name: string;
  readonly call: SchemaCall;
  /** Of a write; unlike any other call's, except where a call is sent again. */
  readonly requestId?: string;
  readonly actor?: string;
  readonly note?: string;
  readonly start: number;
  /** Undefined, as `answer`: the client never heard an answer. */
  readonly end?: number;
  readonly answer?: SchemaAnswer;
}

export type TrailEventType =
  | "PUBLISHED"
  | "REVERTED"
  | "RELEASE_DELETED"
  | "UPDATED"
  | "DELETED"
  | "RESTORED"
  | "PURGED";

export interface TrailEvent {
  readonly type: TrailEventType;
  readonly revision: number;
  readonly actor: string;
  readonly note: string;
  readonly requestId: string;
  readonly release: number;
  readonly active: number;
}

/** A schema after all faults ended. */
export interface FinalSchema {
  readonly name: string;
  /** Oldest first. */
  readonly events: readonly TrailEvent[];
  /** Undefined: there is none, or it was purged. */
  readonly schema: (ShownSchema & { readonly deleted: boolean }) | undefined;
  /** Undefined where they are not shown, as of a deleted schema. */
  readonly releases: readonly ShownRelease[] | undefined;
}

export interface SchemaHistory {
  readonly operations: readonly SchemaOperation[];
  readonly final: readonly FinalSchema[];
  /**
   * Whether a content may follow another under a mode, by a source that the service knows nothing of; undefined =
   * cannot tell.
   */
  readonly mayFollow?: (mode: string, older: string, newer: string) => boolean | undefined;
}
