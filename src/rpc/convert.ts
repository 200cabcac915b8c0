/** Between the contract's well-known types and plain values. What comes from a caller is checked. */
import { create, type DescEnum } from "@bufbuild/protobuf";
import { type Duration, DurationSchema, type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  Consistency,
  ConsistencySchema,
  type Provenance as ProvenanceMessage,
  Source,
} from "../../gen/dbconn/v1/common_pb.ts";
import type { Provenance } from "../consistency/objects.ts";
import type { Violations } from "../domain/validation.ts";

const MAX_SAFE_INTEGER = BigInt(Number.MAX_SAFE_INTEGER);
const NANOS_PER_SECOND = 1_000_000_000n;
/** The bounds that the well-known types set themselves: years 1 to 9999, and 10,000 years. */
const TIMESTAMP_SECONDS = { min: -62_135_596_800n, max: 253_402_300_799n };
const DURATION_SECONDS = 315_576_000_000n;

/** From milliseconds since the epoch. Written out, as `provenance` is: there are several in each answer. */
export function timestamp(ms: number): Timestamp {
  const whole = Math.round(ms);
  const seconds = Math.floor(whole / 1000);
  return {
    $typeName: "google.protobuf.Timestamp",
    seconds: BigInt(seconds),
    nanos: (whole - seconds * 1000) * 1_000_000,
  };
}

/** From milliseconds, which may have a fraction. */
export function duration(ms: number): Duration {
  const whole = Math.trunc(ms);
  const nanos = BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1_000_000));
  // Division of bigints cuts towards zero, so that both parts have the sign of the whole.
  return create(DurationSchema, {
    seconds: nanos / NANOS_PER_SECOND,
    nanos: Number(nanos % NANOS_PER_SECOND),
  });
}

/** Milliseconds since the epoch, or undefined when unset or bad. */
export function fromTimestamp(
  v: Violations,
  field: string,
  value: Timestamp | undefined,
): number | undefined {
  if (value === undefined) return undefined;
  const ok =
    value.seconds >= TIMESTAMP_SECONDS.min &&
    value.seconds <= TIMESTAMP_SECONDS.max &&
    value.nanos >= 0 &&
    value.nanos < NANOS_PER_SECOND;
  return v.check(ok, field, "must be a time of the years 1 to 9999") ? timestampMs(value) : undefined;
}

/** Milliseconds, maybe negative or with a fraction, or undefined when unset or bad. */
export function fromDuration(v: Violations, field: string, value: Duration | undefined): number | undefined {
  if (value === undefined) return undefined;
  const ms = durationToMs(value);
  const ok = v.check(!Number.isNaN(ms), field, "must be within 10,000 years, seconds and nanos of one sign");
  return ok ? ms : undefined;
}

/** Milliseconds, maybe negative or with a fraction; NaN when it is no duration by the type's own rules. */
export function durationToMs({ seconds, nanos }: Duration): number {
  const ok =
    seconds >= -DURATION_SECONDS &&
    seconds <= DURATION_SECONDS &&
    Math.abs(nanos) < NANOS_PER_SECOND &&
    !(seconds > 0n && nanos < 0) &&
    !(seconds < 0n && nanos > 0);
  return ok ? Number(seconds) * 1000 + nanos / 1_000_000 : Number.NaN;
}

/** A safe integer, for the wire. */
export function int64(value: number): bigint {
  return BigInt(value);
}

/** A count or revision from the wire: 0 to 2^53 - 1. Answers 0 when it is bad. */
export function fromInt64(v: Violations, field: string, value: bigint): number {
  if (value >= 0n && value <= MAX_SAFE_INTEGER) return Number(value);
  v.add(field, `must be 0 to ${MAX_SAFE_INTEGER}`);
  return 0;
}

/** Enums are open on the wire: a number without a name has to be refused by hand. */
export function checkEnum(v: Violations, field: string, desc: DescEnum, value: number): boolean {
  if (desc.value[value] !== undefined) return true;
  v.add(field, `must be a value of ${desc.name}`);
  return false;
}

/** `fast` unless asked otherwise. */
export function consistency(v: Violations, value: Consistency): "fast" | "strong" {
  checkEnum(v, "consistency", ConsistencySchema, value);
  return value === Consistency.STRONG ? "strong" : "fast";
}

export function provenance({ source, degraded, asOf, hotExpireTime }: Provenance): ProvenanceMessage {
  const message: ProvenanceMessage = {
    $typeName: "dbconn.v1.Provenance",
    source: source === "hot" ? Source.HOT : Source.DURABLE,
    degraded,
  };
  if (asOf !== undefined) message.asOf = timestamp(asOf);
  if (hotExpireTime !== undefined) message.hotExpireTime = timestamp(hotExpireTime);
  return message;
}
