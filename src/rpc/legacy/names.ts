/**
 * Ids, kinds and import names of old clients may hold any text; the names of dbconn.v1 may not. What they cannot hold
 * is percent-encoded (UTF-8), the percent sign too, so that no two texts become one name.
 */
import { NAME, type Violations } from "../../domain/validation.ts";

/** A name cannot begin with a sign or be empty; no text is encoded to one that begins so by itself. */
const LEADING = "x%.";
const NOT_IN_NAMES = /[^A-Za-z0-9._:-]/gu;

export function encodeName(text: string): string {
  const encoded = text.replace(NOT_IN_NAMES, percentEncoded);
  return /^[A-Za-z0-9]/.test(encoded) ? encoded : LEADING + encoded;
}

/** The name for a text that has to fit and, unless `optional`, to be there. */
export function checkedName(
  v: Violations,
  field: string,
  text: string,
  options: { readonly optional?: true } = {},
): string {
  const name = encodeName(text);
  if (v.check(text !== "" || options.optional === true, field, "must be set")) {
    v.check(NAME.test(name), field, "must have at most 128 characters once it is percent-encoded");
  }
  return name;
}

function percentEncoded(character: string): string {
  return [...Buffer.from(character, "utf8")]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
    .join("");
}
