import { describe, expect, it } from "vitest";
import { getKey, isObject, type Json, type JsonObject } from "../../../../src/json.ts";
import { type Classifier, describeFigures, firstWrong, fuzz, OURS } from "./support/fuzz.ts";

const PAIRS = 300;
/** The last one has two branches of a oneOf that accept the same document, which is rare. */
const SEEDS = [...Array.from({ length: 350 }, (_, index) => index + 1), 1167];

describe("over generated pairs of schemas", () => {
  it("nothing is called compatible that a document refutes, and few pairs are undecided", async () => {
    const figures = await fuzz({ pairs: PAIRS, seed: 1 });
    console.info(describeFigures(figures));
    expect(figures.refuted).toEqual([]);
    expect(figures.classes.UNKNOWN ?? 0).toBeLessThanOrEqual(PAIRS / 10);
    // Without claims and without changes that matter there would be nothing to refute.
    expect(figures.included).toBeGreaterThan(PAIRS / 4);
    for (const name of ["BACKWARD", "FORWARD", "FULL", "BREAKING"]) {
      expect(figures.classes[name]).toBeGreaterThan(PAIRS / 20);
    }
  });
});

/** Ours, with the eyes shut to something: what it then says of the rest is wrong of the whole. */
function blind(change: (schema: JsonObject) => JsonObject): Classifier {
  const rewritten = (value: Json, isSchema: boolean): Json => {
    if (Array.isArray(value)) return value.map((item) => rewritten(item as Json, isSchema));
    if (!isObject(value)) return value;
    const schema = isSchema ? change(value) : value;
    return Object.fromEntries(
      Object.entries(schema).map(([word, inner]) => {
        const isData = isSchema && ["enum", "const", "required"].includes(word);
        const isMap = isSchema && ["properties", "patternProperties", "$defs"].includes(word);
        return [word, isData ? inner : rewritten(inner, !isMap)];
      }),
    );
  };
  return (older, newer) => OURS(rewritten(older, true), rewritten(newer, true));
}

const without =
  (...words: readonly string[]) =>
  (schema: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(schema).filter(([word]) => !words.includes(word)));

describe("the oracle finds a classifier that", () => {
  it.each<[string, Classifier]>([
    ["ignores required", blind(without("required"))],
    ["takes every number for an integer", blind((schema) => retyped(schema, "number", "integer"))],
    ["ignores additionalProperties", blind(without("additionalProperties"))],
    ["ignores enum", blind(without("enum"))],
    ["ignores lower bounds of numbers", blind(without("minimum", "exclusiveMinimum"))],
    ["ignores lengths", blind(without("minLength", "maxLength"))],
    ["ignores sizes of arrays", blind(without("minItems", "maxItems"))],
    ["ignores patterns", blind(without("pattern"))],
    ["ignores items", blind(without("items"))],
    ["ignores references", blind((schema) => ("$ref" in schema ? {} : schema))],
    ["ignores not", blind(without("not"))],
    [
      "takes oneOf for anyOf",
      blind((schema) => {
        const branches = getKey(schema, "oneOf");
        return branches === undefined ? schema : { ...without("oneOf")(schema), anyOf: branches };
      }),
    ],
    ["mistakes the older for the newer", (older, newer) => OURS(newer, older)],
    ["says yes to everything", () => ({ backward: undefined, forward: undefined })],
  ])("%s", (_, classifier) => {
    expect(firstWrong(classifier, SEEDS)).toBeDefined();
  });
});

function retyped(schema: JsonObject, from: string, to: string): JsonObject {
  const { type } = schema;
  if (type === from) return { ...schema, type: to };
  if (!Array.isArray(type)) return schema;
  return { ...schema, type: [...new Set((type as string[]).map((name) => (name === from ? to : name)))] };
}
