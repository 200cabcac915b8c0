import { describe, expect, it } from "vitest";
import { validatorInProcess } from "../../../../src/adapters/ajv/in-process.ts";
import { judge } from "../../../../src/domain/schemas/compatibility/judge.ts";
import type { Json } from "../../../../src/json.ts";
import type { ChangeClass } from "../../../../src/ports/schema-comparer.ts";
import { schemaText } from "./support/oracle.ts";

const DRAFT_07 = "http://json-schema.org/draft-07/schema#";
const DRAFT_2019 = "https://json-schema.org/draft/2019-09/schema";

async function classOf(older: Json, newer: Json): Promise<ChangeClass> {
  const both = { backward: true, forward: true };
  return (await judge(validatorInProcess(), schemaText(older), schemaText(newer), both)).class;
}

/** As text: what has a property `then` would pass for a promise. */
const json = (text: string) => JSON.parse(text) as Json;

const MIRRORED: Partial<Record<ChangeClass, ChangeClass>> = { BACKWARD: "FORWARD", FORWARD: "BACKWARD" };

const string = { type: "string" };
const number = { type: "number" };
const integer = { type: "integer" };
const ref = (name: string) => ({ $ref: `#/$defs/${name}` });

/** From left to right, and what that makes of the whole; from right to left it is the mirror image. */
const CASES: readonly (readonly [string, Json, Json, ChangeClass])[] = [
  ["a title", { title: "a" }, { title: "b", description: "c" }, "ANNOTATION_ONLY"],
  ["an unknown keyword", { "x-owner": "a" }, { "x-owner": { $ref: 7 } }, "ANNOTATION_ONLY"],
  ["an unknown format", { format: "shoe-size" }, {}, "ANNOTATION_ONLY"],
  ["a definition that nothing uses", {}, { $defs: { a: string } }, "ANNOTATION_ONLY"],
  [
    "a note beside a dynamic reference",
    { title: "a", $dynamicRef: "#" },
    { $dynamicRef: "#" },
    "ANNOTATION_ONLY",
  ],
  ["true and nothing", true, {}, "ANNOTATION_ONLY"],
  ["true and false", false, true, "BACKWARD"],
  ["more types", string, { type: ["string", "null"] }, "BACKWARD"],
  ["integer and number", integer, number, "BACKWARD"],
  ["other types", string, number, "BREAKING"],
  ["types by name or by choice", { type: ["string", "null"] }, { anyOf: [string, { type: "null" }] }, "FULL"],
  ["more values", { enum: ["a", "b"] }, { enum: ["b", "a", "c"] }, "BACKWARD"],
  ["other values", { enum: ["a", "b"] }, { enum: ["a", "c"] }, "BREAKING"],
  ["a constant by another name", { const: 1 }, { enum: [1.0] }, "FULL"],
  ["both booleans", { type: "boolean" }, { enum: [true, false] }, "FULL"],
  ["values of a type", { enum: ["a", "b"] }, string, "BACKWARD"],
  ["a lower minimum", { minimum: 3 }, { minimum: 2 }, "BACKWARD"],
  ["an exclusive bound", { exclusiveMinimum: 3 }, { minimum: 3 }, "BACKWARD"],
  [
    "bounds of integers",
    { ...integer, exclusiveMinimum: 3, maximum: 9.5 },
    { ...integer, minimum: 4, maximum: 9 },
    "FULL",
  ],
  ["integers one by one", { ...integer, minimum: 1, maximum: 3 }, { enum: [1, 2, 3] }, "FULL"],
  ["a factor of integers", { ...integer, multipleOf: 6 }, { ...integer, multipleOf: 3 }, "BACKWARD"],
  ["whole numbers", { ...integer, multipleOf: 1 }, integer, "FULL"],
  ["a longer text", { maxLength: 3 }, { maxLength: 4 }, "BACKWARD"],
  ["a pattern", string, { ...string, pattern: "^a" }, "FORWARD"],
  ["a pattern that all match", string, { ...string, pattern: ".*" }, "FULL"],
  ["other patterns", { ...string, pattern: "^a+$" }, { ...string, pattern: "^b+$" }, "BREAKING"],
  ["a format", { format: "date" }, {}, "BACKWARD"],
  ["other formats", { ...string, format: "date" }, { ...string, format: "uuid" }, "BREAKING"],
  ["an optional property", { properties: { a: string } }, { properties: { a: string, b: true } }, "FULL"],
  ["a property with a type", { type: "object" }, { type: "object", properties: { a: string } }, "FORWARD"],
  ["a required property", { required: ["a"] }, {}, "BACKWARD"],
  [
    "an optional property of a closed object",
    { properties: { a: string }, additionalProperties: false },
    { properties: { a: string, b: string }, additionalProperties: false },
    "BACKWARD",
  ],
  [
    "a closed object",
    { properties: { a: string }, additionalProperties: false },
    { properties: { a: string } },
    "BACKWARD",
  ],
  ["what is additional", { additionalProperties: integer }, { additionalProperties: number }, "BACKWARD"],
  [
    "names of a prefix",
    { patternProperties: { "^x-": integer }, additionalProperties: false },
    { additionalProperties: number },
    "BACKWARD",
  ],
  ["names", { propertyNames: { enum: ["a", "b"] } }, { propertyNames: { maxLength: 1 } }, "BACKWARD"],
  [
    "names by list or by closing",
    { propertyNames: { enum: ["a"] } },
    { properties: { a: true }, additionalProperties: false },
    "FULL",
  ],
  ["how many properties", { minProperties: 2 }, { minProperties: 1 }, "BACKWARD"],
  ["required and how many", { required: ["a", "b"] }, { minProperties: 2 }, "BACKWARD"],
  [
    "a closed object's size",
    { type: "object", properties: { a: true }, additionalProperties: false },
    { type: "object", maxProperties: 1 },
    "BACKWARD",
  ],
  ["dependent names", { required: ["b"] }, { dependentRequired: { a: ["b"] } }, "BACKWARD"],
  [
    "dependent schemas",
    { dependentSchemas: { a: { required: ["b", "c"] } } },
    { dependentRequired: { a: ["b"] } },
    "BACKWARD",
  ],
  ["dependencies", { dependentRequired: { a: ["b"] } }, { dependencies: { a: ["b"] } }, "FULL"],
  [
    "nested properties",
    { properties: { a: { properties: { b: integer } } } },
    { properties: { a: { properties: { b: number } } } },
    "BACKWARD",
  ],
  ["items", { items: integer }, { items: number }, "BACKWARD"],
  ["first items", { prefixItems: [integer], items: false }, { items: number }, "BACKWARD"],
  ["a longer array", { maxItems: 2 }, { maxItems: 3 }, "BACKWARD"],
  [
    "a tuple's length",
    { type: "array", prefixItems: [true, true], items: false },
    { type: "array", maxItems: 2 },
    "FULL",
  ],
  ["equal items", { uniqueItems: true }, {}, "BACKWARD"],
  [
    "one item cannot be equal to another",
    { type: "array", maxItems: 1 },
    { type: "array", maxItems: 1, uniqueItems: true },
    "FULL",
  ],
  ["what is contained", { contains: { const: 1 } }, { contains: integer }, "BACKWARD"],
  ["how many are contained", { contains: integer, minContains: 2 }, { contains: integer }, "BACKWARD"],
  [
    "not too many are contained",
    { contains: integer, maxContains: 2 },
    { contains: integer, maxContains: 3 },
    "BACKWARD",
  ],
  [
    "all items contain",
    { type: "array", items: string, minItems: 1 },
    { type: "array", contains: string },
    "BACKWARD",
  ],
  ["a branch", { anyOf: [string] }, { anyOf: [string, number] }, "BACKWARD"],
  ["branches in another order", { anyOf: [string, number] }, { anyOf: [number, string] }, "FULL"],
  ["a branch that excludes the others", { oneOf: [string] }, { oneOf: [string, number] }, "BACKWARD"],
  ["one of, any of, by type", { oneOf: [string, integer] }, { anyOf: [string, integer] }, "FULL"],
  [
    "variants that a name tells apart",
    {
      oneOf: [
        { type: "object", required: ["k"], properties: { k: { const: "a" }, n: integer } },
        { type: "object", required: ["k"], properties: { k: { const: "b" } } },
      ],
    },
    {
      oneOf: [
        { type: "object", required: ["k"], properties: { k: { const: "a" }, n: number } },
        { type: "object", required: ["k"], properties: { k: { const: "b" } } },
      ],
    },
    "BACKWARD",
  ],
  [
    "overlapping branches as they were",
    { oneOf: [{ minimum: 1 }, { maximum: 3 }], title: "a" },
    { oneOf: [{ minimum: 1 }, { maximum: 3 }] },
    "ANNOTATION_ONLY",
  ],
  ["a rule for all", { allOf: [string, { maxLength: 3 }] }, { ...string, maxLength: 3 }, "FULL"],
  ["what is excluded", { not: number }, { not: integer }, "BACKWARD"],
  ["twice not", { not: { not: string } }, string, "FULL"],
  [
    "a condition that is met",
    json('{"if": {"type": "string"}, "then": {"maxLength": 3}}'),
    json('{"if": {"type": "string"}, "then": {"maxLength": 4}}'),
    "BACKWARD",
  ],
  ["a condition without a consequence", { if: string }, {}, "FULL"],
  [
    "a condition as a whole",
    json('{"if": {"type": "string"}, "then": {"minLength": 1}, "else": {"type": "number"}}'),
    { anyOf: [{ ...string, minLength: 1 }, number] },
    "FULL",
  ],
  ["a reference and what it stands for", { $ref: "#/$defs/a", $defs: { a: string } }, string, "FULL"],
  [
    "what a reference leads to",
    { items: ref("a"), $defs: { a: integer } },
    { items: ref("b"), $defs: { b: number } },
    "BACKWARD",
  ],
  ["an anchor", { $ref: "#text", $defs: { a: { $anchor: "text", ...string } } }, string, "FULL"],
  [
    "beside a reference",
    { $ref: "#/$defs/a", maxLength: 3, $defs: { a: string } },
    { ...string, maxLength: 3 },
    "FULL",
  ],
  [
    "beside a reference in draft-07",
    { $schema: DRAFT_07, $ref: "#/definitions/a", maxLength: 3, definitions: { a: string } },
    { $schema: DRAFT_07, ...string },
    "FULL",
  ],
  [
    "a tree",
    {
      $ref: "#/$defs/t",
      $defs: {
        t: {
          type: "object",
          required: ["v"],
          properties: { v: integer, l: { type: "array", items: ref("t") } },
        },
      },
    },
    {
      $ref: "#/$defs/t",
      $defs: { t: { type: "object", properties: { v: number, l: { type: "array", items: ref("t") } } } },
    },
    "BACKWARD",
  ],
  [
    "a tuple in two dialects",
    { $schema: DRAFT_2019, type: "array", items: [string], additionalItems: integer },
    { type: "array", prefixItems: [string], items: integer },
    "FULL",
  ],
  [
    "what is left over, where it is what is additional",
    { properties: { a: true }, unevaluatedProperties: false },
    { properties: { a: true }, additionalProperties: false },
    "FULL",
  ],
  [
    "nothing at all",
    { type: "string", minLength: 3, maxLength: 2 },
    { type: "object", required: ["a"], properties: { a: false } },
    "FULL",
  ],
  ["an impossible branch", { anyOf: [string, { type: "integer", minimum: 3, maximum: 2 }] }, string, "FULL"],
  [
    "keys that every object inherits",
    { required: ["toString"] },
    { required: ["toString", "constructor"] },
    "FORWARD",
  ],
  [
    "what nobody decides",
    { allOf: [{ properties: { a: true } }], unevaluatedProperties: false },
    { allOf: [{ properties: { a: {} } }], unevaluatedProperties: false, $comment: "x", minProperties: 0 },
    "UNKNOWN",
  ],
];

