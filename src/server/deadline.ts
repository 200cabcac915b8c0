import type { IncomingHttpHeaders } from "node:http";

/** Deadline of a unary method. */
export interface DeadlineRule {
  /** Used when the client sets none. */
  readonly defaultMs: number;
  /** A client's longer deadline is shortened to this. */
  readonly maxMs: number;
  /** The call waits for something to happen (a long poll), so a shutdown ends it instead of awaiting it. */
  readonly waits?: boolean;
}

const grpcUnitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** The deadline in force (ms): what the client asks for, as far as the rule has it. */
export function deadlineOf(headers: IncomingHttpHeaders, { defaultMs, maxMs }: DeadlineRule): number {
  const { asked, askedMs } = timeoutIn(headers);
  return Math.min(asked === undefined ? defaultMs : (askedMs ?? maxMs), maxMs);
}

/**
 * Rewrites the client's timeout header so that Connect's adapter goes by the deadline in force, too. Connect's own maximum
 * rejects longer timeouts instead of shortening them, and has no default. A malformed header stays as it is: Connect
 * answers it with INVALID_ARGUMENT.
 */
export function tellDeadline(headers: IncomingHttpHeaders, inForceMs: number): void {
  const { grpc, name, asked, askedMs } = timeoutIn(headers);
  if (asked !== undefined && askedMs === undefined) return;
  if (askedMs !== inForceMs) headers[name] = grpc ? `${inForceMs}m` : `${inForceMs}`;
}

/** The longest time that a timer can have, in whole hours: a longer one would end at once. */
const LONGEST_H = 596;
const LONGEST_MS = LONGEST_H * 3_600_000;

/** A stream's deadline is its client's affair, as far as there is a timer for it. */
export function shortenToTimer(headers: IncomingHttpHeaders): void {
  const { grpc, name, askedMs = 0 } = timeoutIn(headers);
  if (askedMs > LONGEST_MS) headers[name] = grpc ? `${LONGEST_H}H` : `${LONGEST_MS}`;
}

function timeoutIn(headers: IncomingHttpHeaders) {
  const grpc = headers["content-type"]?.startsWith("application/grpc") === true;
  const name = grpc ? "grpc-timeout" : "connect-timeout-ms";
  const asked = headers[name];
  const askedMs = typeof asked === "string" ? (grpc ? parseGrpc(asked) : parseConnect(asked)) : undefined;
  return { grpc, name, asked, askedMs };
}

function parseGrpc(value: string): number | undefined {
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(value) ?? [];
  const unitMs = unit === undefined ? undefined : grpcUnitMs[unit];
  return unitMs === undefined ? undefined : Number(digits) * unitMs;
}

function parseConnect(value: string): number | undefined {
  return /^\d{1,10}$/.test(value) ? Number(value) : undefined;
}
