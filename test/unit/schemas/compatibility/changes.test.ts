import { describe, expect, it } from "vitest";
import { validatorInProcess } from "../../../../src/adapters/ajv/in-process.ts";
import { explain } from "../../../../src/domain/schemas/compatibility/explain.ts";
import type { Json } from "../../../../src/json.ts";
import { schemaText } from "./support/oracle.ts";

const explained = (older: Json, newer: Json) =>
  explain(validatorInProcess(), schemaText(older), schemaText(newer));

/** Class, pointer and keyword of each change. */
async function changes(older: Json, newer: Json) {
  const found = await explained(older, newer);
  return found.changes.map(({ class: kind, pointer, keyword }) => `${kind} ${pointer} ${keyword}`).sort();
}

async function accepted(schema: Json, document: Json): Promise<boolean> {
  const [result] = await validatorInProcess().validate(schemaText(schema), [document]);
  return result?.valid === true;
}

const string = { type: "string" };
const number = { type: "number" };
const integer = { type: "integer" };

describe("a change", () => {
  it.each<[string, Json, Json, readonly string[]]>([
    ["of a bound", { minimum: 1 }, { minimum: 2 }, ["FORWARD /minimum minimum"]],
    ["that adds a keyword", {}, { maxLength: 2 }, ["FORWARD /maxLength maxLength"]],
    ["that removes a keyword", { maxLength: 2 }, {}, ["BACKWARD /maxLength maxLength"]],
    ["of a type", string, number, ["BREAKING /type type"]],
    ["of values", { enum: [1, 2] }, { enum: [2, 3] }, ["BREAKING /enum enum"]],
    [
      "deep inside",
      { properties: { a: { items: { properties: { "b/c": integer } } } } },
      { properties: { a: { items: { properties: { "b/c": number } } } } },
      ["BACKWARD /properties/a/items/properties/b~1c/type type"],
    ],
    [
      "among others",
      { title: "a", required: ["a"], properties: { a: string } },
      { title: "b", required: ["a", "b"], properties: { a: { type: ["string", "null"] } } },
      ["ANNOTATION_ONLY /title title", "BACKWARD /properties/a/type type", "FORWARD /required required"],
    ],
    [
      "that adds a property to an open object",
      { type: "object", properties: { a: string } },
      { type: "object", properties: { a: string, b: string } },
      ["FORWARD /properties/b properties"],
    ],
    [
      "that adds a property to a closed object",
      { properties: { a: string }, additionalProperties: false },
      { properties: { a: string, b: string }, additionalProperties: false },
      ["BACKWARD /properties/b properties"],
    ],
    [
      "that removes a property of a closed object, told by its old place",
      { properties: { a: string, b: string }, additionalProperties: false },
      { properties: { a: string }, additionalProperties: false },
      ["FORWARD /properties/b properties"],
    ],
    ["under not", { not: { minimum: 1 } }, { not: { minimum: 2 } }, ["BACKWARD /not/minimum minimum"]],
    [
      "of one branch among several changes is left open",
      { ...integer, oneOf: [{ minimum: 1 }, { maximum: 3 }], multipleOf: 2 },
      { ...integer, oneOf: [{ minimum: 2 }, { maximum: 3 }], multipleOf: 4 },
      ["FORWARD /multipleOf multipleOf", "UNKNOWN /oneOf/0/minimum minimum"],
    ],
    ["that reorders branches is none", { anyOf: [string, number] }, { anyOf: [number, string] }, []],
    [
      "that adds a branch",
      { anyOf: [string, number] },
      { anyOf: [{ type: "null" }, string, number] },
      ["BACKWARD /anyOf/0 anyOf"],
    ],
    [
      "of a definition counts where it is",
      { items: { $ref: "#/$defs/a" }, $defs: { a: integer } },
      { items: { $ref: "#/$defs/a" }, $defs: { a: number } },
      ["BACKWARD /$defs/a/type type"],
    ],
    [
      "of a definition that is excluded",
      { not: { $ref: "#/$defs/a" }, $defs: { a: integer } },
      { not: { $ref: "#/$defs/a" }, $defs: { a: number } },
      ["FORWARD /$defs/a/type type"],
    ],
    [
      "of a definition that nothing uses",
      { $defs: { a: integer } },
      { $defs: { a: number, b: true } },
      ["FULL /$defs/a/type type", "FULL /$defs/b $defs"],
    ],
    [
      "of what a reference finds where no keyword leads",
      { $ref: "#/x/a", x: { a: integer } },
      { $ref: "#/x/a", x: { a: number } },
      ["ANNOTATION_ONLY /x x", "BACKWARD /x/a/type type"],
    ],
    [
      "of the dialect",
      { $schema: "http://json-schema.org/draft-07/schema#", type: "string" },
      { $schema: "https://json-schema.org/draft/2020-12/schema", type: "string" },
      ["FULL /$schema $schema"],
    ],
    ["of a name that no reference uses", { $id: "a" }, { $id: "b" }, ["ANNOTATION_ONLY /$id $id"]],
    ["to false", { properties: { a: string } }, { properties: { a: false } }, ["FORWARD /properties/a "]],
    ["from true", true, string, ["FORWARD  "]],
    [
      "in a tuple",
      { prefixItems: [string, string] },
      { prefixItems: [string, number, number] },
      ["BREAKING /prefixItems/1/type type", "FORWARD /prefixItems/2 prefixItems"],
    ],
    [
      "of a dependency",
      { dependentRequired: { a: ["b"] } },
      { dependentRequired: { a: ["b", "c"] } },
      ["FORWARD /dependentRequired dependentRequired"],
    ],
    [
      "of a dependency in draft-07",
      { $schema: "http://json-schema.org/draft-07/schema#", dependencies: { a: ["b"] } },
      {
        $schema: "http://json-schema.org/draft-07/schema#",
        dependencies: { a: ["b", "c"], d: { required: ["e"] } },
      },
      ["FORWARD /dependencies/a dependencies", "FORWARD /dependencies/d dependencies"],
    ],
    [
      "of a pattern's properties",
      { patternProperties: { "^a": integer } },
      { patternProperties: { "^a": number, "^b": string } },
      ["BACKWARD /patternProperties/^a/type type", "FORWARD /patternProperties/^b patternProperties"],
    ],
    [
      "beside a reference in draft-07 is a note",
      {
        $schema: "http://json-schema.org/draft-07/schema#",
        $ref: "#/definitions/a",
        type: "string",
        definitions: { a: true },
      },
      {
        $schema: "http://json-schema.org/draft-07/schema#",
        $ref: "#/definitions/a",
        type: "number",
        definitions: { a: true },
      },
      ["ANNOTATION_ONLY /type type"],
    ],
    [
      "of what is left over",
      { allOf: [{}], unevaluatedProperties: false, maxLength: 3 },
      { allOf: [{}], unevaluatedProperties: { type: "string" }, maxLength: 2 },
      ["BACKWARD /unevaluatedProperties ", "FORWARD /maxLength maxLength"],
    ],
  ])("%s", async (_, older, newer, expected) => {
    expect(await changes(older, newer)).toEqual(expected);
  });

  it("says what it was, what it is and what follows, in few words", async () => {
    const { changes: found } = await explained({ minLength: 1 }, { minLength: 2 });
    expect(found[0]?.reason).toBe("minLength was 1 and is 2; it accepts less: refuses shorter text");
    const name = "n".repeat(100_000);
    const long = await explained({}, { required: [name], properties: { [name]: string } });
    for (const { reason } of long.changes) expect(reason.length).toBeLessThanOrEqual(403);
  });

  it("that is one of too many is left out, and the class still counts all", async () => {
    const many = (schema: Json) =>
      Object.fromEntries(Array.from({ length: 1_500 }, (_, index) => [`p${index}`, schema]));
    const found = await explained({ properties: many(integer) }, { properties: many(number) });
    expect(found.changes).toHaveLength(1_000);
    expect(found.class).not.toBe("IDENTICAL");
  });
});

