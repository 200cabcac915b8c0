import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";

/** A failure in words: what happened, which fields were at fault, and whether a change was made all the same. */
export function describeFailure(error: unknown): string {
  const failure = ConnectError.from(error);
  const [info] = failure.findDetails(ErrorInfoSchema);
  const fields = failure
    .findDetails(BadRequestSchema)
    .flatMap(({ fieldViolations }) => fieldViolations)
    .filter(({ description }) => !failure.rawMessage.includes(description))
    .map(({ field, description }) => `${field}: ${description}`);
  const applied =
    info?.metadata.applied === "unknown" ? ["It is not known whether the change was made."] : [];
  const name = info?.reason ?? Code[failure.code];
  return [`${sentence(failure.rawMessage)} (${name})`, ...fields, ...applied].join(" ");
}

/** Whether the failure is only that whoever asked has left the page. */
export function isAbandoned(error: unknown): boolean {
  return ConnectError.from(error).code === Code.Canceled;
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
