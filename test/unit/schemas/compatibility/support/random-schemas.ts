// Pairs of schemas: a random one and one that was made from it by a few changes.
import { getKey, isObject, type Json, type JsonObject } from "../../../../../src/json.ts";

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1). Mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }

  some<T>(items: readonly T[], probability: number): T[] {
    return items.filter(() => this.chance(probability));
  }
}

const NAMES = ["a", "b", "c", "x-d"];
const TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"];
const SCALARS: readonly Json[] = [null, true, false, 0, 1, 2, -1, 1.5, "", "a", "ab", "x-d", "abc"];
const CONSTANTS: readonly Json[] = [...SCALARS, [], [1], ["a"], {}, { a: 1 }, { a: "a", b: 2 }];
const PATTERNS = ["^a", "b$", "^[ab]+$", "", "^x-", "c"];

/** The keywords that most schemas are written with. */
export class SchemaMaker {
  readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  document(): JsonObject {
    const schema = { ...this.#object(3) };
    const $defs = Object.fromEntries(["p", "q"].map((name) => [name, this.schema(2)]));
    return JSON.stringify(schema).includes('"$ref"') ? { ...schema, $defs } : schema;
  }

  schema(depth: number): Json {
    const { random } = this;
    if (random.chance(0.04)) return random.chance(0.7);
    return this.#object(depth);
  }

  #object(depth: number): JsonObject {
    const { random } = this;
    if (depth > 0 && random.chance(0.12)) {
      return { $ref: random.pick(["#/$defs/p", "#/$defs/q", "#/$defs/p", "#/$defs/q", "#"]) };
    }
    const kinds = random.chance(0.8) ? [random.pick(TYPES)] : random.some(TYPES, 0.4);
    const schema: Record<string, Json> = {};
    if (random.chance(0.85)) schema.type = kinds.length === 1 ? (kinds[0] ?? "null") : [...kinds, "null"];
    if (Array.isArray(schema.type)) schema.type = [...new Set(schema.type as string[])];
    for (const kind of kinds) Object.assign(schema, this.#rules(kind, depth));
    if (random.chance(0.08)) schema.enum = [...new Set(random.some(CONSTANTS, 0.3))];
    if (Array.isArray(schema.enum) && schema.enum.length === 0) schema.enum = [1];
    if (random.chance(0.04)) schema.const = random.pick(CONSTANTS);
    if (depth > 0 && random.chance(0.15)) {
      const word = random.pick(["allOf", "anyOf", "oneOf", "anyOf"]);
      schema[word] = Array.from({ length: 1 + random.below(3) }, () => this.schema(depth - 1));
    }
    if (depth > 0 && random.chance(0.03)) schema.not = this.schema(depth - 1);
    return schema;
  }

  #rules(kind: string, depth: number): JsonObject {
    const { random } = this;
    const rules: Record<string, Json> = {};
    const maybe = (word: string, make: () => Json, probability = 0.35) => {
      if (random.chance(probability)) rules[word] = make();
    };
    const inside = () => (depth > 0 ? this.schema(depth - 1) : true);
    switch (kind) {
      case "integer":
      case "number":
        maybe("minimum", () => random.below(5) - 2);
        maybe("maximum", () => random.below(5) + 1);
        maybe("exclusiveMinimum", () => random.below(5) - 2.5, 0.1);
        maybe("exclusiveMaximum", () => random.below(5) + 1, 0.1);
        maybe("multipleOf", () => random.pick([1, 2, 3, 4, 0.5]), 0.1);
        break;
      case "string":
        maybe("minLength", () => random.below(3));
        maybe("maxLength", () => random.below(4));
        maybe("pattern", () => random.pick(PATTERNS), 0.2);
        break;
      case "array":
        maybe("items", inside, 0.6);
        maybe("minItems", () => random.below(3));
        maybe("maxItems", () => random.below(4));
        maybe("uniqueItems", () => random.chance(0.7), 0.1);
        maybe("prefixItems", () => [inside(), inside()].slice(random.below(2)), 0.1);
        maybe("contains", inside, 0.05);
        break;
      case "object": {
        const names = random.some(NAMES, 0.5);
        rules.properties = Object.fromEntries(names.map((name) => [name, inside()]));
        maybe("required", () => random.some(NAMES, 0.35), 0.6);
        maybe("additionalProperties", () => (random.chance(0.6) ? false : inside()));
        maybe("minProperties", () => random.below(3), 0.1);
        maybe("maxProperties", () => random.below(4), 0.1);
        maybe("patternProperties", () => ({ [random.pick(PATTERNS)]: inside() }), 0.06);
        break;
      }
    }
    return rules;
  }

