import { create, type MessageInitShape } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type JsonSchema, JsonSchemaSchema, PropertyType } from "../../../gen/legacy/utils/utils_pb.ts";
import { isPattern } from "../../../src/adapters/ajv/is-pattern.ts";
import { canonicalJson } from "../../../src/canonical.ts";
import type { Json } from "../../../src/json.ts";
import { fromDocument, toDocument } from "../../../src/rpc/legacy/json-schema.ts";

function legacy(init: MessageInitShape<typeof JsonSchemaSchema>): JsonSchema {
  return create(JsonSchemaSchema, init);
}

function withExtra(type: PropertyType, extra: Record<string, string>): JsonSchema {
  return legacy({ type: "object", properties: { p: { type, extra } } });
}

/** What the property is stored as. */
function stored(type: PropertyType, extra: Record<string, string>): Json | undefined {
  const { properties } = toDocument(withExtra(type, extra), isPattern);
  return (properties as Record<string, Json>).p;
}

function there(schema: JsonSchema): JsonSchema | undefined {
  return fromDocument(toDocument(schema, isPattern), isPattern);
}

const { STRING, INTEGER, NUMBER, BOOLEAN } = PropertyType;

describe("a schema of the old contract", () => {
  it("becomes a JSON Schema with the right JSON types", () => {
    const schema = legacy({
      schema: "http://json-schema.org/draft-07/schema#",
      type: "object",
      required: ["zip"],
      properties: {
        zip: { type: STRING, extra: { minLength: "5", pattern: "^[0-9]+$" } },
        age: { type: INTEGER, extra: { minimum: "0", maximum: "150" } },
        rate: { type: NUMBER, extra: { exclusiveMaximum: "1.5" } },
        ok: { type: BOOLEAN, extra: { default: "true" } },
      },
    });
    expect(toDocument(schema, isPattern)).toEqual({
      $schema: "http://json-schema.org/draft-07/schema#",
      type: "object",
      required: ["zip"],
      properties: {
        zip: { type: "string", minLength: 5, pattern: "^[0-9]+$" },
        age: { type: "integer", minimum: 0, maximum: 150 },
        rate: { type: "number", exclusiveMaximum: 1.5 },
        ok: { type: "boolean", default: true },
      },
    });
    expect(there(schema)).toEqual(schema);
  });

  it.each([
    [STRING, "default", "00501", "00501"],
    [STRING, "const", "10", "10"],
    [STRING, "default", "true", "true"],
    [STRING, "description", "10", "10"],
    [STRING, "enum", '["00501","10001"]', ["00501", "10001"]],
    [INTEGER, "default", "10", 10],
    [INTEGER, "enum", "[1,2]", [1, 2]],
    [BOOLEAN, "const", "false", false],
    [STRING, "unit", "10", "10"],
    [STRING, "nullable", "true", "true"],
    [STRING, "readOnly", "true", true],
  ])("stores a property of type %s with %s = %s as %j", (type, keyword, text, value) => {
    expect(stored(type, { [keyword]: text })).toMatchObject({ [keyword]: value });
    expect(stored(type, { [keyword]: text })).not.toHaveProperty("x-legacy");
  });

  it.each([
    [INTEGER, "minimum", "00501", 501],
    [NUMBER, "maximum", "1.0", 1],
    [NUMBER, "maximum", "-0", 0],
    [STRING, "minLength", "3.0", 3],
    [BOOLEAN, "default", "True", true],
    [STRING, "enum", "['a', \"it's\", True, None]", ["a", "it's", true, null]],
    [STRING, "enum", '["a", "b"]', ["a", "b"]],
    [INTEGER, "maximum", "100000000000000000001", 1e20],
  ])("keeps the text where %s %s = %s is read as %j", (type, keyword, text, value) => {
    expect(stored(type, { [keyword]: text })).toMatchObject({
      [keyword]: value,
      "x-legacy": { [keyword]: text },
    });
  });

  it.each([
    [STRING, "minLength", "many"],
    [STRING, "minLength", "-1"],
    [STRING, "minLength", "True"],
    [STRING, "pattern", "(?=lookahead)"],
    [STRING, "pattern", "("],
    [STRING, "enum", "a, b"],
    [STRING, "enum", "[]"],
    [INTEGER, "multipleOf", "0"],
    [INTEGER, "const", "ten"],
    [STRING, "type", "number"],
    [STRING, "$ref", "#/nowhere"],
    [STRING, "not", "{}"],
    [STRING, "x-legacy", "text"],
  ])("keeps %s %s = %j as a note alone", (type, keyword, text) => {
    expect(stored(type, { [keyword]: text })).toEqual({
      type: expect.any(String),
      "x-legacy": { [keyword]: text },
    });
  });

  it.each([
    { schema: "http://json-schema.org/draft-04/schema#", type: "object" },
    { schema: "anything", type: "Object", required: ["a", "a"] },
    { type: "" },
    {},
  ])("comes back as sent though %j is none that could be enforced", (init) => {
    expect(there(legacy(init))).toEqual(legacy(init));
  });

  it("comes back as sent, whatever texts it holds", () => {
    const keyword = fc.oneof(
      fc.constantFrom(
        "minimum",
        "minLength",
        "default",
        "const",
        "enum",
        "pattern",
        "format",
        "type",
        "$ref",
      ),
      fc.constantFrom("x-legacy", "properties", "title", "constructor", "unit", "examples", "readOnly"),
      fc.string({ maxLength: 4 }).filter((key) => key !== "__proto__"),
    );
    const text = fc.oneof(
      fc.constantFrom("10", "true", "True", "00501", "1.0", "1e3", "-0", "[1, 2]", "['a']", "{}", "null", ""),
      fc.string({ unit: "grapheme", maxLength: 6 }),
      fc.json(),
    );
    const property = fc.record({
      type: fc.constantFrom(STRING, INTEGER, NUMBER, BOOLEAN),
      extra: fc.dictionary(keyword, text, { maxKeys: 5, noNullPrototype: true }),
    });
    const schema = fc.record({
      schema: fc.constantFrom("", "https://json-schema.org/draft/2020-12/schema", "old"),
      type: fc.constantFrom("", "object", "objekt"),
      required: fc.array(fc.constantFrom("a", "b", "")),
      properties: fc.dictionary(
        fc.string({ maxLength: 3 }).filter((key) => key !== "__proto__"),
        property,
        { maxKeys: 3, noNullPrototype: true },
      ),
    });
    fc.assert(
      fc.property(schema, (init) => {
        const sent = legacy(init);
        expect(there(sent)).toEqual(sent);
        expect(canonicalJson(toDocument(sent, isPattern))).toBe(
          canonicalJson(toDocument(legacy(init), isPattern)),
        );
      }),
      { numRuns: 3000 },
    );
  });
});

