import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "../gen/google/rpc/error_details_pb.ts";

/** What was asked for cannot be done as it was said. */
export class UsageError extends Error {}

const ADVICE: Readonly<Partial<Record<Code, string>>> = {
  [Code.Unavailable]: "Is the service there? See dbconn status, and --server.",
  [Code.Unauthenticated]: "Set DBCONN_TOKEN, or give --token.",
  [Code.PermissionDenied]: "The token has no right to that.",
  [Code.DeadlineExceeded]: "Give it more time with --timeout.",
};

/** The failure for a person: what happened, which fields, whether anything was changed, and what to do next. */
export function explain(error: unknown): string {
  if (error instanceof UsageError) return `${error.message}\nSee dbconn --help.`;
  if (!(error instanceof ConnectError)) return error instanceof Error ? error.message : String(error);
  const [info] = error.findDetails(ErrorInfoSchema);
  const fields = error
    .findDetails(BadRequestSchema)
    .flatMap(({ fieldViolations }) => fieldViolations)
    .map(({ field, description }) => `  ${field}: ${description}`);
  const applied = info?.metadata.applied === "unknown" ? ["Whether the change was made is not known."] : [];
  const advice = ADVICE[error.code];
  return [
    `${error.rawMessage} (${info?.reason ?? Code[error.code]})`,
    ...fields,
    ...applied,
    ...(advice === undefined ? [] : [advice]),
  ].join("\n");
}
