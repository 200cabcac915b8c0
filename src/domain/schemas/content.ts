/** The content of a release: checked, and known by the hash of its canonical form. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Dialect, dialectOf } from "../../dialect.ts";
import { invalid } from "../../errors.ts";
import { getKey, isObject, type Json } from "../../json.ts";
import type { DocumentValidator, SchemaText } from "../../ports/document-validator.ts";
import { checkJson, type Violations } from "../validation.ts";
import { DOCUMENT_BYTES, DOCUMENT_VALUES } from "./limits.ts";

const DEFAULT_DIALECT: Dialect = "2020-12";

/** Whether the document is there and within the limits; answers it, or null with a violation. */
export function checkDocument(v: Violations, document: Json | undefined, field = "document"): Json {
  if (document === undefined) {
    v.add(field, "must be set");
    return null;
  }
  checkJson(v, field, document, DOCUMENT_BYTES, DOCUMENT_VALUES);
  return document;
}

/** Throws `invalid_argument` / INVALID_SCHEMA for what is no usable JSON Schema, with the place of every problem. */
export async function readContent(
  validator: DocumentValidator,
  document: Json,
  signal?: AbortSignal,
): Promise<SchemaText> {
  const declared = isObject(document) ? getKey(document, "$schema") : undefined;
  // What is no text has no dialect; the meta-schema of the default one says so.
  const dialect = typeof declared === "string" ? dialectOf(declared) : DEFAULT_DIALECT;
  if (dialect === undefined) {
    const description = "must name draft-07, 2019-09 or 2020-12 of JSON Schema";
    throw invalid({ field: "document/$schema", description }, "INVALID_SCHEMA");
  }
  // A large document is read in several steps, and other calls are served between them.
  await nextTurn();
  const text = JSON.stringify(document);
  await nextTurn();
  const { sha256, problems } = await validator.check({ text, dialect }, signal);
  if (problems.length > 0) {
    const violations = problems.map(({ pointer, message }) => ({
      field: `document${pointer}`,
      description: message,
    }));
    throw invalid(violations, "INVALID_SCHEMA");
  }
  return { text, dialect, sha256 };
}
