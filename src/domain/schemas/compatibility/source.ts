/** The schemas of one document, read into their normal form. */
import { canonicalJson } from "../../../canonical.ts";
import type { Dialect } from "../../../dialect.ts";
import { getKey, isObject, type Json, type JsonObject } from "../../../json.ts";
import { kindOf } from "./keywords.ts";
import { emptyNode, type Form, type Node } from "./node.ts";
import { at, follow } from "./pointer.ts";
import { readArrays, readNumbers, readObjects, readStrings, readValues } from "./rules.ts";
import { ALL, typesNamed } from "./types.ts";

/** What the documents of one comparison share, so that equal forms have equal numbers. */
export class Forms {
  readonly #numbers = new Map<string, number>();
  #ids = 0;

  nextId(): number {
    return ++this.#ids;
  }

  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}

/** Keywords whose schemas apply to the same value, and so decide what is left unevaluated. */
const IN_PLACE = ["$ref", "$dynamicRef", "$recursiveRef", "allOf", "anyOf", "oneOf", "if"];
const IN_PLACE_OF_OBJECTS = [...IN_PLACE, "dependentSchemas", "dependencies"];
const IN_PLACE_OF_ARRAYS = [...IN_PLACE_OF_OBJECTS, "contains"];

export class Source {
  readonly dialect: Dialect;
  readonly document: Json;
  readonly #forms: Forms;
  readonly #nodes = new Map<Json, Node>();
  /** What a reference begins with that stays in the document. */
  readonly #self: string;
  /** Parts with names of their own change what references mean. */
  readonly #isOneResource: boolean;
  #anchors: ReadonlyMap<string, string> | undefined;

  constructor(document: Json, dialect: Dialect, forms: Forms) {
    this.document = document;
    this.dialect = dialect;
    this.#forms = forms;
    const id = isObject(document) ? getKey(document, "$id") : undefined;
    this.#self = typeof id === "string" ? id.replace(/#.*$/, "") : "";
    this.#isOneResource = !hasResources(document);
  }

  get root(): Node {
    return this.read(this.document, "");
  }

