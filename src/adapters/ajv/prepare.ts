import { getKey, type Json, setKey } from "../../json.ts";
import { FOREIGN_KEYWORDS } from "./keywords.ts";
import { childrenOf, type Subschema } from "./subschemas.ts";

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
 * Changes a schema into what Ajv reads as the specification would: foreign words go, and `false`, which has no
 * identity to know it by in an error, becomes its equal `{"not": {}}`.
 */
export function prepare(schemas: readonly Subschema[]): Places {
  const places = new Map<unknown, Place>();
  for (const { schema, pointer } of schemas) {
    for (const keyword of FOREIGN_KEYWORDS) Reflect.deleteProperty(schema, keyword);
    places.set(schema, { pointer, isFalse: false });
    for (const child of childrenOf(schema, pointer)) {
      const isSingle = child.holder === schema;
      if (getKey(child.holder, child.key) !== false) continue;
      if (isSingle && FALSE_WITH_ERRORS.has(child.keyword)) continue;
      const never = { not: {} };
      setKey(child.holder as Record<string, Json>, child.key, never);
      places.set(never, { pointer: child.pointer, isFalse: true });
    }
  }
  return places;
}
