/** The port `DocumentValidator` as a suite; an adapter passes a factory. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canonicalJson, sha256Hex } from "../../src/canonical.ts";
import { dialectOf } from "../../src/dialect.ts";
import { getKey, isObject, type Json } from "../../src/json.ts";
import type { DocumentValidator, SchemaText } from "../../src/ports/document-validator.ts";

export interface ValidatorLimits {
  readonly jobMs: number;
  readonly queue: number;
}

export type OpenValidator = (limits: ValidatorLimits) => DocumentValidator;

const DRAFT_07 = "http://json-schema.org/draft-07/schema#";
const DRAFT_2019 = "https://json-schema.org/draft/2019-09/schema";

/** What the registry would hand over for a document. */
export function schemaText(document: Json): SchemaText {
  const declared = isObject(document) ? getKey(document, "$schema") : undefined;
  return {
    text: JSON.stringify(document),
    dialect: (typeof declared === "string" ? dialectOf(declared) : undefined) ?? "2020-12",
    sha256: sha256Hex(canonicalJson(document)),
  };
}

/** JSON as it comes from the wire: `__proto__` is a key like any other. */
function parse(text: string): Json {
  return JSON.parse(text) as Json;
}

export function describeDocumentValidator(name: string, open: OpenValidator): void {
  describe(`document validator: ${name}`, () => {
    let validator: DocumentValidator;
    beforeAll(() => {
      validator = open({ jobMs: 10_000, queue: 100 });
    });
    afterAll(() => validator.close());

    const problems = async (document: Json) => (await validator.check(schemaText(document))).problems;
    const pointers = async (document: Json) =>
      (await problems(document)).map(({ pointer }) => pointer).sort();
    const verdicts = async (schema: Json, ...documents: readonly Json[]) => {
      expect(await problems(schema)).toEqual([]);
      const results = await validator.validate(schemaText(schema), documents);
      return results.map(({ valid }) => valid);
    };

    it("names a schema by its canonical form, whatever its text", async () => {
      const { sha256 } = schemaText({ maximum: 100, properties: { a: { title: "é" }, b: true } });
      const text = String.raw`{ "properties": {"b": true, "a": {"title": "\u00e9"}}, "maximum": 1e2 }`;
      expect(await validator.check({ text, dialect: "2020-12" })).toEqual({ sha256, problems: [] });
      const wrong = await validator.check({ text: '{"type":7}', dialect: "2020-12" });
      expect(wrong.sha256).toBe(schemaText({ type: 7 }).sha256);
      expect(wrong.problems).not.toEqual([]);
    });

    describe("what is a schema", () => {
      it.each([
        ["an object", {}],
        ["true", true],
        ["false", false],
        ["unknown keywords", { "x-note": { $ref: 7 }, nullable: 3, id: 5, $async: true, discriminator: 1 }],
        ["unknown formats", { format: "shoe-size" }],
        ["OpenAPI's formats, as notes", { format: "int32" }],
        [
          "properties named as keywords",
          { properties: { $ref: { type: "string" }, $id: true, pattern: {} } },
        ],
        [
          "keywords in constants",
          { const: { $ref: "http://example.com/x", pattern: "(" }, enum: [{ $data: "/a" }] },
        ],
      ])("takes %s", async (_, document) => {
        expect(await problems(document as Json)).toEqual([]);
      });

      it.each<[string, Json, string[]]>([
        ["a wrong type", { type: "strin" }, ["/type"]],
        [
          "every problem at once",
          { type: 7, properties: { "a/b": { minimum: "1" } } },
          ["/properties/a~1b/minimum", "/type"],
        ],
        ["a number", 7, [""]],
        ["$data", { properties: { a: { maximum: { $data: "1/b" } } } }, ["/properties/a/maximum"]],
        ["a broken pattern", { properties: { a: { pattern: "(" } } }, ["/properties/a/pattern"]],
        ["lookahead", { properties: { a: { pattern: "(?=a)" } } }, ["/properties/a/pattern"]],
        ["lookbehind", { allOf: [true, { pattern: "(?<!a)b" }] }, ["/allOf/1/pattern"]],
        ["a back reference", { pattern: "(a)\\1" }, ["/pattern"]],
        ["inline flags", { pattern: "(?i:a)" }, ["/pattern"]],
        [
          "lookahead for property names",
          { patternProperties: { "(?=a)": {} } },
          ["/patternProperties/(?=a)"],
        ],
        ["another dialect inside", { $defs: { a: { $id: "a", $schema: DRAFT_07 } } }, ["/$defs/a/$schema"]],
        ["arrays for items in 2020-12", { items: [{}] }, ["/items"]],
        ["unevaluatedItems with contains", { contains: {}, unevaluatedItems: false }, ["/unevaluatedItems"]],
      ])("refuses %s and says where", async (_, document, where) => {
        expect(await pointers(document)).toEqual(where);
      });

      it("refuses a rule that would not be enforced", async () => {
        const document = parse('{"properties":{"__proto__":{"type":"string"}}}');
        expect(await pointers(document)).toEqual(["/properties/__proto__"]);
      });

      it("answers at most 100 problems", async () => {
        const properties = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`p${i}`, { type: 1 }]));
        expect(await problems({ properties })).toHaveLength(100);
      });

      it("answers with text of bounded length", async () => {
        const long = await problems({ properties: { ["x".repeat(300_000)]: { type: 1 } } });
        expect(JSON.stringify(long).length).toBeLessThan(10_000);
      });
    });

    describe("references", () => {
      it.each([
        ["another host", { properties: { a: { $ref: "https://example.com/a.json" } } }],
        ["a file", { properties: { a: { $ref: "file:///etc/passwd" } } }],
        ["a meta-schema", { properties: { a: { $ref: "https://json-schema.org/draft/2020-12/schema" } } }],
        ["a relative name that nothing has", { properties: { a: { $ref: "other.json" } } }],
        ["a pointer to nothing", { properties: { a: { $ref: "#/$defs/none" } } }],
        ["a pointer to no schema", { title: "t", properties: { a: { $ref: "#/title" } } }],
        ["an anchor that nothing has", { properties: { a: { $ref: "#none" } } }],
        ["a broken escape", { properties: { a: { $ref: "#/%zz" } } }],
        ["an inherited property", { properties: { a: { $ref: "#/constructor" } } }],
      ])("to %s are refused with their place", async (_, document) => {
        expect(await pointers(document)).toContain("/properties/a/$ref");
      });

      it("are refused where no keyword leads, too", async () => {
        const document = {
          $ref: "#/x/y",
          x: { y: { items: { $ref: "http://example.com/" } } },
          $defs: { z: { $ref: "u" } },
        };
        expect(await pointers(document)).toEqual(["/$defs/z/$ref", "/x/y/items/$ref"]);
      });

      it.each<[string, Json]>([
        ["pointers", { $ref: "#/$defs/a~1b%20c", $defs: { "a/b c": { type: "string" } } }],
        ["anchors", { $ref: "#text", $defs: { a: { $anchor: "text", type: "string" } } }],
        ["names", { $ref: "text.json", $defs: { a: { $id: "text.json", type: "string" } } }],
        [
          "absolute names",
          {
            $id: "https://example.com/root",
            $ref: "https://example.com/text",
            $defs: { a: { $id: "/text", type: "string" } },
          },
        ],
        [
          "its own absolute name",
          {
            $id: "https://example.com/root",
            $ref: "https://example.com/root#/$defs/a",
            $defs: { a: { type: "string" } },
          },
        ],
        [
          "URNs",
          { $id: "urn:example:root", $ref: "urn:example:root#/$defs/a", $defs: { a: { type: "string" } } },
        ],
        ["places that no keyword gives", { $ref: "#/components/a", components: { a: { type: "string" } } }],
        [
          "draft-07 names",
          {
            $schema: DRAFT_07,
            allOf: [{ $ref: "#text" }],
            definitions: { a: { $id: "#text", type: "string" } },
          },
        ],
        [
          "$recursiveRef",
          {
            $schema: DRAFT_2019,
            $ref: "#/$defs/a",
            $defs: { a: { type: "string" }, b: { $recursiveRef: "#" } },
          },
        ],
      ])("inside the document work: %s", async (_, schema) => {
        expect(await verdicts(schema, "text", 7)).toEqual([true, false]);
      });

      it.each([
        [
          "in a schema of one name",
          {
            $ref: "#/$defs/a",
            $defs: { a: { $dynamicRef: "#t" }, b: { $dynamicAnchor: "t", type: "string" } },
          },
        ],
        [
          "beside a plain one",
          { $ref: "#/$defs/b", $dynamicRef: "#t", $defs: { b: { $dynamicAnchor: "t", type: "string" } } },
        ],
        ["by pointer", { $dynamicRef: "#/$defs/b", $defs: { b: { type: "string" } } }],
      ])("that are dynamic work where only one schema can be meant: %s", async (_, schema) => {
        expect(await verdicts(schema, "text", 7)).toEqual([true, false]);
      });

      it("that are dynamic are refused where the way decides", async () => {
        const item = { $id: "list", items: { $dynamicRef: "#t" }, $defs: { t: { $dynamicAnchor: "t" } } };
        const several = { $ref: "list", $defs: { t: { $dynamicAnchor: "t", type: "string" }, item } };
        expect(await pointers(several)).toEqual(["/$defs/item/items/$dynamicRef"]);
        const inner = { $id: "in", $recursiveAnchor: true, items: { $recursiveRef: "#" } };
        const recursive = { $schema: DRAFT_2019, $recursiveAnchor: true, $defs: { inner } };
        expect(await pointers(recursive)).toEqual(["/$defs/inner/items/$recursiveRef"]);
      });

      it("reach keys of any text", async () => {
        const key = 'a/b~c%25"ü #';
        const $ref = "#/$defs/a~1b~0c%2525%22%C3%BC%20%23";
        expect(await verdicts({ $ref, $defs: { [key]: { type: "string" } } }, "t", 1)).toEqual([true, false]);
      });

      it("of draft-07 ignore an $id beside them", async () => {
        const definitions = { base: { $id: "other/", type: "string" }, a: { type: "number" } };
        const schema = {
          $schema: DRAFT_07,
          properties: { p: { $id: "other/", $ref: "#/definitions/a" } },
          definitions,
        };
        expect(await verdicts(schema, { p: 1 }, { p: "t" })).toEqual([true, false]);
      });

      it("make recursive schemas possible", async () => {
        const tree = { type: "object", required: ["v"], properties: { v: true, next: { $ref: "#" } } };
        expect(await verdicts(tree, { v: 1, next: { v: 2 } }, { v: 1, next: {} })).toEqual([true, false]);
      });

      it.each<[string, Json, string[]]>([
        ["to itself", { $ref: "#" }, ["/$ref"]],
        ["by way of a branch", { anyOf: [{ type: "string" }, { $ref: "#" }] }, ["/anyOf/1/$ref"]],
        [
          "by way of each other",
          {
            properties: { a: { $ref: "#/$defs/a" } },
            $defs: { a: { not: { $ref: "#/$defs/b" } }, b: { allOf: [{ $ref: "#/$defs/a" }] } },
          },
          ["/$defs/a/not/$ref"],
        ],
      ])("that never get to a part of the document are refused: %s", async (_, document, where) => {
        expect(await pointers(document)).toEqual(where);
      });

      it("that come back one step deeper, or meet twice, are taken", async () => {
        const twice = {
          allOf: [{ $ref: "#/$defs/a" }, { $ref: "#/$defs/a" }],
          $defs: { a: { type: "array", items: { $ref: "#" } } },
        };
        expect(await verdicts(twice, [[], [[]]], [1])).toEqual([true, false]);
      });

      it("with a name given twice are refused", async () => {
        const document = { $defs: { a: { $id: "x", type: "string" }, b: { $id: "x", type: "number" } } };
        expect(await pointers(document)).toHaveLength(1);
      });
    });

    describe("two schemas never meet", () => {
      it("with one $id each keep their own content", async () => {
        const text = {
          $id: "https://example.com/same",
          $ref: "#x",
          $defs: { x: { $anchor: "x", type: "string" } },
        };
        const number = {
          $id: "https://example.com/same",
          $ref: "#x",
          $defs: { x: { $anchor: "x", type: "number" } },
        };
        expect(await verdicts(text, "t", 1)).toEqual([true, false]);
        expect(await verdicts(number, "t", 1)).toEqual([false, true]);
        expect(await verdicts(text, "t", 1)).toEqual([true, false]);
      });

      it("cannot refer to each other", async () => {
        expect(await problems({ $id: "https://example.com/first", type: "string" })).toEqual([]);
        expect(await pointers({ $ref: "https://example.com/first" })).toEqual(["/$ref"]);
      });

      it("may call themselves a meta-schema without being one for others", async () => {
        const impostor = { $id: "https://json-schema.org/draft/2020-12/schema", not: {} };
        expect(await verdicts(impostor, 1)).toEqual([false]);
        expect(await pointers({ type: 7 })).toEqual(["/type"]);
      });
    });

    describe("documents", () => {
      it("are judged in order, each with its errors", async () => {
        const schema = {
          $defs: { "a b": { type: "integer" } },
          properties: { "n/m": { $ref: "#/$defs/a%20b" }, gone: false },
          additionalProperties: false,
        };
        expect(await problems(schema)).toEqual([]);
        const results = await validator.validate(schemaText(schema), [{}, { "n/m": "x", extra: 1, gone: 1 }]);
        expect(results[0]).toEqual({ valid: true, errors: [] });
        expect(results[1]?.valid).toBe(false);
        expect(results[1]?.errors).toEqual(
          expect.arrayContaining([
            {
              instancePointer: "/n~1m",
              schemaPointer: "/$defs/a b/type",
              keyword: "type",
              message: "must be integer",
            },
            expect.objectContaining({
              instancePointer: "",
              keyword: "additionalProperties",
              message: expect.stringContaining('"extra"'),
            }),
            expect.objectContaining({
              instancePointer: "/gone",
              schemaPointer: "/properties/gone",
              keyword: "",
            }),
          ]),
        );
      });

      it("have at most 100 errors each", async () => {
        const schema = { items: { type: "string" } };
        const document = Array.from({ length: 5000 }, (_, i) => i);
        const [result] = await validator.validate(schemaText(schema), [document]);
        expect(result?.errors).toHaveLength(100);
      });

      it("have errors of bounded length in all", async () => {
        const schema = { additionalProperties: { pattern: `^${"a".repeat(5000)}$` } };
        const long = Object.fromEntries(
          Array.from({ length: 100 }, (_, i) => [`${i}${"k".repeat(20_000)}`, "b"]),
        );
        const results = await validator.validate(schemaText(schema), [long, long, { short: "b" }]);
        expect(results.map(({ valid }) => valid)).toEqual([false, false, false]);
        expect(JSON.stringify(results).length).toBeLessThan(1_500_000);
      });

      it("are judged by their own properties only", async () => {
        const schema = { required: ["toString"], properties: { constructor: { type: "string" } } };
        expect(await verdicts(schema, {}, { toString: 1 })).toEqual([false, true]);
        expect(await verdicts({ required: ["__proto__"] }, {}, parse('{"__proto__":1}'))).toEqual([
          false,
          true,
        ]);
      });

      it("are judged by every pattern on its own", async () => {
        const schema = { properties: { a: { pattern: "^a+$" }, b: { pattern: "^b+$" } } };
        expect(
          await verdicts(schema, { a: "aa", b: "bb" }, { a: "bb", b: "bb" }, { a: "aa", b: "aa" }),
        ).toEqual([true, false, false]);
      });

      it("are judged by the dialect", async () => {
        const prefix = [{ type: "string" }];
        expect(await verdicts({ prefixItems: prefix }, ["a"], [1])).toEqual([true, false]);
        expect(await verdicts({ $schema: DRAFT_07, prefixItems: prefix }, [1])).toEqual([true]);
        expect(await verdicts({ $schema: DRAFT_07, items: prefix }, ["a"], [1])).toEqual([true, false]);
        expect(await verdicts({ $schema: DRAFT_2019, unevaluatedProperties: false }, {}, { a: 1 })).toEqual([
          true,
          false,
        ]);
        const beside = { $ref: "#/definitions/a", maxLength: 1, definitions: { a: { type: "string" } } };
        expect(await verdicts({ $schema: DRAFT_07, ...beside }, "long")).toEqual([true]);
        expect(await verdicts({ $schema: DRAFT_2019, ...beside }, "long")).toEqual([false]);
      });

      it("have the formats of the specifications asserted", async () => {
        expect(await verdicts({ format: "date-time" }, "2024-02-29T12:00:00Z", "yesterday", 7)).toEqual([
          true,
          false,
          true,
        ]);
        expect(await verdicts({ format: "uuid" }, "x")).toEqual([false]);
        expect(await verdicts({ format: "int32" }, 1e12)).toEqual([true]);
      });

      it("are judged by patterns beside a choice", async () => {
        const branch = { additionalProperties: false, type: "string" };
        const schema = { anyOf: [branch, true], patternProperties: { "^b": { type: "string" } } };
        expect(await verdicts(schema, { b: "a" }, { b: 1 })).toEqual([true, false]);
      });

      it("may be decimal multiples", async () => {
        expect(await verdicts({ multipleOf: 0.01 }, 19.99, 19.995)).toEqual([true, false]);
      });

      it("may not be null for a word of another specification", async () => {
        expect(await verdicts({ type: "string", nullable: true }, "a", null)).toEqual([true, false]);
      });
    });

    describe("calls are bounded", () => {
      const refused = { kind: "resource_exhausted", reason: "TOO_COMPLEX" };

      it("a schema from before loops were refused ends", async () => {
        await expect(validator.validate(schemaText({ $ref: "#" }), [1])).rejects.toMatchObject(refused);
      });

      it("references that double thirty times end, and the next call is served", async () => {
        const limited = open({ jobMs: 1_000, queue: 10 });
        const $defs = Object.fromEntries(
          Array.from({ length: 30 }, (_, i) => {
            const next = i === 29 ? { type: "string" } : { $ref: `#/$defs/d${i + 1}` };
            return [`d${i}`, { allOf: [next, next] }];
          }),
        );
        const schema = schemaText({ $ref: "#/$defs/d0", $defs });
        expect((await limited.check(schema)).problems).toEqual([]);
        await expect(limited.validate(schema, [1])).rejects.toMatchObject(refused);
        expect(await limited.validate(schemaText({ type: "string" }), ["a"])).toEqual([
          { valid: true, errors: [] },
        ]);
        await limited.close();
      });

      it("a schema of 100,000 branches is used or refused, and the next call is served", async () => {
        const limited = open({ jobMs: 1500, queue: 10 });
        const wide = schemaText({ anyOf: Array.from({ length: 100_000 }, () => ({ type: "string" })) });
        const outcome = await limited.check(wide).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toMatchObject(refused);
        expect((await limited.check(schemaText({ type: "string" }))).problems).toEqual([]);
        await limited.close();
      });

      it("a choice of 100,000 values works", async () => {
        const schema = { enum: Array.from({ length: 100_000 }, (_, i) => i) };
        expect(await verdicts(schema, 99_999, 100_000)).toEqual([true, false]);
      });

      it("patterns that would backtrack for ages are matched", async () => {
        const text = `${"a".repeat(50_000)}!`;
        expect(await verdicts({ pattern: "^(a+)+$" }, text)).toEqual([false]);
        expect(await verdicts({ patternProperties: { "^(a|a)*$": false } }, { [text]: 1 })).toEqual([true]);
      });

      it("more jobs than may wait are refused at once", async () => {
        const limited = open({ jobMs: 10_000, queue: 2 });
        const schema = schemaText({ type: "string" });
        const calls = Array.from({ length: 10 }, () => limited.validate(schema, ["a"]));
        const outcomes = await Promise.allSettled(calls);
        const failed = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
        expect(failed.length).toBeGreaterThan(0);
        expect(failed.length).toBeLessThan(10);
        for (const error of failed)
          expect(error).toMatchObject({ kind: "resource_exhausted", reason: "OVERLOADED" });
        await limited.close();
      });

      it("a signal ends the wait for a running job and for a queued one", async () => {
        const limited = open({ jobMs: 2_000, queue: 10 });
        const schema = schemaText({ items: { uniqueItems: true, items: true } });
        const slow = Array.from({ length: 50 }, () => Array.from({ length: 3000 }, (_, i) => ({ i })));
        const running = new AbortController();
        const first = limited.validate(schema, [slow], running.signal);
        const queued = new AbortController();
        const others = [1, 2, 3].map(() => limited.validate(schema, [slow], queued.signal));
        running.abort();
        queued.abort();
        for (const call of [first, ...others]) {
          await expect(call).rejects.toMatchObject({ kind: "cancelled", applied: "no" });
        }
        await expect(limited.check(schema, AbortSignal.abort())).rejects.toMatchObject({ kind: "cancelled" });
        await limited.close();
      });

      it("closing refuses what runs, what waits and what comes", async () => {
        const limited = open({ jobMs: 10_000, queue: 10 });
        const schema = schemaText({ type: "string" });
        const calls = [1, 2, 3, 4].map(() => limited.validate(schema, ["a"]));
        const outcomes = Promise.allSettled(calls);
        await limited.close();
        for (const outcome of await outcomes) {
          expect(outcome).toMatchObject({ status: "rejected", reason: { reason: "SHUTTING_DOWN" } });
        }
        await expect(limited.check(schema)).rejects.toMatchObject({
          kind: "unavailable",
          reason: "SHUTTING_DOWN",
        });
      });
    });
  });
}
