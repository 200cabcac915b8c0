/** A request id for every mutation that takes one, so that it can be made again and is applied once. */
import type { DescMessage, DescMethod, Message } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";

const FIELD = "request_id";
/** It takes no request id, and a lease that nobody heard of only ends by its time. */
const SAFE_METHODS = new Set(["dbconn.v1.CacheService.LeaseEntry"]);

/** 128 bits of chance; without crypto.randomUUID, which browsers have for secure origins only. */
export function newRequestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Gives an id to the message, or to each message of its lists, where one has the field and none in it. Answers whether
 * the call is then safe to make again: it only reads, or all that it changes carries an id.
 */
export function identify(method: DescMethod, message: Message, newId: () => string): boolean {
  if (method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS) return true;
  if (SAFE_METHODS.has(`${method.parent.typeName}.${method.name}`)) return true;
  const whole = reflect(method.input, message);
  if (setId(whole, newId)) return true;
  let safe = false;
  for (const field of method.input.fields) {
    if (field.fieldKind !== "list" || field.listKind !== "message" || !takesId(field.message)) continue;
    for (const item of whole.get(field)) setId(item as ReflectMessage, newId);
    safe = true;
  }
  return safe;
}

function setId(message: ReflectMessage, newId: () => string): boolean {
  const field = message.desc.fields.find(({ name }) => name === FIELD);
  if (field?.fieldKind !== "scalar") return false;
  if (message.get(field) === "") message.set(field, newId());
  return true;
}

function takesId(desc: DescMessage): boolean {
  return desc.fields.some(({ name }) => name === FIELD);
}