  /** The schema in its normal form; the same one for the same part of the document. */
  read(schema: Json, pointer: string): Node {
    if (!isObject(schema)) {
      const node = emptyNode(this.#forms.nextId(), pointer, ALL);
      const form = {
        number: this.#forms.numberOf(schema === false ? "false" : ""),
        inside: [],
        refers: false,
      };
      return schema === false ? { ...node, never: true, trivial: false, types: 0, form } : { ...node, form };
    }
    const known = this.#nodes.get(schema);
    if (known !== undefined) return known;
    const node = this.#readObject(this.#effective(schema), pointer);
    this.#nodes.set(schema, node);
    return node;
  }

  /** Whether a reference leads anywhere by a name, and not by its place. What only looks so counts too. */
  get usesNames(): boolean {
    for (const { value } of partsOf(this.document)) {
      for (const keyword of ["$ref", "$dynamicRef", "$recursiveRef"]) {
        const text = getKey(value, keyword);
        if (typeof text === "string" && text !== "#" && !text.startsWith("#/")) return true;
      }
    }
    return false;
  }

  /** Where a reference leads, as a pointer; undefined where it leaves the document or cannot be followed. */
  targetOf(reference: string): string | undefined {
    if (!this.#isOneResource) return undefined;
    const fragment = reference.startsWith("#")
      ? reference.slice(1)
      : this.#self !== "" && reference.startsWith(`${this.#self}#`)
        ? reference.slice(this.#self.length + 1)
        : undefined;
    if (fragment === undefined) return undefined;
    const pointer = decode(fragment);
    if (pointer === undefined || pointer === "" || pointer.startsWith("/")) return pointer;
    this.#anchors ??= anchorsOf(this.document);
    return this.#anchors.get(pointer);
  }

  /** In draft-07 nothing counts beside a reference. */
  #effective(schema: JsonObject): JsonObject {
    const reference = getKey(schema, "$ref");
    return this.dialect === "draft-07" && typeof reference === "string" ? { $ref: reference } : schema;
  }

  #readObject(schema: JsonObject, pointer: string): Node {
    const read = (value: Json, ...steps: readonly (string | number)[]) =>
      this.read(value, at(pointer, ...steps));
    const one = (keyword: string) => {
      const value = this.#rule(schema, keyword);
      return value === undefined ? undefined : read(value, keyword);
    };
    const many = (keyword: string): readonly Node[] => {
      const value = this.#rule(schema, keyword);
      if (!Array.isArray(value)) return [];
      return (value as readonly Json[]).map((item, index) => read(item, keyword, index));
    };
    const form = this.#formOf(schema, read);
    const keywords = { get: (keyword: string) => this.#rule(schema, keyword), one, many, read };
    const empty = emptyNode(this.#forms.nextId(), pointer, ALL);
    const branching = (["anyOf", "oneOf"] as const).flatMap((kind) => {
      const branches = many(kind);
      return branches.length === 0 ? [] : [{ id: this.#forms.nextId(), kind, branches }];
    });
    const [condition, then, otherwise] = [one("if"), one("then"), one("else")];
    const conditional =
      condition === undefined || (then === undefined && otherwise === undefined)
        ? []
        : [
            {
              id: this.#forms.nextId(),
              kind: "if",
              if: condition,
              met: then ?? empty,
              unmet: otherwise ?? empty,
            } as const,
          ];
    const opaque: string[] = [];
    const additional = this.#unevaluated(schema, "Properties", one, opaque);
    const rest = this.#unevaluated(schema, "Items", one, opaque);
    const { reference, unknown } = this.#referenceOf(schema);
    const node: Node = {
      ...empty,
      types: typesNamed(getKey(schema, "type")),
      values: readValues(keywords),
      numbers: readNumbers(keywords),
      strings: readStrings(keywords),
      arrays: readArrays(keywords, empty, rest),
      objects: readObjects(keywords, empty, additional),
      allOf: many("allOf"),
      choices: [...branching, ...conditional],
      not: one("not"),
      reference,
      opaque: [...opaque, ...unknown],
      form,
    };
    return { ...node, trivial: isTrivial(node) };
  }

  /** The keyword's value, if the dialect knows it. */
  #rule(schema: JsonObject, keyword: string): Json | undefined {
    const value = getKey(schema, keyword);
    if (value === undefined) return undefined;
    return kindOf(keyword, value, this.dialect) === "annotation" ? undefined : value;
  }

  /** Where no other schema evaluates the same value, what is unevaluated is what is additional. */
  #unevaluated(
    schema: JsonObject,
    what: "Properties" | "Items",
    one: (keyword: string) => Node | undefined,
    opaque: string[],
  ): Node | undefined {
    const node = one(`unevaluated${what}`);
    if (node === undefined || node.trivial) return undefined;
    const others = what === "Items" ? IN_PLACE_OF_ARRAYS : IN_PLACE_OF_OBJECTS;
    if (others.every((keyword) => this.#rule(schema, keyword) === undefined)) return node;
    opaque.push(`unevaluated${what}`);
    return undefined;
  }

  #referenceOf(schema: JsonObject): Pick<Node, "reference"> & { readonly unknown: readonly string[] } {
    const unknown = ["$dynamicRef", "$recursiveRef"].filter(
      (keyword) => this.#rule(schema, keyword) !== undefined,
    );
    const text = getKey(schema, "$ref");
    if (typeof text !== "string") return { reference: undefined, unknown };
    const pointer = this.targetOf(text);
    const target = pointer === undefined ? undefined : follow(this.document, pointer);
    if (pointer === undefined || !isSchema(target))
      return { reference: undefined, unknown: [...unknown, "$ref"] };
    return { reference: () => this.read(target, pointer), unknown };
  }

  #formOf(schema: JsonObject, read: (value: Json, ...steps: readonly (string | number)[]) => Node): Form {
    const inside: Node[] = [];
    let refers = false;
    const nested = (value: Json, ...steps: readonly (string | number)[]): string => {
      if (!isSchema(value)) return canonicalJson(value);
      const node = read(value, ...steps);
      inside.push(node);
      refers ||= node.form?.refers === true;
      return `@${node.form?.number}`;
    };
    const parts: string[] = [];
    for (const keyword of Object.keys(schema).sort()) {
      const value = getKey(schema, keyword) ?? null;
      switch (kindOf(keyword, value, this.dialect)) {
        case "rule":
          parts.push(`${keyword}=${canonicalJson(value)}`);
          break;
        case "reference":
          refers = true;
          parts.push(`${keyword}=${canonicalJson(value)}`);
          break;
        case "schema":
          parts.push(`${keyword}=${nested(value, keyword)}`);
          break;
        case "list": {
          const items = Array.isArray(value) ? (value as readonly Json[]) : [];
          parts.push(`${keyword}=[${items.map((item, index) => nested(item, keyword, index)).join()}]`);
          break;
        }
        case "map": {
          const entries = Object.entries(isObject(value) ? value : {}).sort(([a], [b]) => (a < b ? -1 : 1));
          const texts = entries.map(
            ([key, child]) => `${JSON.stringify(key)}:${nested(child, keyword, key)}`,
          );
          parts.push(`${keyword}={${texts.join()}}`);
          break;
        }
      }
    }
    // What the words mean is the dialect's.
    const text = parts.length === 0 ? "" : `${this.dialect} ${parts.join(" ")}`;
    return { number: this.#forms.numberOf(text), inside, refers };
  }
}

export function isSchema(value: Json | undefined): value is JsonObject | boolean {
  return typeof value === "boolean" || isObject(value);
}

function isTrivial(node: Node): boolean {
  return (
    node.types === ALL &&
    node.values === undefined &&
    node.numbers === undefined &&
    node.strings === undefined &&
    node.arrays === undefined &&
    node.objects === undefined &&
    node.not === undefined &&
    node.reference === undefined &&
    node.choices.length === 0 &&
    node.opaque.length === 0 &&
    node.allOf.every(({ trivial }) => trivial)
  );
}

/** Whether something below the root has a URI of its own. What only looks so, in a constant, counts too. */
function hasResources(document: Json): boolean {
  for (const { value, pointer } of partsOf(document)) {
    const id = getKey(value, "$id");
    if (pointer !== "" && typeof id === "string" && !id.startsWith("#")) return true;
  }
  return false;
}

/** A name that is given twice leads nowhere. */
function anchorsOf(document: Json): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const twice = new Set<string>();
  for (const { value, pointer } of partsOf(document)) {
    for (const keyword of ["$anchor", "$dynamicAnchor", "$id"]) {
      const text = getKey(value, keyword);
      if (typeof text !== "string" || (keyword === "$id" && !text.startsWith("#"))) continue;
      const name = text.replace(/^#/, "");
      if (found.has(name) && found.get(name) !== pointer) twice.add(name);
      found.set(name, pointer);
    }
  }
  for (const name of twice) found.delete(name);
  return found;
}

function* partsOf(document: Json): Generator<{ readonly value: JsonObject; readonly pointer: string }> {
  const stack: [Json, string][] = [[document, ""]];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const [value, pointer] = next;
    if (typeof value !== "object" || value === null) continue;
    if (isObject(value)) yield { value, pointer };
    for (const [key, child] of Object.entries(value)) stack.push([child as Json, at(pointer, key)]);
  }
}

function decode(fragment: string): string | undefined {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return undefined;
  }
}
