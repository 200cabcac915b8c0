import { getKey, type Json, type JsonObject, setKey } from "../../json.ts";
import { FOREIGN_KEYWORDS, NAMES } from "./keywords.ts";
import type { ResolvedDocument } from "./references.ts";
import { childrenOf } from "./subschemas.ts";

/** Where a schema is, by its identity: Ajv's own paths begin anew at each reference. */
export interface Place {
  readonly pointer: string;
  /** It stands for the schema `false`. */
  readonly isFalse: boolean;
}

export type Places = ReadonlyMap<unknown, Place>;

/** Keywords whose `false` has errors of its own, which say more. */
const FALSE_WITH_ERRORS: ReadonlySet<string> = new Set([
  "additionalItems",
  "additionalProperties",
  "items",
  "unevaluatedItems",
  "unevaluatedProperties",
]);

/**
 * Changes a schema into what Ajv reads as the specification would:
 *  - references become pointers from the root, and names go, so that Ajv has nothing to resolve;
 *  - words go that only Ajv knows;
 *  - `false`, which has no identity to know it by in an error, becomes its equal `{"not": {}}`.
 */
export function prepare({ schemas, references }: ResolvedDocument): Places {
  const places = new Map<unknown, Place>();
  for (const { schema, pointer } of schemas) {
    places.set(schema, { pointer, isFalse: false });
    for (const child of childrenOf(schema, pointer)) {
      const isSingle = child.holder === schema;
      if (getKey(child.holder, child.key) !== false) continue;
      if (isSingle && FALSE_WITH_ERRORS.has(child.keyword)) continue;
      const never = { not: {} };
      set(child.holder, child.key, never);
      places.set(never, { pointer: child.pointer, isFalse: true });
    }
    for (const keyword of [...FOREIGN_KEYWORDS, ...NAMES]) Reflect.deleteProperty(schema, keyword);
  }
  for (const { from, keyword, target } of references) {
    const reference = `#${target.pointer.split("/").map(encodeURIComponent).join("/")}`;
    if (keyword !== "$ref") Reflect.deleteProperty(from.schema, keyword);
    if (keyword === "$ref" || !Object.hasOwn(from.schema, "$ref")) set(from.schema, "$ref", reference);
    else set(from.schema, "allOf", [...listOf(getKey(from.schema, "allOf")), { $ref: reference }]);
  }
  return places;
}

function set(holder: JsonObject, key: string, value: Json): void {
  setKey(holder as Record<string, Json>, key, value);
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
