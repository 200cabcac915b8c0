/** What each keyword of JSON Schema says, by dialect. What a dialect does not know is an annotation. */
import type { Dialect } from "../../../dialect.ts";
import { ASSERTED_FORMATS, OTHER_FORMATS } from "../../../formats.ts";

/** What the keyword's value is. */
export type KeywordKind =
  /** A rule in itself: `type`, `minimum`, `required`. */
  | "rule"
  | "schema"
  /** A list of schemas. */
  | "list"
  /** Names to schemas. */
  | "map"
  /** Names to schemas that only references give a meaning. */
  | "definitions"
  | "reference"
  /** Names for references to lead to. */
  | "identity"
  | "annotation";

const KEYWORDS: Readonly<Partial<Record<KeywordKind, readonly string[]>>> = {
  identity: ["$schema", "$id", "$anchor", "$dynamicAnchor", "$recursiveAnchor"],
  reference: ["$ref", "$dynamicRef", "$recursiveRef"],
  definitions: ["$defs", "definitions"],
  rule: [
    "type",
    "enum",
    "const",
    "multipleOf",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "format",
    "maxItems",
    "minItems",
    "uniqueItems",
    "minContains",
    "maxContains",
    "maxProperties",
    "minProperties",
    "required",
    "dependentRequired",
  ],
  map: ["dependencies", "dependentSchemas", "properties", "patternProperties"],
  list: ["allOf", "anyOf", "oneOf", "prefixItems"],
  schema: [
    "additionalItems",
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
  ],
};

const KINDS: ReadonlyMap<string, KeywordKind> = new Map(
  Object.entries(KEYWORDS).flatMap(([kind, words]) =>
    words.map((word) => [word, kind as KeywordKind] as const),
  ),
);

const UNKNOWN_IN: Readonly<Record<Dialect, ReadonlySet<string>>> = {
  "draft-07": new Set([
    "$anchor",
    "$dynamicAnchor",
    "$recursiveAnchor",
    "$dynamicRef",
    "$recursiveRef",
    "minContains",
    "maxContains",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
    "unevaluatedItems",
    "prefixItems",
  ]),
  "2019-09": new Set(["prefixItems", "$dynamicAnchor", "$dynamicRef"]),
  "2020-12": new Set(["additionalItems", "$recursiveAnchor", "$recursiveRef"]),
};

/** A format that is a note here may be a rule to who else reads the schema, so it counts as one. */
const FORMATS: ReadonlySet<unknown> = new Set([...ASSERTED_FORMATS, ...OTHER_FORMATS]);

export function kindOf(keyword: string, value: unknown, dialect: Dialect): KeywordKind {
  if (UNKNOWN_IN[dialect].has(keyword)) return "annotation";
  if (keyword === "items" && Array.isArray(value)) return dialect === "2020-12" ? "annotation" : "list";
  if (keyword === "format" && !FORMATS.has(value)) return "annotation";
  return KINDS.get(keyword) ?? "annotation";
}
