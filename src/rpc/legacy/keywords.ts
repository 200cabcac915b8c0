/** What the keywords of JSON Schema take, for clients that send every value as text. */
import type { Json } from "../../json.ts";
import { readBoolean, readJson, readNumber } from "./literals.ts";

export type PropertyTypeName = "string" | "integer" | "number" | "boolean";

/** Whether a text is a pattern that can be enforced. */
export type IsPattern = (source: string) => boolean;

type Takes = "number" | "positive" | "count" | "boolean" | "text" | "pattern" | "value" | "choices" | "list";

const TAKES: ReadonlyMap<string, Takes> = new Map([
  ["minimum", "number"],
  ["maximum", "number"],
  ["exclusiveMinimum", "number"],
  ["exclusiveMaximum", "number"],
  ["multipleOf", "positive"],
  ["minLength", "count"],
  ["maxLength", "count"],
  ["readOnly", "boolean"],
  ["writeOnly", "boolean"],
  ["deprecated", "boolean"],
  ["title", "text"],
  ["description", "text"],
  ["format", "text"],
  ["contentEncoding", "text"],
  ["contentMediaType", "text"],
  ["$comment", "text"],
  ["pattern", "pattern"],
  ["default", "value"],
  ["const", "value"],
  ["enum", "choices"],
  ["examples", "list"],
]);

/** Keywords that take schemas, name them, or say nothing of a scalar: a text cannot stand for them. */
const STRUCTURAL: ReadonlySet<string> = new Set([
  ...["type", "properties", "required", "items", "definitions", "dependencies"],
  ...["additionalItems", "additionalProperties", "patternProperties", "propertyNames", "prefixItems"],
  ...["contains", "minContains", "maxContains", "minItems", "maxItems", "uniqueItems"],
  ...["minProperties", "maxProperties", "dependentRequired", "dependentSchemas"],
  ...["unevaluatedItems", "unevaluatedProperties", "contentSchema"],
  ...["allOf", "anyOf", "oneOf", "not", "if", "then", "else"],
]);

/** The value that a keyword of a property is stored with; undefined when the text cannot be what it takes. */
export function keywordValue(
  keyword: string,
  text: string,
  type: PropertyTypeName,
  isPattern: IsPattern,
): Json | undefined {
  const takes = TAKES.get(keyword);
  if (takes === undefined) return STRUCTURAL.has(keyword) || keyword.startsWith("$") ? undefined : text;
  switch (takes) {
    case "text":
      return text;
    case "pattern":
      return isPattern(text) ? text : undefined;
    case "number":
      return readNumber(text);
    case "positive":
      return where(readNumber(text), (value) => value > 0);
    case "count":
      return where(readNumber(text), (value) => Number.isSafeInteger(value) && value >= 0);
    case "boolean":
      return readBoolean(text);
    case "value":
      return type === "string" ? text : type === "boolean" ? readBoolean(text) : readNumber(text);
    case "list":
      return where(readJson(text), Array.isArray);
    case "choices":
      return where(readJson(text), (value) => Array.isArray(value) && value.length > 0);
  }
}

/** A stored value as the text that an old client reads. */
export function keywordText(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function where<T>(value: T | undefined, ok: (value: T) => boolean): T | undefined {
  return value !== undefined && ok(value) ? value : undefined;
}
