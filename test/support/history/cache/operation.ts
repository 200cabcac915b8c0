// What clients of the cache saw, as plain data.

export type CacheCall =
  | { readonly method: "get" }
  /** `value`: unlike any other call's. */
  | { readonly method: "set" | "set_if_absent"; readonly value: string }
  | { readonly method: "delete" }
  /** By one. */
  | { readonly method: "increment"; readonly requestId: string };

export type CacheAnswer =
  | {
      readonly outcome: "ok";
      /** What was read; undefined = there was nothing. */
      readonly value?: string;
      /** Of an increment: the counter after it, or, of a replayed one, as it was then. */
      readonly count?: number;
      readonly replayed?: boolean;
    }
  /** The condition was not met. */
  | { readonly outcome: "refused" }
  | { readonly outcome: "failed"; readonly reason: string; readonly applied: "no" | "yes" | "unknown" };

/** One call. Times are of one clock that all clients of the history share. */
export interface CacheOperation {
  readonly client: string;
  readonly key: string;
  readonly call: CacheCall;
  readonly start: number;
  readonly end: number;
  readonly answer: CacheAnswer;
}

export interface Span {
  readonly from: number;
  readonly until: number;
}

export interface CacheHistory {
  readonly operations: readonly CacheOperation[];
  /** When the hot store may have lost what it held. */
  readonly losses: readonly Span[];
}
