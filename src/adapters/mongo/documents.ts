/** Documents as the server holds them: the key is `_id`, and every write leaves the server's own time. */
import { Long, type Timestamp } from "mongodb";
import { type Json, setKey } from "../../json.ts";
import type { Document } from "../../ports/durable-store.ts";
import { escapeKey, fieldName, unescapeKey } from "./keys.ts";

/** Set by the server with each write: what `changes` is ordered by. */
export const STAMP = "_stamp";

export interface MongoDocument {
  readonly _id: string;
  readonly [STAMP]?: Timestamp;
  readonly [field: string]: unknown;
}

/** No escaped key is this: it holds an array right inside an array, which not every server can. */
const INNER_ARRAY = "%a";

/**
 * Nor this. FerretDB before 2.0 leaves a value that is to be set as it is when the old one equals it, and compares
 * objects by their values without the names: `{a: 1}` would stay where `{b: 1}` was to be. A mark that no value had
 * before tells them apart.
 */
const MARK = "%n";

/** `mark` goes into the outermost objects. */
export function encode(value: Json, mark?: string): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((element) => encodeElement(element, mark));
  const entries = Object.entries(value).map(([key, child]) => [escapeKey(key), encode(child)] as const);
  return Object.fromEntries(mark === undefined ? entries : [...entries, [MARK, mark] as const]);
}

/** A value as an element of an array. */
export function encodeElement(value: Json, mark?: string): unknown {
  return Array.isArray(value) ? { [INNER_ARRAY]: encode(value, mark) } : encode(value, mark);
}

function decode(value: unknown): Json {
  if (Array.isArray(value)) return value.map(decode);
  if (value instanceof Long) return value.toNumber();
  if (typeof value !== "object" || value === null) return value as Json;
  if (INNER_ARRAY in value) return decode(value[INNER_ARRAY]);
  const decoded: Record<string, Json> = {};
  for (const [key, child] of Object.entries(value)) {
    if (key !== MARK) setKey(decoded, unescapeKey(key), decode(child));
  }
  return decoded;
}

/** A new document of revision 1. */
export function newDocument(
  document: { readonly key: string; readonly [field: string]: Json },
  stamp: Timestamp,
): MongoDocument {
  const { key, ...fields } = document;
  const encoded = Object.entries(fields).map(([field, value]) => [fieldName(field), encode(value)]);
  return { ...Object.fromEntries(encoded), _id: key, revision: 1, [STAMP]: stamp };
}

/** The document without the fields named: a server may have sent what was not asked for. */
export function documentOf(stored: MongoDocument, omit: readonly string[] = []): Document {
  const { _id, revision, [STAMP]: _, ...fields } = stored;
  const decoded: Record<string, Json> = {};
  for (const [name, value] of Object.entries(fields)) {
    const field = unescapeKey(name);
    if (!omit.includes(field)) setKey(decoded, field, decode(value));
  }
  return { ...decoded, key: _id, revision: Number(revision) };
}
