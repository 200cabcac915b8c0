import type { Dialect } from "../../dialect.ts";
import { getKey, isObject, type Json, type JsonObject } from "../../json.ts";
import type { SchemaProblem } from "../../ports/document-validator.ts";
import { ANCHORS, REFERENCES } from "./keywords.ts";
import { follow, step } from "./pointer.ts";
import { idOf, resolveUri, type Start, type Subschema, subschemas } from "./subschemas.ts";

/** The base of a document that does not name itself; nothing outside can have it. */
const NAMELESS = "document://itself/";

/** A reference and where it leads. */
export interface Reference {
  readonly from: Subschema;
  readonly keyword: string;
  readonly text: string;
  readonly target: Start;
}

export interface ResolvedDocument {
  /** All schemas: those in the places that the keywords give, and those that only references lead to. */
  readonly schemas: readonly Subschema[];
  readonly references: readonly Reference[];
  /** References that lead nowhere inside the document, or to several places; names that are given twice. */
  readonly problems: readonly SchemaProblem[];
}

export function resolveDocument(root: Json, dialect: Dialect): ResolvedDocument {
  const document = new ReferencedDocument(root, dialect);
  document.resolve();
  return document;
}

class ReferencedDocument implements ResolvedDocument {
  readonly schemas: Subschema[] = [];
  readonly references: Reference[] = [];
  readonly problems: SchemaProblem[] = [];
  readonly #root: Start;
  readonly #dialect: Dialect;
  readonly #seen = new Set<JsonObject>();
  readonly #open: Omit<Reference, "target">[] = [];
  /** Absolute URI, with an anchor as its fragment, to what it names. */
  readonly #named = new Map<string, Start>();

  constructor(root: Json, dialect: Dialect) {
    this.#root = { schema: root, pointer: "", base: NAMELESS };
    this.#dialect = dialect;
    this.#named.set(NAMELESS, this.#root);
  }

  resolve(): void {
    this.#add(this.#root);
    // A reference may lead to a schema that no keyword announced, which may hold further references.
    for (let next = this.#open.pop(); next !== undefined; next = this.#open.pop()) {
      const { from, keyword, text } = next;
      const target = this.#target(text, from.base);
      if (target === undefined) {
        this.#problem(from, keyword, "must lead to a schema inside this document");
        continue;
      }
      this.#add(target);
      this.references.push({ ...next, target });
    }
    for (const reference of this.references) {
      if (!this.#isDynamic(reference)) continue;
      this.#problem(
        reference.from,
        reference.keyword,
        "depends on how it is reached, which is not supported",
      );
    }
  }

  #add(start: Start): void {
    for (const found of subschemas(start, this.#dialect)) {
      if (this.#seen.has(found.schema)) continue;
      this.#seen.add(found.schema);
      this.schemas.push(found);
      this.#addNames(found);
      for (const keyword of REFERENCES[this.#dialect]) {
        const text = getKey(found.schema, keyword);
        if (typeof text === "string") this.#open.push({ from: found, keyword, text });
      }
    }
  }

  #addNames(found: Subschema): void {
    const resource = withoutFragment(found.base);
    const id = idOf(found.schema, this.#dialect)?.replace(/#$/, "");
    if (id?.startsWith("#")) this.#name(resource + id, found, "$id");
    else if (id !== undefined && id !== "") this.#name(resource, found, "$id");
    for (const keyword of ANCHORS[this.#dialect]) {
      const anchor = getKey(found.schema, keyword);
      if (typeof anchor === "string") this.#name(`${resource}#${anchor}`, found, keyword);
    }
  }

  #name(uri: string, target: Subschema, keyword: string): void {
    const known = this.#named.get(uri);
    if (known === undefined) this.#named.set(uri, target);
    else if (known.schema !== target.schema) {
      this.#problem(target, keyword, "names a schema that has another place in this document already");
    }
  }

  #target(text: string, base: string): Start | undefined {
    const uri = resolveUri(text, base);
    if (uri === undefined) return undefined;
    const resource = withoutFragment(uri);
    const fragment = decode(uri.slice(resource.length + 1));
    if (fragment === undefined) return undefined;
    if (fragment !== "" && !fragment.startsWith("/")) return this.#named.get(`${resource}#${fragment}`);
    const start = this.#named.get(resource);
    if (start === undefined) return undefined;
    const pointer = start.pointer + fragment;
    const schema = follow(this.#root.schema, pointer);
    if (typeof schema !== "boolean" && !isObject(schema)) return undefined;
    return { schema, pointer, base: start.base };
  }

  /**
   * `$dynamicRef` and `$recursiveRef` mean the outermost schema of their name on the way here. Where the document
   * has but one of that name they are plain references; where it has several the way decides.
   */
  #isDynamic({ keyword, text, target }: Reference): boolean {
    if (keyword === "$ref" || !isObject(target.schema)) return false;
    // A dynamic reference by pointer is a plain one.
    if (keyword === "$dynamicRef" && !/#[^/]/.test(text)) return false;
    const mark = keyword === "$dynamicRef" ? "$dynamicAnchor" : "$recursiveAnchor";
    const name = getKey(target.schema, mark);
    if (name === undefined || name === false) return false;
    return this.schemas.filter(({ schema }) => getKey(schema, mark) === name).length > 1;
  }

  #problem({ pointer }: Subschema, keyword: string, message: string): void {
    this.problems.push({ pointer: step(pointer, keyword), message });
  }
}

function withoutFragment(uri: string): string {
  const hash = uri.indexOf("#");
  return hash === -1 ? uri : uri.slice(0, hash);
}

function decode(fragment: string): string | undefined {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return undefined;
  }
}
