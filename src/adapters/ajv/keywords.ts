/** Where a JSON Schema holds further schemas. The union of the three dialects: what one does not know is a note. */
import type { Dialect } from "../../dialect.ts";

/** The value is a schema. */
const SCHEMA = [
  "additionalItems",
  "additionalProperties",
  "contains",
  "contentSchema",
  "else",
  "if",
  "items",
  "not",
  "propertyNames",
  "then",
  "unevaluatedItems",
  "unevaluatedProperties",
];

/** The value is a list of schemas; `items` was one before 2020-12. */
const LIST = ["allOf", "anyOf", "items", "oneOf", "prefixItems"];

/** The value maps names to schemas; `dependencies` to schemas or lists of names. */
const MAP = ["$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"];

export const SCHEMA_KEYWORDS: ReadonlySet<string> = new Set(SCHEMA);
export const LIST_KEYWORDS: ReadonlySet<string> = new Set(LIST);
export const MAP_KEYWORDS: ReadonlySet<string> = new Set(MAP);

/**
 * Words that mean something to Ajv and nothing to JSON Schema. They are taken out before Ajv sees the schema,
 * so that they are the notes that the specification says they are.
 */
export const FOREIGN_KEYWORDS = ["$async", "id", "nullable"];

/** Keywords whose value refers to a schema. */
export const REFERENCES: Readonly<Record<Dialect, readonly string[]>> = {
  "draft-07": ["$ref"],
  "2019-09": ["$ref", "$recursiveRef"],
  "2020-12": ["$ref", "$dynamicRef"],
};

/** Keywords that name the schema they are in; beside `$id`, which is one everywhere. */
export const ANCHORS: Readonly<Record<Dialect, readonly string[]>> = {
  "draft-07": [],
  "2019-09": ["$anchor"],
  "2020-12": ["$anchor", "$dynamicAnchor"],
};

/** All that names a schema or says how far a name reaches; of no use once the references are resolved. */
export const NAMES = ["$id", "$anchor", "$dynamicAnchor", "$recursiveAnchor"];