describe("the class of a pair", () => {
  it.each(CASES)("with %s", async (_, older, newer, expected) => {
    expect([await classOf(older, newer), await classOf(newer, older)]).toEqual([
      expected,
      MIRRORED[expected] ?? expected,
    ]);
  });
});

describe("what must not be called compatible", () => {
  it.each<[string, Json, Json]>([
    [
      "a property that others than the pattern's apply to",
      { patternProperties: { "^a": integer } },
      { additionalProperties: integer },
    ],
    ["a whole multiple is no integer to every validator", { ...number, multipleOf: 1 }, integer],
    ["an added branch that overlaps", { oneOf: [string] }, { oneOf: [string, { maxLength: 3 }] }],
    [
      "a definition that changed under the same reference",
      { $ref: "#/$defs/a", $defs: { a: number } },
      { $ref: "#/$defs/a", $defs: { a: integer } },
    ],
    [
      "what a reference finds where no keyword leads",
      { $ref: "#/x/a", x: { a: number } },
      { $ref: "#/x/a", x: { a: integer } },
    ],
    ["a point that stops at the end of a line", string, { ...string, pattern: "^.*$" }],
    [
      "two dependencies of one name",
      { dependencies: { a: ["b"] } },
      { dependencies: { a: ["b"] }, dependentRequired: { a: ["c"] } },
    ],
    [
      "properties in another dialect",
      { $schema: DRAFT_07, dependentRequired: { a: ["b"] } },
      { dependentRequired: { a: ["b"] } },
    ],
    ["a schema that only leads to itself", {}, { $ref: "#" }],
    [
      "an embedded resource",
      { $ref: "#/$defs/a", $defs: { a: { $id: "x", $ref: "#/$defs/b", $defs: { b: number } }, b: true } },
      { $ref: "#/$defs/a", $defs: { a: { $id: "x", $ref: "#/$defs/b", $defs: { b: integer } }, b: true } },
    ],
  ])("%s", async (_, older, newer) => {
    const { backward } = await judge(validatorInProcess(), schemaText(older), schemaText(newer), {
      backward: true,
      forward: true,
    });
    expect(backward.kind).not.toBe("included");
  });
});
