/** What a failed call tells, beside its code. */
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema, RetryInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";

export interface Failure {
  readonly code: Code;
  /** Of the service's own words, such as ETAG_MISMATCH. Undefined: the answer did not come from the service. */
  readonly reason: string | undefined;
  /** Of a mutation: whether it took effect. Undefined where the service did not say. */
  readonly applied: "no" | "yes" | "unknown" | undefined;
  /** Milliseconds after which a repetition is worth it. */
  readonly retryAfterMs: number | undefined;
  /** Further facts, as text. */
  readonly metadata: Readonly<Record<string, string>>;
}

export function failureOf(error: unknown): Failure {
  const known = ConnectError.from(error);
  const [info] = known.findDetails(ErrorInfoSchema);
  const [retry] = known.findDetails(RetryInfoSchema);
  const { retryDelay } = retry ?? {};
  const applied = info?.metadata.applied;
  return {
    code: known.code,
    reason: info?.reason,
    applied: applied === "no" || applied === "yes" || applied === "unknown" ? applied : undefined,
    retryAfterMs:
      retryDelay === undefined ? undefined : Number(retryDelay.seconds) * 1000 + retryDelay.nanos / 1e6,
    metadata: info?.metadata ?? {},
  };
}

/** What a connection that broke, or a proxy on the way, answers. */
const BROKEN: readonly Code[] = [
  Code.Unavailable,
  Code.Aborted,
  Code.Internal,
  Code.Unknown,
  Code.Canceled,
  Code.ResourceExhausted,
];

/** Whether the same call may succeed if it is made again. `safe`: it is not applied twice, however often it is made. */
export function isWorthRepeating(failure: Failure, safe: boolean): boolean {
  const { applied, code, reason, retryAfterMs } = failure;
  if (reason === undefined) return safe && BROKEN.includes(code);
  const passes =
    code === Code.Unavailable ||
    (code === Code.ResourceExhausted && retryAfterMs !== undefined) ||
    (code === Code.Aborted && reason === "CONTENTION");
  return passes && (safe || applied === "no");
}
