/**
 * The size of what callers wrote on the wire, known without writing the message. An answer may leave as protobuf or
 * as JSON, so that the larger one counts: numbers in a Struct take many times their JSON text, and JSON may take six
 * bytes for one that it has to escape.
 */
import { type Json, type JsonObject, jsonBytes } from "../json.ts";

/** Bytes of texts, at most. */
export function textBytes(...texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + jsonBytes(text), 0);
}

/** Bytes of an object that travels as a Struct, at most. */
export function objectBytes(value: JsonObject): number {
  return Math.max(structBytes(value), jsonBytes(value));
}

/** Bytes of JSON that travels as a Value, at most. */
export function anyBytes(value: Json): number {
  return Math.max(valueBytes(value), jsonBytes(value));
}

/** Bytes of the `google.protobuf.Struct` message. */
export function structBytes(value: JsonObject): number {
  let bytes = 0;
  for (const [key, child] of Object.entries(value)) {
    bytes += fieldBytes(fieldBytes(Buffer.byteLength(key, "utf8")) + fieldBytes(valueBytes(child)));
  }
  return bytes;
}

/** Bytes of the `google.protobuf.Value` message. */
export function valueBytes(value: Json): number {
  if (value === null || typeof value === "boolean") return 2;
  if (typeof value === "number") return 9;
  if (typeof value === "string") return fieldBytes(Buffer.byteLength(value, "utf8"));
  if (!Array.isArray(value)) return fieldBytes(structBytes(value as JsonObject));
  let bytes = 0;
  for (const item of value) bytes += fieldBytes(valueBytes(item));
  return fieldBytes(bytes);
}

/** A field of that length, with its tag of one byte. */
function fieldBytes(length: number): number {
  let bytes = 2 + length;
  for (let rest = length; rest >= 128; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}
