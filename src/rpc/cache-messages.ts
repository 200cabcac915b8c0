/** Cache messages to plain values and back. */
import { create } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import {
  type CacheEntry as CacheEntryMessage,
  CacheEntrySchema,
  Condition,
  type LeaseEntryRequest,
  type LeaseEntryResponse,
  LeaseEntryResponseSchema,
  LeaseOutcome,
  type SetEntryRequest,
} from "../../gen/dbconn/v1/cache_pb.ts";
import type { Status } from "../../gen/dbconn/v1/common_pb.ts";
import type { Item } from "../domain/cache/batches.ts";
import type { LifetimeRequest } from "../domain/cache/checks.ts";
import type { CacheEntry, EntryHead, SetRequest } from "../domain/cache/entries.ts";
import type { Leased, LeaseRequest } from "../domain/cache/lease.ts";
import type { EntryValue } from "../ports/cache-store.ts";
import { duration, durationToMs, timestamp } from "./convert.ts";
import { type Call, toStatus } from "./errors.ts";

/** Enums are open on the wire: any other number is not known. */
const CONDITIONS: ReadonlyMap<Condition, SetRequest["condition"]> = new Map([
  [Condition.UNSPECIFIED, "always"],
  [Condition.IF_ABSENT, "if_absent"],
  [Condition.IF_PRESENT, "if_present"],
]);

const LEASE_OUTCOMES = {
  hit: LeaseOutcome.HIT,
  stale: LeaseOutcome.STALE,
  granted: LeaseOutcome.GRANTED,
  wait: LeaseOutcome.WAIT,
} as const;

export function entryHead({ namespace, key, expireTime, etag }: EntryHead): CacheEntryMessage {
  return create(CacheEntrySchema, {
    namespace,
    key,
    ...(expireTime === undefined ? {} : { expireTime: timestamp(expireTime) }),
    etag,
  });
}

export function entryMessage(entry: CacheEntry): CacheEntryMessage {
  const { value } = entry;
  const message = entryHead(entry);
  message.value =
    value.kind === "text" ? { case: "text", value: value.text } : { case: "data", value: value.data };
  return message;
}

export function setRequest(message: SetEntryRequest): SetRequest {
  return {
    namespace: message.namespace,
    key: message.key,
    value: entryValue(message.value),
    ...lifetimeRequest(message),
    condition: CONDITIONS.get(message.condition),
    etag: message.etag,
    leaseToken: message.leaseToken,
    staleTtlMs: optionalMs(message.staleTtl),
    ttlJitterMs: optionalMs(message.ttlJitter),
  };
}

export function lifetimeRequest({ ttl, persist }: Pick<SetEntryRequest, "ttl" | "persist">): LifetimeRequest {
  return { ttlMs: optionalMs(ttl), persist };
}

export function leaseRequest({ namespace, key, leaseTtl, wait }: LeaseEntryRequest): LeaseRequest {
  return { namespace, key, leaseMs: optionalMs(leaseTtl), waitMs: optionalMs(wait) };
}

export function leaseResponse(leased: Leased): LeaseEntryResponse {
  const entry = "entry" in leased && leased.entry !== undefined ? { entry: entryMessage(leased.entry) } : {};
  const lease = "leaseExpireTime" in leased ? { leaseExpireTime: timestamp(leased.leaseExpireTime) } : {};
  return create(LeaseEntryResponseSchema, {
    outcome: LEASE_OUTCOMES[leased.outcome],
    ...entry,
    ...lease,
    ...(leased.outcome === "granted" ? { leaseToken: leased.token } : {}),
    ...(leased.outcome === "wait" ? { retryAfter: duration(leased.retryAfterMs) } : {}),
  });
}

/** NaN for what is no duration. */
function optionalMs(value: Duration | undefined): number | undefined {
  return value === undefined ? undefined : durationToMs(value);
}

/** The `oneof` of a batch's result: the item under its own name, or why there is none. */
export function itemResult<Case extends string, In, Out>(
  item: Item<In>,
  name: Case,
  convert: (value: In) => Out,
  call: Call,
): { readonly case: Case; readonly value: Out } | { readonly case: "status"; readonly value: Status } {
  return "error" in item
    ? { case: "status", value: toStatus(item.error, call) }
    : { case: name, value: convert(item.value) };
}

function entryValue(value: SetEntryRequest["value"]): EntryValue | undefined {
  switch (value.case) {
    case "text":
      return { kind: "text", text: value.value };
    case "data":
      return { kind: "data", data: value.value };
    default:
      return undefined;
  }
}