  /** A schema with one to three changes, each somewhere inside. */
  mutated(schema: JsonObject): JsonObject {
    let changed: Json = schema;
    for (let times = 1 + this.random.below(3); times > 0; times--) changed = this.#mutate(changed);
    return isObject(changed) ? changed : schema;
  }

  #mutate(schema: Json): Json {
    const { random } = this;
    if (!isObject(schema)) return this.schema(1);
    const places = Object.entries(schema).filter(
      ([word, value]) => typeof value === "object" && !["enum", "const", "required", "type"].includes(word),
    );
    if (places.length > 0 && random.chance(0.65)) {
      const [word, value] = random.pick(places);
      return { ...schema, [word]: this.#mutateInside(word, value) };
    }
    return this.#change(schema);
  }

  #mutateInside(word: string, value: Json): Json {
    const { random } = this;
    const isMap = ["properties", "$defs", "patternProperties"].includes(word);
    if (Array.isArray(value)) {
      const items = value as readonly Json[];
      const index = random.below(items.length);
      if (items.length > 1 && random.chance(0.15)) return items.filter((_, at) => at !== index);
      if (random.chance(0.15)) return [...items, this.schema(1)];
      return items.map((item, at) => (at === index ? this.#mutate(item) : item));
    }
    if (!isObject(value) || !isMap) return this.#mutate(value);
    const names = Object.keys(value);
    if (word === "properties" && (names.length === 0 || random.chance(0.2))) {
      return { ...value, [random.pick(NAMES)]: this.schema(1) };
    }
    if (names.length === 0) return value;
    const name = random.pick(names);
    if (word === "properties" && random.chance(0.15)) return without(value, name);
    return { ...value, [name]: this.#mutate(getKey(value, name) ?? true) };
  }

  #change(schema: JsonObject): JsonObject {
    const { random } = this;
    const words = Object.keys(schema).filter((word) => word !== "$defs" && word !== "$ref");
    if (words.length > 0 && random.chance(0.3)) return without(schema, random.pick(words));
    const shifted = words.filter((word) => typeof schema[word] === "number");
    if (shifted.length > 0 && random.chance(0.5)) {
      const word = random.pick(shifted);
      const value = Number(schema[word]) + random.pick([1, -1, 2]);
      const least = /Length|Items|Properties/.test(word) ? 0 : word === "multipleOf" ? 1 : -9;
      return { ...schema, [word]: Math.max(least, value) };
    }
    if (Array.isArray(schema.required) && random.chance(0.4)) {
      const names = new Set(schema.required as readonly string[]);
      const name = random.pick(NAMES);
      if (!names.delete(name)) names.add(name);
      return { ...schema, required: [...names] };
    }
    if (Array.isArray(schema.enum) && random.chance(0.5)) {
      const values = (schema.enum as readonly Json[]).slice(random.below(2));
      const added = random.pick(CONSTANTS);
      const isNew = !values.some((value) => JSON.stringify(value) === JSON.stringify(added));
      return { ...schema, enum: isNew ? [...values, added] : values };
    }
    if (random.chance(0.3)) {
      const { type } = schema;
      if (type === "integer") return { ...schema, type: "number" };
      if (type === "number") return { ...schema, type: "integer" };
      if (typeof type === "string" && type !== "null") return { ...schema, type: [type, "null"] };
      return { ...schema, type: random.pick(TYPES) };
    }
    if ("$ref" in schema && random.chance(0.5)) return { $ref: random.pick(["#/$defs/p", "#/$defs/q"]) };
    const kind = typeof schema.type === "string" ? schema.type : random.pick(TYPES);
    const rules = this.#rules(kind, 1);
    return random.chance(0.5) ? { ...schema, ...rules } : { ...rules, ...schema };
  }
}

function without(schema: JsonObject, word: string): JsonObject {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== word));
}
