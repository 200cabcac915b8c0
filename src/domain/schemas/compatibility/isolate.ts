/** One keyword of a schema by itself, with what gives it its meaning and nothing else. */
import type { ArrayRules, Choice, Node, ObjectRules } from "./node.ts";
import { emptyNode, NO_LOWER, NO_UPPER } from "./node.ts";
import type { Forms } from "./source.ts";
import { ALL } from "./types.ts";

const MANY = Number.POSITIVE_INFINITY;

/** `key`: which entry of a keyword that holds several, if not all of them. */
export function isolate(node: Node, forms: Forms, keyword: string, key?: string | number): Node {
  const any = emptyNode(forms.nextId(), node.pointer, ALL);
  const rules = rulesOf(node, any, keyword, key);
  return rules === undefined ? any : { ...any, ...rules, id: forms.nextId(), trivial: false };
}

function rulesOf(
  node: Node,
  any: Node,
  keyword: string,
  key: string | number | undefined,
): Partial<Node> | undefined {
  if (node.opaque.includes(keyword)) return { opaque: [keyword] };
  switch (keyword) {
    case "type":
      return { types: node.types };
    case "enum":
    case "const":
      return node.values && { values: node.values };
    case "minimum":
    case "exclusiveMinimum":
    case "maximum":
    case "exclusiveMaximum":
    case "multipleOf":
      return node.numbers && { numbers: numbersOf(node.numbers, keyword) };
    case "minLength":
    case "maxLength":
    case "pattern":
    case "format":
      return node.strings && { strings: stringsOf(node.strings, keyword) };
    case "allOf": {
      const one = typeof key === "number" ? node.allOf[key] : undefined;
      return { allOf: key === undefined ? node.allOf : one === undefined ? [] : [one] };
    }
    case "anyOf":
    case "oneOf":
      return { choices: choicesOf(node, keyword) };
    case "if":
    case "then":
    case "else":
      return { choices: choicesOf(node, "if") };
    case "not":
      return node.not && { not: node.not };
    case "$ref":
      return node.reference && { reference: node.reference };
    default:
      if (isOfArrays(keyword)) return node.arrays && { arrays: arraysOf(node.arrays, any, keyword, key) };
      return node.objects && { objects: objectsOf(node.objects, any, keyword, key) };
  }
}

function choicesOf(node: Node, kind: Choice["kind"]): readonly Choice[] {
  return node.choices.filter((choice) => choice.kind === kind);
}

function numbersOf(rules: NonNullable<Node["numbers"]>, keyword: string): NonNullable<Node["numbers"]> {
  return {
    lower: /inimum$/.test(keyword) ? rules.lower : NO_LOWER,
    upper: /aximum$/.test(keyword) ? rules.upper : NO_UPPER,
    multipleOf: keyword === "multipleOf" ? rules.multipleOf : undefined,
  };
}

function stringsOf(rules: NonNullable<Node["strings"]>, keyword: string): NonNullable<Node["strings"]> {
  return {
    min: keyword === "minLength" ? rules.min : 0,
    max: keyword === "maxLength" ? rules.max : MANY,
    pattern: keyword === "pattern" ? rules.pattern : undefined,
    format: keyword === "format" ? rules.format : undefined,
  };
}

const OF_ARRAYS: ReadonlySet<string> = new Set([
  "items",
  "prefixItems",
  "additionalItems",
  "unevaluatedItems",
  "minItems",
  "maxItems",
  "uniqueItems",
  "contains",
  "minContains",
  "maxContains",
]);

function isOfArrays(keyword: string): boolean {
  return OF_ARRAYS.has(keyword);
}

function arraysOf(
  rules: ArrayRules,
  any: Node,
  keyword: string,
  key: string | number | undefined,
): ArrayRules {
  const none: ArrayRules = { prefix: [], rest: any, min: 0, max: MANY, unique: false, contains: undefined };
  if (typeof key === "number") {
    const before = Array.from({ length: key }, () => any);
    return { ...none, prefix: [...before, rules.prefix[key] ?? rules.rest] };
  }
  switch (keyword) {
    case "minItems":
      return { ...none, min: rules.min };
    case "maxItems":
      return { ...none, max: rules.max };
    case "uniqueItems":
      return { ...none, unique: rules.unique };
    case "contains":
    case "minContains":
    case "maxContains":
      return { ...none, contains: rules.contains };
    default:
      return { ...none, prefix: rules.prefix, rest: rules.rest };
  }
}

function objectsOf(
  rules: ObjectRules,
  any: Node,
  keyword: string,
  key: string | number | undefined,
): ObjectRules {
  const none: ObjectRules = {
    required: [],
    min: 0,
    max: MANY,
    properties: new Map(),
    patterns: new Map(),
    additional: any,
    names: any,
    dependentRequired: [],
    dependentSchemas: [],
  };
  const name = String(key);
  switch (keyword) {
    case "required":
      return { ...none, required: rules.required };
    case "minProperties":
      return { ...none, min: rules.min };
    case "maxProperties":
      return { ...none, max: rules.max };
    case "propertyNames":
      return { ...none, names: rules.names };
    case "properties": {
      // What is not named falls under what is said of the others.
      const value = rules.properties.get(name) ?? (rules.patterns.size === 0 ? rules.additional : any);
      return { ...none, properties: new Map([[name, value]]) };
    }
    case "patternProperties":
      return { ...none, patterns: new Map([[name, rules.patterns.get(name) ?? rules.additional]]) };
    case "dependentRequired":
      return { ...none, dependentRequired: rules.dependentRequired };
    case "dependentSchemas":
    case "dependencies":
      return {
        ...none,
        dependentRequired: rules.dependentRequired.filter(([other]) => other === name),
        dependentSchemas: rules.dependentSchemas.filter(([other]) => other === name),
      };
    default: {
      const open = (nodes: ReadonlyMap<string, Node>) =>
        new Map([...nodes.keys()].map((other) => [other, any]));
      return {
        ...none,
        properties: open(rules.properties),
        patterns: open(rules.patterns),
        additional: rules.additional,
      };
    }
  }
}
