/** Cache messages to plain values and back. */
import { create } from "@bufbuild/protobuf";
import {
  type CacheEntry as CacheEntryMessage,
  CacheEntrySchema,
  Condition,
  type SetEntryRequest,
} from "../../gen/dbconn/v1/cache_pb.ts";
import type { Status } from "../../gen/dbconn/v1/common_pb.ts";
import type { Item } from "../domain/cache/batches.ts";
import type { LifetimeRequest } from "../domain/cache/checks.ts";
import type { CacheEntry, EntryHead, SetRequest } from "../domain/cache/entries.ts";
import type { EntryValue } from "../ports/cache-store.ts";
import { durationToMs, timestamp } from "./convert.ts";
import { type Call, toStatus } from "./errors.ts";

/** Enums are open on the wire: any other number is not known. */
const CONDITIONS: ReadonlyMap<Condition, SetRequest["condition"]> = new Map([
  [Condition.UNSPECIFIED, "always"],
  [Condition.IF_ABSENT, "if_absent"],
  [Condition.IF_PRESENT, "if_present"],
]);

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
  };
}

export function lifetimeRequest({ ttl, persist }: Pick<SetEntryRequest, "ttl" | "persist">): LifetimeRequest {
  return { ttlMs: ttl === undefined ? undefined : durationToMs(ttl), persist };
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
