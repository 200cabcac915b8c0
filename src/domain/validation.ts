/** Checks of a request's fields. They collect, so that a caller learns of every bad field at once. */
import { type FieldViolation, invalid } from "../errors.ts";
import { type Json, jsonBytes, shapeOf } from "../json.ts";

/** Names of kinds, tasks, groups and schemas. */
export const NAME = /^[A-Za-z0-9][A-Za-z0-9._:%-]{0,127}$/;
const REQUEST_ID_CHARS = 128;
/** Clients in C++, Java and Python stop at 100 nested messages, and one level of JSON takes three. */
const JSON_DEPTH = 30;

const CONTROL = /\p{Cc}/u;
const CONTROL_BUT_LAYOUT = /[^\P{Cc}\t\n\r]/u;

/** The bad fields found so far. `prefix` is put before each field: `requests[2].` for an item of a batch. */
export class Violations {
  readonly #prefix: string;
  readonly #found: FieldViolation[] = [];

  constructor(prefix = "") {
    this.#prefix = prefix;
  }

  /** Adds a violation unless `ok`; answers `ok`. `description` follows the field's name: "must be ...". */
  check(ok: boolean, field: string, description: string): boolean {
    if (!ok) this.add(field, description);
    return ok;
  }

  add(field: string, description: string): void {
    this.#found.push({ field: this.#prefix + field, description });
  }

  /** Throws `invalid_argument` with every violation found. */
  throwIfAny(): void {
    if (this.#found.length > 0) throw invalid(this.#found);
  }
}

/** A name of NAME's form; with `optional` the empty text passes too. */
export function checkName(
  v: Violations,
  field: string,
  value: string,
  options: { readonly optional?: boolean } = {},
): boolean {
  if (value === "") return v.check(options.optional === true, field, "must be set");
  return v.check(
    NAME.test(value),
    field,
    "must be 1 to 128 of A-Z a-z 0-9 . _ : % - and begin with a letter or digit",
  );
}

/** Text for people: at most `maxChars` characters, well-formed, no control characters but tab and line ends. */
export function checkText(v: Violations, field: string, value: string, maxChars: number): boolean {
  return (
    v.check(fits(value, maxChars), field, `must have at most ${maxChars} characters`) &&
    v.check(value.isWellFormed(), field, "must be well-formed Unicode") &&
    v.check(!CONTROL_BUT_LAYOUT.test(value), field, "must not hold control characters")
  );
}

/** A caller's request_id; empty = none. */
export function checkRequestId(v: Violations, value: string): boolean {
  return (
    checkText(v, "request_id", value, REQUEST_ID_CHARS) &&
    v.check(!CONTROL.test(value), "request_id", "must be one line")
  );
}

/**
 * A caller's JSON: its depth, how many values it holds, the size of its compact text in UTF-8 bytes, and that all its
 * text is well-formed.
 */
export function checkJson(
  v: Violations,
  field: string,
  value: Json,
  maxBytes: number,
  maxValues = Number.POSITIVE_INFINITY,
): boolean {
  const { fits, values, wellFormed } = shapeOf(value, JSON_DEPTH);
  // The size last: writing the value out would overflow the stack on hostile nesting.
  return (
    v.check(fits, field, `must be nested at most ${JSON_DEPTH} deep`) &&
    v.check(values <= maxValues, field, `must hold at most ${maxValues} values`) &&
    v.check(wellFormed, field, "must hold well-formed Unicode and finite numbers only") &&
    v.check(jsonBytes(value) <= maxBytes, field, `must have at most ${maxBytes} bytes as JSON`)
  );
}

/** Characters are Unicode code points; a text of more code units than twice the limit cannot fit. */
function fits(value: string, maxChars: number): boolean {
  if (value.length <= maxChars) return true;
  return value.length <= 2 * maxChars && Array.from(value).length <= maxChars;
}
