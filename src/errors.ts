/**
 * The closed vocabulary of failures. Everything below the rpc layer throws a `ServiceError` and nothing else
 * on purpose; any other error that reaches the rpc layer is a programmer error and is answered INTERNAL.
 */

/** What a failure means to the caller; the rpc layer maps each to one status code. */
export type ErrorKind =
  | "invalid_argument"
  | "not_found"
  | "already_exists"
  | "aborted"
  | "failed_precondition"
  | "resource_exhausted"
  | "unavailable"
  | "deadline_exceeded"
  | "cancelled"
  | "unauthenticated"
  | "permission_denied"
  | "unimplemented"
  | "internal";

/**
 * Whether a failed mutation took effect. `unknown` is said only when the durable store neither confirmed nor
 * denied the write before the deadline.
 */
export type Applied = "no" | "yes" | "unknown";

/** Stable machine-readable reasons, a client may switch on them. */
export type Reason =
  // invalid_argument
  | "INVALID_FIELD"
  | "INVALID_PAGE_TOKEN"
  | "INVALID_RESUME_TOKEN"
  | "INVALID_SCHEMA"
  | "REQUEST_ID_REUSED"
  | "MALFORMED_REQUEST"
  // not_found, already_exists
  | "TASK_NOT_FOUND"
  | "TASK_EXISTS"
  | "SCHEMA_NOT_FOUND"
  | "SCHEMA_DELETED"
  | "RELEASE_NOT_FOUND"
  | "ENTRY_NOT_FOUND"
  // aborted
  | "ETAG_MISMATCH"
  | "LEASE_LOST"
  | "SLOTS_MOVED"
  | "CACHE_LOST"
  | "CONTENTION"
  // failed_precondition
  | "ILLEGAL_TRANSITION"
  | "REVISION_NOT_REACHED"
  | "ONLY_RELEASE"
  | "SCHEMA_NOT_DELETED"
  | "RELEASE_CONFLICT"
  | "INCOMPATIBLE_SCHEMA"
  | "INEXPRESSIBLE_SCHEMA"
  | "CONDITION_NOT_MET"
  | "COUNT_MISMATCH"
  | "NOT_AN_INTEGER"
  | "INTEGER_OVERFLOW"
  // resource_exhausted
  | "TOO_LARGE"
  | "TOO_COMPLEX"
  | "LIMIT_REACHED"
  | "READER_TOO_SLOW"
  | "OVERLOADED"
  // unavailable
  | "HOT_STORE_UNAVAILABLE"
  | "DURABLE_STORE_UNAVAILABLE"
  | "STORES_CHANGING"
  | "INSTANCE_ISOLATED"
  | "SHUTTING_DOWN"
  // others
  | "DEADLINE_EXCEEDED"
  | "CANCELLED"
  | "UNAUTHENTICATED"
  | "PERMISSION_DENIED"
  | "UNIMPLEMENTED"
  | "INTERNAL";

/** One bad field of a request. `field` is the path in the contract's own names: `documents[3]`, `data`. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

export interface ServiceErrorOptions {
  readonly applied?: Applied;
  readonly violations?: readonly FieldViolation[];
  /** Milliseconds after which a retry is worth it. */
  readonly retryAfterMs?: number;
  /** Further facts for machines; never values or secrets. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

export class ServiceError extends Error {
  readonly kind: ErrorKind;
  readonly reason: Reason;
  readonly applied: Applied;
  readonly violations: readonly FieldViolation[];
  readonly retryAfterMs: number | undefined;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(kind: ErrorKind, reason: Reason, message: string, options: ServiceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ServiceError";
    this.kind = kind;
    this.reason = reason;
    this.applied = options.applied ?? "no";
    this.violations = options.violations ?? [];
    this.retryAfterMs = options.retryAfterMs;
    this.metadata = options.metadata ?? {};
  }

  /** The same failure, saying that the mutation did (or may have) taken effect. */
  withApplied(applied: Applied): ServiceError {
    return new ServiceError(this.kind, this.reason, this.message, {
      applied,
      violations: this.violations,
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
      metadata: this.metadata,
      cause: this.cause,
    });
  }
}

/** Bad input: one violation a field. Throws nothing itself, so that callers write `throw invalid(...)`. */
export function invalid(
  violations: readonly FieldViolation[] | FieldViolation,
  reason: Reason = "INVALID_FIELD",
): ServiceError {
  const list = Array.isArray(violations)
    ? (violations as readonly FieldViolation[])
    : [violations as FieldViolation];
  const message = list.map((v) => `${v.field}: ${v.description}`).join("; ");
  return new ServiceError("invalid_argument", reason, message, { violations: list });
}

/** A store that did not answer; `applied` is `no` unless the caller knows better. */
export function unavailable(
  store: "hot" | "durable",
  options: ServiceErrorOptions & { readonly message?: string } = {},
): ServiceError {
  const reason = store === "hot" ? "HOT_STORE_UNAVAILABLE" : "DURABLE_STORE_UNAVAILABLE";
  return new ServiceError("unavailable", reason, options.message ?? `the ${store} store cannot be reached`, {
    retryAfterMs: 1000,
    ...options,
  });
}

/** The failure that an aborted signal stands for: the deadline passed, or the caller went away. */
export function aborted(signal: AbortSignal | undefined, applied: Applied = "no"): ServiceError {
  const reason: unknown = signal?.reason;
  if (reason instanceof ServiceError) return reason.withApplied(applied);
  const timedOut =
    reason instanceof Error &&
    (reason.name === "TimeoutError" || /deadline|timed? ?out/i.test(reason.message));
  return timedOut
    ? new ServiceError(
        "deadline_exceeded",
        "DEADLINE_EXCEEDED",
        "the deadline passed before the answer was known",
        { applied, cause: reason },
      )
    : new ServiceError("cancelled", "CANCELLED", "the call was cancelled", { applied, cause: reason });
}
