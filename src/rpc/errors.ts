/** The only place where failures become status codes and error details. */
import { create, type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { type Status, StatusSchema } from "../../gen/dbconn/v1/common_pb.ts";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { type Applied, aborted, type ErrorKind, type Reason, ServiceError } from "../errors.ts";
import { duration } from "./convert.ts";

const DOMAIN = "dbconn";

const CODES: Readonly<Record<ErrorKind, Code>> = {
  invalid_argument: Code.InvalidArgument,
  not_found: Code.NotFound,
  already_exists: Code.AlreadyExists,
  aborted: Code.Aborted,
  failed_precondition: Code.FailedPrecondition,
  resource_exhausted: Code.ResourceExhausted,
  unavailable: Code.Unavailable,
  deadline_exceeded: Code.DeadlineExceeded,
  cancelled: Code.Canceled,
  unauthenticated: Code.Unauthenticated,
  permission_denied: Code.PermissionDenied,
  unimplemented: Code.Unimplemented,
  internal: Code.Internal,
};

/** What Connect itself throws, by its code: it knows no reasons. Other codes of its own are programmer errors. */
const CONNECT_FAILURES: ReadonlyMap<Code, readonly [ErrorKind, Reason, Applied]> = new Map([
  [Code.InvalidArgument, ["invalid_argument", "MALFORMED_REQUEST", "no"]],
  [Code.ResourceExhausted, ["resource_exhausted", "TOO_LARGE", "no"]],
  [Code.Unimplemented, ["unimplemented", "UNIMPLEMENTED", "no"]],
  [Code.Unavailable, ["unavailable", "SHUTTING_DOWN", "unknown"]],
  [Code.DeadlineExceeded, ["deadline_exceeded", "DEADLINE_EXCEEDED", "unknown"]],
  [Code.Canceled, ["cancelled", "CANCELLED", "unknown"]],
]);

/** How Connect says that it could not read a message of which it does not blame the caller. */
const UNREADABLE = /^(parse binary:|protocol error:|received compressed envelope|decompression failed)/;

/** True for a request that cannot be read: Connect calls it internal, and it is the caller's fault all the same. */
export function isUnreadable({ code, rawMessage }: ConnectError): boolean {
  return code === Code.Internal && UNREADABLE.test(rawMessage);
}

/** nghttp2 counts its errors down from here. */
const NGHTTP2_ERRORS = -501;

/** True for a call that its sender broke off while it was read or answered, with whatever code of HTTP/2. */
function isBrokenOff(error: unknown): boolean {
  if (error instanceof ConnectError) return /^http\/2 stream closed with error code/.test(error.rawMessage);
  if (!(error instanceof Error) || !("code" in error)) return false;
  const { code, message } = error;
  if (code === "ERR_STREAM_PREMATURE_CLOSE") return true;
  // Node's word for a connection of HTTP/1, and the server's for a failed write. A read on HTTP/2 has a number of
  // nghttp2's, which no socket of a store has.
  const ofNghttp2 = "errno" in error && Number(error.errno) <= NGHTTP2_ERRORS;
  return code === "ECONNRESET" && (message === "aborted" || ofNghttp2);
}

/** `mutation`: the method may change something, so its failure has to say whether it did. */
export interface Call {
  readonly mutation: boolean;
}

/** True for what nobody threw on purpose: to be logged with its cause, answered without it. */
export function isUnexpected(error: unknown): boolean {
  return asServiceError(error).kind === "internal";
}

/** The error to answer a call with. Holds nothing of an unexpected error but that there was one. */
export function toConnectError(error: unknown, call: Call): ConnectError {
  const failure = asServiceError(error);
  return new ConnectError(
    failure.message.toWellFormed(),
    CODES[failure.kind],
    undefined,
    detailsOf(failure, call).map(({ desc, value }) => ({ desc, value })),
    error,
  );
}

/**
 * The status of one item of a batch. An unexpected error is thrown on, so that it fails the batch and gets logged
 * like any other.
 */
export function toStatus(error: unknown, call: Call): Status {
  if (isUnexpected(error)) throw error;
  const failure = asServiceError(error);
  return create(StatusSchema, {
    code: CODES[failure.kind],
    message: failure.message.toWellFormed(),
    details: detailsOf(failure, call).map(({ desc, value }) => anyPack(desc, value)),
  });
}

function asServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) {
    // A call that ended with its signal ended for the signal's reason, and knows better whether it was applied.
    const reason = error.kind === "cancelled" ? connectFailure(error.cause) : undefined;
    return reason?.withApplied(error.applied) ?? error;
  }
  return (
    connectFailure(error) ??
    new ServiceError("internal", "INTERNAL", "internal error", { applied: "unknown", cause: error })
  );
}

function connectFailure(error: unknown): ServiceError | undefined {
  if (isBrokenOff(error)) return aborted(undefined, "unknown");
  if (!(error instanceof ConnectError)) return undefined;
  // The message of a stream is read within the interceptors, and that of any other call before.
  const known = CONNECT_FAILURES.get(isUnreadable(error) ? Code.InvalidArgument : error.code);
  if (known === undefined) return undefined;
  const [kind, reason, applied] = known;
  return new ServiceError(kind, reason, error.rawMessage, {
    applied,
    ...(kind === "unavailable" ? { retryAfterMs: 1000 } : {}),
    cause: error,
  });
}

interface Detail {
  readonly desc: DescMessage;
  readonly value: MessageShape<DescMessage>;
}

function detailsOf(failure: ServiceError, call: Call): readonly Detail[] {
  const details = [
    detail(ErrorInfoSchema, {
      reason: failure.reason,
      domain: DOMAIN,
      metadata: { ...failure.metadata, ...(call.mutation ? { applied: failure.applied } : {}) },
    }),
  ];
  if (failure.violations.length > 0) {
    details.push(
      detail(BadRequestSchema, {
        fieldViolations: failure.violations.map((violation) => ({ ...violation })),
      }),
    );
  }
  if (failure.retryAfterMs !== undefined) {
    details.push(detail(RetryInfoSchema, { retryDelay: duration(failure.retryAfterMs) }));
  }
  return details;
}

function detail<Desc extends DescMessage>(desc: Desc, init: MessageInitShape<Desc>): Detail {
  return { desc, value: create(desc, init) };
}