describe("a counter-example", () => {
  const older = {
    type: "object",
    required: ["id"],
    properties: { id: integer, size: { enum: ["s", "m"] }, tags: { items: { maxLength: 5 } } },
    additionalProperties: false,
  };
  const newer = {
    type: "object",
    required: ["id"],
    properties: { id: string, size: { enum: ["m", "l"] }, tags: { items: { maxLength: 4 } } },
    additionalProperties: false,
  };

  it("of each breaking change is accepted by one release and refused by the other", async () => {
    const { changes: found, class: whole } = await explained(older, newer);
    expect(whole).toBe("BREAKING");
    expect(found.filter((change) => change.class === "BREAKING")).toHaveLength(2);
    for (const { counterExample } of found.filter((change) => change.class === "BREAKING")) {
      expect(counterExample).toBeDefined();
      const document = counterExample ?? null;
      expect(await accepted(older, document)).not.toBe(await accepted(newer, document));
    }
  });

  it("of the whole shows what was lost and what was gained", async () => {
    const { acceptedByOlderOnly: lost, acceptedByNewerOnly: gained } = await explained(older, newer);
    expect([await accepted(older, lost ?? null), await accepted(newer, lost ?? null)]).toEqual([true, false]);
    expect([await accepted(older, gained ?? null), await accepted(newer, gained ?? null)]).toEqual([
      false,
      true,
    ]);
  });

  it("is not given for what is compatible", async () => {
    const found = await explained({ title: "a", ...integer }, integer);
    expect(found).toMatchObject({ acceptedByOlderOnly: undefined, acceptedByNewerOnly: undefined });
    expect(found.changes.every(({ counterExample }) => counterExample === undefined)).toBe(true);
  });

  it.each<[string, Json, Json]>([
    ["a pattern", { ...string, pattern: "^[A-Z]{2}\\d{3}$" }, { ...string, pattern: "^[A-Z]{2}\\d{4}$" }],
    ["alternatives", { ...string, pattern: "^(?:ab|cd)+\\.x$" }, { ...string, pattern: "^[^a]\\w$" }],
    ["a format", { ...string, format: "date-time" }, { ...string, format: "ipv4" }],
    [
      "items that must differ",
      { items: { enum: [1, 2, 3] }, minItems: 2, uniqueItems: true, type: "array" },
      { items: { enum: [2, 3, 4] }, minItems: 2, uniqueItems: true, type: "array" },
    ],
    [
      "how many items are alike",
      { type: "array", contains: integer, minContains: 2 },
      { type: "array", contains: string },
    ],
    [
      "names",
      { type: "object", minProperties: 1, propertyNames: { pattern: "^a" } },
      { type: "object", minProperties: 1, propertyNames: { pattern: "^b" } },
    ],
    [
      "variants",
      { oneOf: [{ type: "object", required: ["k"], properties: { k: { const: "a" } } }] },
      { oneOf: [{ type: "object", required: ["k"], properties: { k: { const: "b" } } }] },
    ],
    [
      "a list of lists",
      {
        $ref: "#/$defs/l",
        $defs: { l: { type: "array", minItems: 1, items: { anyOf: [integer, { $ref: "#/$defs/l" }] } } },
      },
      {
        $ref: "#/$defs/l",
        $defs: { l: { type: "array", minItems: 1, items: { anyOf: [string, { $ref: "#/$defs/l" }] } } },
      },
    ],
    [
      "how many properties",
      { type: "object", minProperties: 3, maxProperties: 4 },
      { type: "object", maxProperties: 3, minProperties: 2 },
    ],
    ["what is excluded", { ...string, not: { const: "a" } }, { ...string, not: { const: "b" } }],
    ["multiples", { ...integer, multipleOf: 4 }, { ...integer, multipleOf: 6 }],
  ])("is found for %s", async (_, a, b) => {
    expect((await explained(a, b)).class).toBe("BREAKING");
  });
});
