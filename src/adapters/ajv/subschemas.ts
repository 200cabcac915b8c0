import type { Dialect } from "../../dialect.ts";
import { getKey, isObject, type Json, type JsonObject } from "../../json.ts";
import { LIST_KEYWORDS, MAP_KEYWORDS, SCHEMA_KEYWORDS } from "./keywords.ts";
import { step } from "./pointer.ts";

/** A schema inside a schema; boolean ones are left out, for they hold nothing. */
export interface Subschema {
  readonly schema: JsonObject;
  /** JSON Pointer from the root of the document. */
  readonly pointer: string;
  /** The URI that its references are relative to, its own `$id` taken into account. */
  readonly base: string;
}

/** Where a walk starts, and the base that holds there. */
export interface Start {
  readonly schema: Json;
  readonly pointer: string;
  readonly base: string;
}

/** A schema's `$id`, or undefined; draft-07 does not read it beside a `$ref`. */
export function idOf(schema: JsonObject, dialect: Dialect): string | undefined {
  const id = getKey(schema, "$id");
  const ignored = dialect === "draft-07" && typeof getKey(schema, "$ref") === "string";
  return typeof id === "string" && !ignored ? id : undefined;
}

/** The base inside a schema. An `$id` that is but a fragment names the schema, and moves no base. */
function baseOf(schema: JsonObject, around: string, dialect: Dialect): string {
  const id = idOf(schema, dialect);
  if (id === undefined || id.startsWith("#")) return around;
  return resolveUri(id.replace(/#$/, ""), around) ?? around;
}

/** Absolute form of a reference, or undefined when it cannot be resolved against its base. */
export function resolveUri(reference: string, base: string): string | undefined {
  return URL.parse(reference, base)?.href;
}

/** A schema's place in the schema around it. */
export interface Child {
  readonly keyword: string;
  /** What holds it under `key`: the schema itself, or the list or map of its keyword. */
  readonly holder: JsonObject;
  readonly key: string;
  readonly pointer: string;
}

/** The schemas right inside a schema, boolean ones too. */
export function* childrenOf(schema: JsonObject, pointer: string): Generator<Child> {
  for (const [keyword, value] of Object.entries(schema)) {
    const at = step(pointer, keyword);
    if (SCHEMA_KEYWORDS.has(keyword)) yield { keyword, holder: schema, key: keyword, pointer: at };
    const many =
      (LIST_KEYWORDS.has(keyword) && Array.isArray(value)) || (MAP_KEYWORDS.has(keyword) && isObject(value));
    if (!many) continue;
    // A list is read by its indexes as a map is by its keys.
    const holder = value as JsonObject;
    for (const key of Object.keys(holder)) yield { keyword, holder, key, pointer: step(at, key) };
  }
}

/** Every schema at and below `start`. Iterative, so that nesting cannot overflow the stack. */
export function* subschemas(start: Start, dialect: Dialect): Generator<Subschema> {
  const stack: Start[] = [start];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { schema, pointer } = next;
    if (!isObject(schema)) continue;
    const base = baseOf(schema, next.base, dialect);
    yield { schema, pointer, base };
    for (const child of childrenOf(schema, pointer)) {
      stack.push({ schema: getKey(child.holder, child.key) ?? null, pointer: child.pointer, base });
    }
  }
}
