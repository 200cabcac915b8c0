// What a failed call says, read out of its details: the same on every protocol.
import { Code, type ConnectError } from "@connectrpc/connect";
import { expect } from "vitest";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { failure } from "./transports.ts";

export interface Failure {
  readonly code: string;
  readonly reason: string | undefined;
  readonly domain: string | undefined;
  /** Undefined when the failed call was a read. */
  readonly applied: string | undefined;
  readonly fields: readonly string[];
  /** Seconds; undefined when nothing was said about a retry. */
  readonly retryAfter: number | undefined;
  readonly message: string;
}

export function describeFailure(error: ConnectError): Failure {
  const [info] = error.findDetails(ErrorInfoSchema);
  const [retry] = error.findDetails(RetryInfoSchema);
  const delay = retry?.retryDelay;
  return {
    code: Code[error.code],
    reason: info?.reason,
    domain: info?.domain,
    applied: info?.metadata.applied,
    fields: error
      .findDetails(BadRequestSchema)
      .flatMap((bad) => bad.fieldViolations.map(({ field }) => field)),
    retryAfter: delay === undefined ? undefined : Number(delay.seconds) + delay.nanos / 1e9,
    message: error.rawMessage,
  };
}

/** That a call fails, and with what; what is expected of a failure may be a part of it. */
export async function expectFailure(call: Promise<unknown>, expected: Partial<Failure>): Promise<Failure> {
  const found = describeFailure(await failure(call));
  expect(found).toMatchObject({ domain: "dbconn", ...expected });
  return found;
}
