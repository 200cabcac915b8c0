import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { duration } from "../rpc/convert.ts";

/** Whether a failed call changed something: mostly the port refuses before a handler runs. */
type Applied = "no" | "yes" | "unknown";

/** The errors that the port answers with by itself, before, after or instead of a handler. */
export interface ServerErrors {
  readonly domain: string | undefined;
  overloaded(message?: string): ConnectError;
  /** One caller's limits, of calls at once and of calls per second. */
  tooManyAtOnce(): ConnectError;
  tooFast(retryAfterMs: number): ConnectError;
  /** `retry`: the credentials could not be judged. */
  unauthenticated(message: string, retry: boolean): ConnectError;
  /** For a page; methods are judged by their interceptor. */
  forbidden(scope: string): ConnectError;
  bodyTimeout(boundMs: number): ConnectError;
  /** The deadline had passed before the request was read. */
  deadlineExceeded(message: string): ConnectError;
  shuttingDown(): ConnectError;
  unknownMethod(path: string): ConnectError;
  /** A request that cannot be read; `field` is at fault, where that is known. */
  malformed(message: string, field?: string): ConnectError;
  tooLarge(message: string, applied: Applied): ConnectError;
  unimplemented(message: string): ConnectError;
}

/** Errors whose google.rpc.ErrorInfo carries the given domain; without one, they have no details. */
export function createServerErrors(domain: string | undefined): ServerErrors {
  const error = (
    code: Code,
    reason: string,
    message: string,
    applied: Applied = "no",
    retryAfterMs = 1000,
  ): ConnectError => {
    if (domain === undefined) return new ConnectError(message, code);
    const info = { desc: ErrorInfoSchema, value: { reason, domain, metadata: { applied } } };
    const retryable = code === Code.ResourceExhausted || code === Code.Unavailable;
    const retry = { desc: RetryInfoSchema, value: { retryDelay: duration(retryAfterMs) } };
    return new ConnectError(message, code, undefined, retryable ? [info, retry] : [info]);
  };
  return {
    domain,
    overloaded: (message = "too many calls in flight; try again shortly") =>
      error(Code.ResourceExhausted, "OVERLOADED", message),
    tooManyAtOnce: () =>
      error(Code.ResourceExhausted, "TOO_MANY_AT_ONCE", "this caller has as many calls open as it may"),
    tooFast: (retryAfterMs) =>
      error(Code.ResourceExhausted, "RATE_LIMITED", "this caller calls too often", "no", retryAfterMs),
    unauthenticated: (message, retry) => {
      if (retry) return error(Code.Unavailable, "AUTHENTICATION_UNAVAILABLE", message);
      const refusal = error(Code.Unauthenticated, "UNAUTHENTICATED", message);
      refusal.metadata.set("www-authenticate", "Bearer");
      return refusal;
    },
    forbidden: (scope) =>
      error(Code.PermissionDenied, "PERMISSION_DENIED", `the caller lacks the scope ${scope}`),
    bodyTimeout: (boundMs) =>
      error(Code.DeadlineExceeded, "BODY_TIMEOUT", `the request body was not complete within ${boundMs} ms`),
    deadlineExceeded: (message) => error(Code.DeadlineExceeded, "DEADLINE_EXCEEDED", message),
    // A handler may have been at work when the bound was reached.
    shuttingDown: () =>
      error(Code.Unavailable, "SHUTTING_DOWN", "this instance is shutting down; try another", "unknown"),
    unknownMethod: (path) =>
      error(Code.Unimplemented, "UNKNOWN_METHOD", `there is no method or page at ${path}`),
    malformed: (message, field) => {
      const malformed = error(Code.InvalidArgument, "MALFORMED_REQUEST", message);
      const value = { fieldViolations: field === undefined ? [] : [{ field, description: message }] };
      if (domain !== undefined && field !== undefined)
        malformed.details.push({ desc: BadRequestSchema, value });
      return malformed;
    },
    tooLarge: (message, applied) => error(Code.ResourceExhausted, "TOO_LARGE", message, applied),
    unimplemented: (message) => error(Code.Unimplemented, "UNIMPLEMENTED", message),
  };
}