describe("a schema of a new client", () => {
  it.each<[Json, MessageInitShape<typeof JsonSchemaSchema>]>([
    [{ type: "object" }, { type: "object" }],
    [{ type: "object", required: [], properties: {} }, { type: "object" }],
    [{}, {}],
    [
      { type: "object", properties: { a: { type: "integer", minimum: 10, enum: [10, 20] } } },
      { type: "object", properties: { a: { type: INTEGER, extra: { minimum: "10", enum: "[10,20]" } } } },
    ],
    [
      { properties: { a: { type: "string", default: "00501", format: "uuid" } } },
      { properties: { a: { type: STRING, extra: { default: "00501", format: "uuid" } } } },
    ],
  ])("%j is expressed where the old shape has words for it", (document, expected) => {
    expect(fromDocument(document, isPattern)).toEqual(legacy(expected));
  });

  it.each<[Json]>([
    [true],
    [{ title: "people" }],
    [{ type: ["object", "null"] }],
    [{ type: "object", additionalProperties: false }],
    [{ properties: { a: { type: "object" } } }],
    [{ properties: { a: { type: ["string", "null"] } } }],
    [{ properties: { a: { enum: ["a"] } } }],
    [{ properties: { a: true } }],
    [{ properties: { a: { type: "string", unit: 10 } } }],
    [{ properties: { a: { type: "string", default: 10 } } }],
    [{ properties: { a: { type: "string", $ref: "#/$defs/b" } }, $defs: { b: {} } }],
    [{ properties: { a: { type: "string", "x-legacy": { minLength: "3" } } } }],
    [{ "x-legacy": { required: ["a"] } }],
  ])("%j is not expressed rather than cut down", (document) => {
    expect(fromDocument(document, isPattern)).toBeUndefined();
  });
});
