// Documents near the edges of a schema: some that it accepts, some that it just does not.
import { getKey, isObject, type Json, type JsonObject } from "../../../../../src/json.ts";
import type { Random } from "./random-schemas.ts";

const ANY: readonly Json[] = [
  null,
  true,
  false,
  0,
  1,
  2,
  3,
  -1,
  -2,
  5,
  6,
  12,
  0.5,
  1.5,
  2.5,
  "",
  "a",
  "b",
  "ab",
  "abc",
  "x-d",
  "c",
  [],
  {},
];

/** Looks only at what its schema says, so that it owes nothing to the code under test. */
export class DocumentMaker {
  readonly #random: Random;
  readonly #root: JsonObject;

  constructor(random: Random, root: JsonObject) {
    this.#random = random;
    this.#root = root;
  }

  document(): Json {
    return this.#make(this.#root, 5);
  }

  #make(schema: Json | undefined, depth: number): Json {
    const random = this.#random;
    if (!isObject(schema) || depth <= 0 || random.chance(0.04)) return this.#any();
    const reference = getKey(schema, "$ref");
    if (typeof reference === "string") return this.#make(this.#target(reference), depth - 1);
    const branches = ["allOf", "anyOf", "oneOf"].flatMap((word) => (schema[word] as readonly Json[]) ?? []);
    if (branches.length > 0 && random.chance(0.5)) {
      const branch = random.pick(branches);
      const merged =
        isObject(branch) && random.chance(0.7) ? { ...withoutBranches(schema), ...branch } : branch;
      return this.#make(merged, depth - 1);
    }
    if (Array.isArray(schema.enum) && random.chance(0.9)) return random.pick(schema.enum as Json[]);
    if (schema.const !== undefined && random.chance(0.9)) return schema.const;
    const types = Array.isArray(schema.type)
      ? (schema.type as string[])
      : [schema.type as string | undefined];
    switch (random.pick(types.map((type) => type ?? random.pick(["string", "number", "object", "array"])))) {
      case "null":
        return null;
      case "boolean":
        return random.chance(0.5);
      case "integer":
        return Math.round(this.#number(schema));
      case "number":
        return this.#number(schema);
      case "string":
        return this.#text(schema);
      case "array":
        return this.#array(schema, depth);
      default:
        return this.#object(schema, depth);
    }
  }

  #number(schema: JsonObject): number {
    const random = this.#random;
    const words = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
    const bounds = words.flatMap((word) => (typeof schema[word] === "number" ? [schema[word]] : []));
    const base = bounds.length > 0 && random.chance(0.8) ? random.pick(bounds) : random.below(9) - 3;
    return base + random.pick([0, 0, 0, 1, -1, 0.5, -0.5, 2]);
  }

  #text(schema: JsonObject): string {
    const random = this.#random;
    const wanted = ["minLength", "maxLength"].flatMap((word) =>
      typeof schema[word] === "number" ? [schema[word]] : [],
    );
    if (wanted.length === 0 || random.chance(0.3))
      return random.pick(["", "a", "b", "ab", "ba", "abc", "x-d", "xc"]);
    const length = Math.max(0, random.pick(wanted) + random.pick([0, 0, 1, -1]));
    return Array.from({ length }, () => random.pick(["a", "a", "b", "c"])).join("");
  }

  #array(schema: JsonObject, depth: number): Json {
    const random = this.#random;
    const wanted = ["minItems", "maxItems"].flatMap((word) =>
      typeof schema[word] === "number" ? [schema[word]] : [],
    );
    const length =
      wanted.length > 0 && random.chance(0.7)
        ? random.pick(wanted) + random.pick([0, 0, 1, -1])
        : random.below(4);
    const prefix = (schema.prefixItems as readonly Json[] | undefined) ?? [];
    return Array.from({ length: Math.max(0, length) }, (_, index) =>
      this.#make(prefix[index] ?? schema.items ?? schema.contains, depth - 1),
    );
  }

  #object(schema: JsonObject, depth: number): Json {
    const random = this.#random;
    const properties = isObject(schema.properties) ? schema.properties : {};
    const required = (schema.required as readonly string[] | undefined) ?? [];
    const names = new Set([
      ...required.filter(() => random.chance(0.93)),
      ...random.some(Object.keys(properties), 0.5),
      ...random.some(["a", "b", "c", "x-d", "zz"], 0.08),
    ]);
    const other = schema.additionalProperties;
    return Object.fromEntries(
      [...names].map((name) => [name, this.#make(getKey(properties, name) ?? other, depth - 1)]),
    );
  }

  #target(reference: string): Json | undefined {
    let at: Json | undefined = this.#root;
    for (const key of reference.split("/").slice(1)) at = isObject(at) ? getKey(at, key) : undefined;
    return at;
  }

  #any(): Json {
    return this.#random.pick(ANY);
  }
}

function withoutBranches(schema: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(schema).filter(([word]) => !["allOf", "anyOf", "oneOf"].includes(word)),
  );
}
