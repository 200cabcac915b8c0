/** What the store and its worker threads say to each other. */
import type { ErrorKind } from "../../errors.ts";
import type { Json } from "../../json.ts";
import type {
  CollectionSpec,
  DeleteTarget,
  Filter,
  Query,
  Scalar,
  Update,
} from "../../ports/durable-store.ts";

/**
 * A document as the database holds it: JSON texts. They cross threads as they are, since a string is cheaper to
 * hand over than the objects it stands for.
 */
export interface Stored {
  readonly body: string;
  /** The heavy fields as one object; null where they were not asked for or there are none. */
  readonly heavy: string | null;
}

/** Every call by name: what it takes and what it answers. */
export interface Calls {
  readonly update: {
    readonly takes: Update;
    readonly answers: { readonly outcome: "applied" | "refused"; readonly stored: Stored | undefined };
  };
  readonly insertMany: {
    readonly takes: {
      readonly collection: string;
      readonly documents: readonly { readonly key: string; readonly [field: string]: Json }[];
    };
    readonly answers: null;
  };
  readonly deleteMany: {
    readonly takes: { readonly collection: string; readonly targets: readonly DeleteTarget[] };
    readonly answers: number;
  };
  readonly get: {
    readonly takes: {
      readonly collection: string;
      readonly keys: readonly string[];
      readonly whole: boolean;
    };
    readonly answers: readonly Stored[];
  };
  readonly find: { readonly takes: Query; readonly answers: readonly string[] };
  readonly countBy: {
    readonly takes: { readonly collection: string; readonly filters: readonly Filter[]; readonly by: string };
    readonly answers: readonly (readonly [Scalar, number])[];
  };
  readonly changes: {
    readonly takes: {
      readonly collection: string;
      readonly since: number | undefined;
      readonly limit: number;
    };
    readonly answers: { readonly bodies: readonly string[]; readonly sequence: number };
  };
  readonly ping: { readonly takes: null; readonly answers: null };
}

export type CallName = keyof Calls;

export interface Call<Name extends CallName = CallName> {
  readonly name: Name;
  readonly takes: Calls[Name]["takes"];
}

export interface Failure {
  /** `internal` stands for a programmer's error. */
  readonly kind: Extract<ErrorKind, "unavailable" | "internal">;
  readonly message: string;
  /** True when a mutation may have had its effect. */
  readonly maybeApplied: boolean;
}

export type Answer = { readonly answer: Calls[CallName]["answers"] } | { readonly failure: Failure };

/** The worker's messages: first one `opened` or `refused`, then one `answers` for each batch, in order. */
export type FromWorker =
  | { readonly type: "opened" }
  | { readonly type: "refused"; readonly message: string }
  | { readonly type: "answers"; readonly answers: readonly Answer[]; readonly writes: number };

export type ToWorker =
  | { readonly type: "batch"; readonly calls: readonly Call[] }
  | { readonly type: "close" };

export interface WorkerSettings {
  readonly directory: string;
  readonly role: "writer" | "reader";
  readonly collections: readonly CollectionSpec[];
}
