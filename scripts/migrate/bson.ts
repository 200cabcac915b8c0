import { Decimal128, Long, ObjectId } from "mongodb";
import { type Json, setKey } from "../../src/json.ts";

/** Why a document of the source cannot be taken over; the text says what is wrong with which of its fields. */
export class Unreadable extends Error {}

/** A value of the original's database as JSON. Throws Unreadable for what JSON has no form for. */
export function asJson(value: unknown, field: string): Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (value instanceof Date && Number.isFinite(value.getTime())) return value.toISOString();
  if (value instanceof ObjectId || value instanceof Decimal128) return value.toString();
  if (value instanceof Long) return value.toNumber();
  if (Array.isArray(value)) return value.map((item, index) => asJson(item, `${field}[${index}]`));
  if (typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    const object: Record<string, Json> = {};
    for (const [key, child] of Object.entries(value)) setKey(object, key, asJson(child, `${field}.${key}`));
    return object;
  }
  throw new Unreadable(`${field} has no form in JSON`);
}

export function textOf(value: unknown, field: string, absent?: string): string {
  if (typeof value === "string") return value;
  if ((value === undefined || value === null) && absent !== undefined) return absent;
  throw new Unreadable(`${field} is ${value === undefined ? "missing" : "no text"}`);
}
