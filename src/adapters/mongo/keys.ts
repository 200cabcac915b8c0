/**
 * Keys of nested objects as the server may hold them. `.` and a leading `$` mean something in its paths, NUL ends a
 * name, digits alone would index an array, `_bsontype` makes the driver take an object for something else, names
 * that every object inherits (`constructor`) make it leave an array's objects undecoded, and servers differ about
 * empty names and blanks at the ends. A character in the way is written as `%` and two hex digits, and so is `%`
 * itself; what is in the way by its place gets a mark before or behind it. Every key has one form and no two share
 * it.
 */
import type { Path } from "../../ports/durable-store.ts";

/** No escaped character begins like this. */
const MARK = "%_";

const MARKED_BEFORE = /^$|^[$\s\u0085]|^\d+$|^_bsontype$/;
const MARKED_BEHIND = /[\s\u0085]$/;

export function escapeKey(key: string): string {
  const inside = key.replaceAll(/[%.\0]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return (
    (MARKED_BEFORE.test(key) || key in Object.prototype ? MARK : "") +
    inside +
    (MARKED_BEHIND.test(key) ? MARK : "")
  );
}

export function unescapeKey(name: string): string {
  if (!name.includes("%")) return name;
  return name
    .replaceAll(MARK, "")
    .replaceAll(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** A top-level field's name on the server. */
export function fieldName(field: string): string {
  return field === "key" ? "_id" : escapeKey(field);
}

export function pathName([field, ...rest]: Path): string {
  return [fieldName(field), ...rest.map(escapeKey)].join(".");
}
