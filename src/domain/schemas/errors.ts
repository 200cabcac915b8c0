import { ServiceError } from "../../errors.ts";
import { MAX_RELEASES } from "./limits.ts";

export function schemaNotFound(): ServiceError {
  return new ServiceError("not_found", "SCHEMA_NOT_FOUND", "there is no such schema");
}

/** To a reader it is not there; a publisher has to decide what to do about it first. */
export function schemaDeleted(kind: "not_found" | "failed_precondition"): ServiceError {
  return new ServiceError(kind, "SCHEMA_DELETED", "the schema was deleted");
}

/** What brings back or ends a deleted schema is for deleted ones only. */
export function schemaNotDeleted(kind: "already_exists" | "failed_precondition"): ServiceError {
  return new ServiceError(kind, "SCHEMA_NOT_DELETED", "the schema is not deleted");
}

/** The answer to a repeated request whose schema was purged meanwhile: it did take effect, once. */
export function schemaPurgedSince(appliedRevision: number): ServiceError {
  return new ServiceError(
    "not_found",
    "SCHEMA_NOT_FOUND",
    "this request was applied before, and the schema was purged since",
    { applied: "yes", metadata: { applied_revision: String(appliedRevision) } },
  );
}

export function releaseNotFound(number: number): ServiceError {
  return new ServiceError("not_found", "RELEASE_NOT_FOUND", `the schema has no release ${number}`);
}

export function noPredecessor(number: number): ServiceError {
  return new ServiceError("not_found", "RELEASE_NOT_FOUND", `no release remains before release ${number}`);
}

/** The release was deleted between the reads of its head and its body. */
export function bodyGone(): ServiceError {
  return new ServiceError("aborted", "CONTENTION", "the release was deleted meanwhile", {
    retryAfterMs: 100,
  });
}

/** An import must not change what a release's number stands for. */
export function releaseConflict(number: number, why: "differs" | "was removed"): ServiceError {
  const problem =
    why === "differs"
      ? `release ${number} is there with other content`
      : `release ${number} was removed here, and its number is never used again`;
  return new ServiceError("failed_precondition", "RELEASE_CONFLICT", problem);
}

export function etagMismatch(): ServiceError {
  return new ServiceError(
    "aborted",
    "ETAG_MISMATCH",
    "the schema is not at the revision that the etag names",
  );
}

export function onlyRelease(): ServiceError {
  return new ServiceError(
    "failed_precondition",
    "ONLY_RELEASE",
    "this is the schema's only release; set allow_delete_schema to delete the schema with it",
  );
}

export function tooManyReleases(): ServiceError {
  return new ServiceError(
    "resource_exhausted",
    "LIMIT_REACHED",
    `a schema has at most ${MAX_RELEASES} releases; delete some first`,
    { retryAfterMs: 60_000 },
  );
}

/** What is not shown to be compatible is not taken. `metadata` is for machines: which release, what is in the way. */
export function incompatible(message: string, metadata: Readonly<Record<string, string>>): ServiceError {
  return new ServiceError("failed_precondition", "INCOMPATIBLE_SCHEMA", message, { metadata });
}

/** Each time that the content had been judged, the schema had changed again. */
export function publishContention(): ServiceError {
  return new ServiceError("aborted", "CONTENTION", "the schema changes too often to be judged against", {
    retryAfterMs: 200,
  });
}
