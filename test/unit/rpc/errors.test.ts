import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from "../../../gen/google/rpc/error_details_pb.ts";
import { aborted, type ErrorKind, invalid, ServiceError, unavailable } from "../../../src/errors.ts";
import { isUnexpected, toConnectError, toStatus } from "../../../src/rpc/errors.ts";

const QUERY = { mutation: false };
const MUTATION = { mutation: true };

function infoOf(error: ConnectError) {
  const outgoing = error.details.find((detail) => "desc" in detail && detail.desc === ErrorInfoSchema);
  return outgoing !== undefined && "value" in outgoing ? outgoing.value : undefined;
}

describe("a failure on purpose", () => {
  const codes: Readonly<Record<Exclude<ErrorKind, "internal">, Code>> = {
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
  };

  it.each(Object.entries(codes))("of the kind %s has the code %d and says why", (kind, code) => {
    const error = new ServiceError(kind as ErrorKind, "CONTENTION", "words", {
      applied: "yes",
      metadata: { counted: "3" },
    });
    const answer = toConnectError(error, MUTATION);
    expect(answer.code).toBe(code);
    expect(answer.rawMessage).toBe("words");
    expect(infoOf(answer)).toMatchObject({
      domain: "dbconn",
      reason: "CONTENTION",
      metadata: { counted: "3", applied: "yes" },
    });
    expect(isUnexpected(error)).toBe(false);
  });

  it("of a query says nothing of having been applied", () => {
    expect(infoOf(toConnectError(unavailable("hot"), QUERY))).toMatchObject({ metadata: {} });
  });

  it("names every bad field", () => {
    const violations = [
      { field: "requests[2].data", description: "must be set" },
      { field: "page_size", description: "must not be negative" },
    ];
    const answer = toConnectError(invalid(violations), QUERY);
    expect(answer.details[1]).toMatchObject({
      desc: BadRequestSchema,
      value: { fieldViolations: violations },
    });
    expect(answer.rawMessage).toBe("requests[2].data: must be set; page_size: must not be negative");
  });

  it("says when a retry is worth it", () => {
    const answer = toConnectError(unavailable("durable", { retryAfterMs: 1500 }), QUERY);
    expect(answer.details[1]).toMatchObject({
      desc: RetryInfoSchema,
      value: { retryDelay: { seconds: 1n, nanos: 500_000_000 } },
    });
  });
});

describe("a request that is not read to its end", () => {
  it.each([
    [
      "reset as the sender's own fault",
      new ConnectError("http/2 stream closed with error code INTERNAL_ERROR (0x2)", Code.Internal),
    ],
    ["reset on HTTP/1", Object.assign(new Error("aborted"), { code: "ECONNRESET" })],
    ["ended with its connection", Object.assign(new Error("x"), { code: "ERR_STREAM_PREMATURE_CLOSE" })],
    [
      "ended with frames that are none",
      Object.assign(new Error("Protocol error"), { code: "ECONNRESET", errno: -505 }),
    ],
  ])("is cancelled, and no fault of the service: %s", (_, error) => {
    expect(isUnexpected(error)).toBe(false);
    expect(toConnectError(error, QUERY).code).toBe(Code.Canceled);
  });

  it("is malformed when its bytes are no message", () => {
    const error = new ConnectError("parse binary: premature EOF", Code.Internal);
    expect(isUnexpected(error)).toBe(false);
    expect(toConnectError(error, QUERY).code).toBe(Code.InvalidArgument);
  });
});

describe("what Connect throws of itself", () => {
  it.each([
    [Code.InvalidArgument, "MALFORMED_REQUEST", "no"],
    [Code.ResourceExhausted, "TOO_LARGE", "no"],
    [Code.Unimplemented, "UNIMPLEMENTED", "no"],
    [Code.Unavailable, "SHUTTING_DOWN", "unknown"],
    [Code.DeadlineExceeded, "DEADLINE_EXCEEDED", "unknown"],
    [Code.Canceled, "CANCELLED", "unknown"],
  ])("with the code %d keeps it and gets a reason", (code, reason, applied) => {
    const answer = toConnectError(new ConnectError("words", code), MUTATION);
    expect(answer.code).toBe(code);
    expect(answer.rawMessage).toBe("words");
    expect(infoOf(answer)).toMatchObject({ reason, metadata: { applied } });
  });
});

it("a call that ended with its signal tells the signal's reason, and what it knows of the write", () => {
  const signal = AbortSignal.abort(new ConnectError("stopping", Code.Unavailable));
  const answer = toConnectError(aborted(signal, "no"), MUTATION);
  expect(answer.code).toBe(Code.Unavailable);
  expect(infoOf(answer)).toMatchObject({ reason: "SHUTTING_DOWN", metadata: { applied: "no" } });
  expect(answer.findDetails(RetryInfoSchema)).toHaveLength(1);
  expect(toConnectError(aborted(AbortSignal.abort()), MUTATION).code).toBe(Code.Canceled);
});

describe("a failure that nobody foresaw", () => {
  it.each([
    new Error("MongoServerError: secret text"),
    new ConnectError("secret text", Code.Unknown),
    Object.assign(new Error("read ECONNRESET secret text"), { code: "ECONNRESET", errno: -104 }),
    "secret text",
    undefined,
  ])("is internal, and its words stay inside: %s", (error) => {
    expect(isUnexpected(error)).toBe(true);
    const answer = toConnectError(error, MUTATION);
    expect(answer.code).toBe(Code.Internal);
    expect(answer.rawMessage).toBe("internal error");
    expect(infoOf(answer)).toMatchObject({ reason: "INTERNAL", metadata: { applied: "unknown" } });
    expect(answer.cause).toBe(error);
  });

  it("in a batch fails the batch, so that it gets logged", () => {
    const error = new Error("bug");
    expect(() => toStatus(error, QUERY)).toThrow(error);
  });
});

it("an item of a batch says the same as the error of a single call", () => {
  const status = toStatus(invalid({ field: "keys[1]", description: "must be set" }), MUTATION);
  expect(status).toMatchObject({ code: Code.InvalidArgument, message: "keys[1]: must be set" });
  const [info, badRequest] = status.details;
  expect(info && anyUnpack(info, ErrorInfoSchema)).toMatchObject({
    reason: "INVALID_FIELD",
    metadata: { applied: "no" },
  });
  expect(badRequest && anyUnpack(badRequest, BadRequestSchema)).toMatchObject({
    fieldViolations: [{ field: "keys[1]", description: "must be set" }],
  });
});
