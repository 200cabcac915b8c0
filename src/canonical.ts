import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { Json } from "./json.ts";

/**
 * The canonical form of RFC 8785: equal values give equal text, whatever their key order and number spelling.
 * Text must be well-formed Unicode (throws an Error otherwise: validate first).
 */
export function canonicalJson(value: Json): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("not a JSON value");
  return text;
}

/** SHA-256 of the text's UTF-8 form, 64 lower-case hexadecimal digits. */
export function sha256Hex(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}
