/** The rules of single types, read from a schema. */
import { canonicalJson } from "../../../canonical.ts";
import { isObject, type Json } from "../../../json.ts";
import {
  type ArrayRules,
  type Bound,
  NO_LOWER,
  NO_UPPER,
  type Node,
  type NumberRules,
  type ObjectRules,
  type StringRules,
} from "./node.ts";

/** The keywords of one schema that its dialect knows. */
export interface Keywords {
  get(keyword: string): Json | undefined;
  one(keyword: string): Node | undefined;
  many(keyword: string): readonly Node[];
  read(value: Json, ...steps: readonly (string | number)[]): Node;
}

/** The higher one; of equal ones the one that leaves the value out. */
export function higher(a: Bound, b: Bound): Bound {
  if (a.value !== b.value) return a.value > b.value ? a : b;
  return a.exclusive ? a : b;
}

export function lower(a: Bound, b: Bound): Bound {
  if (a.value !== b.value) return a.value < b.value ? a : b;
  return a.exclusive ? a : b;
}

export function readValues(keywords: Keywords): readonly Json[] | undefined {
  const choice = keywords.get("enum");
  const constant = keywords.get("const");
  const values = Array.isArray(choice) ? unique(choice as readonly Json[]) : undefined;
  if (constant === undefined) return values;
  if (values === undefined) return [constant];
  const text = canonicalJson(constant);
  return values.filter((value) => canonicalJson(value) === text);
}

function unique(values: readonly Json[]): readonly Json[] {
  return [...new Map(values.map((value) => [canonicalJson(value), value])).values()];
}

export function readNumbers(keywords: Keywords): NumberRules | undefined {
  const bound = (keyword: string, none: Bound, exclusive: boolean) => {
    const value = keywords.get(keyword);
    return typeof value === "number" ? { value, exclusive } : none;
  };
  const multipleOf = numberOf(keywords.get("multipleOf"));
  const rules = {
    lower: higher(bound("minimum", NO_LOWER, false), bound("exclusiveMinimum", NO_LOWER, true)),
    upper: lower(bound("maximum", NO_UPPER, false), bound("exclusiveMaximum", NO_UPPER, true)),
    multipleOf,
  };
  const isEmpty = rules.lower === NO_LOWER && rules.upper === NO_UPPER && multipleOf === undefined;
  return isEmpty ? undefined : rules;
}

export function readStrings(keywords: Keywords): StringRules | undefined {
  const min = numberOf(keywords.get("minLength")) ?? 0;
  const max = numberOf(keywords.get("maxLength")) ?? Number.POSITIVE_INFINITY;
  const text = (keyword: string) => {
    const value = keywords.get(keyword);
    return typeof value === "string" ? value : undefined;
  };
  const [pattern, format] = [text("pattern"), text("format")];
  const isEmpty =
    min === 0 && max === Number.POSITIVE_INFINITY && pattern === undefined && format === undefined;
  return isEmpty ? undefined : { min, max, pattern, format };
}

/** `left`: what `unevaluatedItems` says of items that no other keyword speaks of. */
export function readArrays(keywords: Keywords, any: Node, left: Node | undefined): ArrayRules | undefined {
  const items = keywords.get("items");
  // Before 2020-12 a list of schemas is what `prefixItems` is since, and `additionalItems` what `items` is.
  const isTuple = Array.isArray(items);
  const prefix = isTuple ? keywords.many("items") : keywords.many("prefixItems");
  const rest = isTuple ? keywords.one("additionalItems") : keywords.one("items");
  const contained = keywords.one("contains");
  const contains = contained && {
    node: contained,
    min: numberOf(keywords.get("minContains")) ?? 1,
    max: numberOf(keywords.get("maxContains")) ?? Number.POSITIVE_INFINITY,
  };
  const rules: ArrayRules = {
    prefix,
    rest: rest ?? left ?? any,
    min: numberOf(keywords.get("minItems")) ?? 0,
    max: numberOf(keywords.get("maxItems")) ?? Number.POSITIVE_INFINITY,
    unique: keywords.get("uniqueItems") === true,
    contains,
  };
  const isEmpty =
    prefix.every(({ trivial }) => trivial) &&
    rules.rest.trivial &&
    rules.min === 0 &&
    rules.max === Number.POSITIVE_INFINITY &&
    !rules.unique &&
    contains === undefined;
  return isEmpty ? undefined : rules;
}

/** `left`: what `unevaluatedProperties` says of properties that no other keyword speaks of. */
export function readObjects(keywords: Keywords, any: Node, left: Node | undefined): ObjectRules | undefined {
  const map = (keyword: string) => {
    const value = keywords.get(keyword);
    const entries = Object.entries(isObject(value) ? value : {});
    return new Map(
      entries
        .filter(([, child]) => !Array.isArray(child))
        .map(([key, child]) => [key, keywords.read(child, keyword, key)]),
    );
  };
  const lists = (keyword: string) => {
    const value = keywords.get(keyword);
    const entries = Object.entries(isObject(value) ? value : {});
    return entries.flatMap(([key, child]) => (Array.isArray(child) ? [[key, namesOf(child)] as const] : []));
  };
  const rules: ObjectRules = {
    required: namesOf(keywords.get("required")),
    min: numberOf(keywords.get("minProperties")) ?? 0,
    max: numberOf(keywords.get("maxProperties")) ?? Number.POSITIVE_INFINITY,
    properties: map("properties"),
    patterns: map("patternProperties"),
    additional: keywords.one("additionalProperties") ?? left ?? any,
    names: keywords.one("propertyNames") ?? any,
    dependentRequired: [...lists("dependencies"), ...lists("dependentRequired")],
    dependentSchemas: [...map("dependencies"), ...map("dependentSchemas")],
  };
  return saysNothing(rules) ? undefined : rules;
}

function saysNothing(rules: ObjectRules): boolean {
  const trivial = (nodes: ReadonlyMap<string, Node>) => [...nodes.values()].every((node) => node.trivial);
  return (
    rules.required.length === 0 &&
    rules.min === 0 &&
    rules.max === Number.POSITIVE_INFINITY &&
    trivial(rules.properties) &&
    trivial(rules.patterns) &&
    rules.additional.trivial &&
    rules.names.trivial &&
    rules.dependentRequired.length === 0 &&
    rules.dependentSchemas.length === 0
  );
}

function numberOf(value: Json | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function namesOf(value: Json | undefined): readonly string[] {
  if (!Array.isArray(value)) return [];
  return (value as readonly Json[]).filter((name) => typeof name === "string");
}
