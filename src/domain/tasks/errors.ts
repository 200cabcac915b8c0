import { ServiceError } from "../../errors.ts";
import type { TaskState } from "./policy.ts";

export function taskNotFound(): ServiceError {
  return new ServiceError("not_found", "TASK_NOT_FOUND", "there is no such task");
}

/** The answer to a repeated request whose task was deleted meanwhile: it did take effect, once. */
export function taskDeletedSince(appliedRevision: number): ServiceError {
  return new ServiceError(
    "not_found",
    "TASK_NOT_FOUND",
    "this request was applied before, and the task was deleted since",
    { applied: "yes", metadata: { applied_revision: String(appliedRevision) } },
  );
}

export function taskExists(): ServiceError {
  return new ServiceError("already_exists", "TASK_EXISTS", "there is a task of that name");
}

export function etagMismatch(): ServiceError {
  return new ServiceError("aborted", "ETAG_MISMATCH", "the task is not at the revision that the etag names");
}

export function contention(): ServiceError {
  return new ServiceError("aborted", "CONTENTION", "other writers kept creating and deleting the task");
}

export function illegalTransition(from: TaskState, to: TaskState): ServiceError {
  return new ServiceError("failed_precondition", "ILLEGAL_TRANSITION", `${to} may not follow ${from}`, {
    metadata: { from, to },
  });
}

export function isIllegalTransition(error: unknown): boolean {
  return error instanceof ServiceError && error.reason === "ILLEGAL_TRANSITION";
}

export function isTaskNotFound(error: unknown): boolean {
  return error instanceof ServiceError && error.reason === "TASK_NOT_FOUND";
}

/** For what is asked in good form but comes out beyond a limit. */
export function tooLarge(message: string): ServiceError {
  return new ServiceError("resource_exhausted", "TOO_LARGE", message, { retryAfterMs: 1000 });
}
