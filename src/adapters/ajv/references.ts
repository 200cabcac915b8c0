import { getKey, isObject, type Json, type JsonObject } from "../../json.ts";
import type { SchemaProblem } from "../../ports/document-validator.ts";
import { REFERENCE_KEYWORDS } from "./keywords.ts";
import { follow, step } from "./pointer.ts";
import { idOf, resolveUri, type Start, type Subschema, subschemas } from "./subschemas.ts";

/** The base of a document that does not name itself; nothing outside can have it. */
const NAMELESS = "document://root/";

interface Reference {
  readonly pointer: string;
  readonly text: string;
  readonly base: string;
}

/**
 * All schemas of a document: those in the places that the keywords give, and those that only references lead to.
 * `problems` are the references that lead nowhere inside the document, and names that are given twice.
 */
export function resolveDocument(root: Json): {
  readonly schemas: readonly Subschema[];
  readonly problems: readonly SchemaProblem[];
} {
  const document = new ReferencedDocument(root);
  document.add({ schema: root, pointer: "", base: NAMELESS });
  document.followReferences();
  return document;
}

class ReferencedDocument {
  readonly schemas: Subschema[] = [];
  readonly problems: SchemaProblem[] = [];
  readonly #root: Json;
  readonly #seen = new Set<JsonObject>();
  readonly #references: Reference[] = [];
  /** Absolute URI, with an anchor as its fragment, to what it names. */
  readonly #named = new Map<string, Start>();

  constructor(root: Json) {
    this.#root = root;
    this.#named.set(NAMELESS, { schema: root, pointer: "", base: NAMELESS });
  }

  add(start: Start): void {
    for (const found of subschemas(start)) {
      if (this.#seen.has(found.schema)) continue;
      this.#seen.add(found.schema);
      this.schemas.push(found);
      this.#addNames(found);
      for (const keyword of REFERENCE_KEYWORDS) {
        const text = getKey(found.schema, keyword);
        if (typeof text !== "string") continue;
        this.#references.push({ pointer: step(found.pointer, keyword), text, base: found.base });
      }
    }
  }

  /** A reference may lead to a schema that no keyword announced, which may hold further references. */
  followReferences(): void {
    for (let next = this.#references.pop(); next !== undefined; next = this.#references.pop()) {
      const target = this.#target(next);
      if (target === undefined) {
        this.problems.push({ pointer: next.pointer, message: "must lead to a schema inside this document" });
      } else {
        this.add(target);
      }
    }
  }

  #addNames({ schema, pointer, base }: Subschema): void {
    const self: Start = { schema, pointer, base };
    const id = getKey(schema, "$id");
    if (typeof id === "string" && id.startsWith("#") && id !== "#") this.#name(base + id, self, "$id");
    else if (idOf(schema) !== undefined) this.#name(withoutFragment(base), self, "$id");
    for (const keyword of ["$anchor", "$dynamicAnchor"]) {
      const anchor = getKey(schema, keyword);
      if (typeof anchor === "string") this.#name(`${withoutFragment(base)}#${anchor}`, self, keyword);
    }
  }

  #name(uri: string, target: Start, keyword: string): void {
    const known = this.#named.get(uri);
    if (known === undefined) this.#named.set(uri, target);
    else if (known.schema !== target.schema) {
      const message = "names a schema that has another place in this document already";
      this.problems.push({ pointer: step(target.pointer, keyword), message });
    }
  }

  #target({ text, base }: Reference): Start | undefined {
    const uri = resolveUri(text, base);
    if (uri === undefined) return undefined;
    const resource = this.#named.get(withoutFragment(uri));
    const fragment = decode(uri.slice(withoutFragment(uri).length + 1));
    if (fragment === undefined) return undefined;
    if (fragment !== "" && !fragment.startsWith("/")) {
      return this.#named.get(`${withoutFragment(uri)}#${fragment}`);
    }
    if (resource === undefined) return undefined;
    const pointer = resource.pointer + fragment;
    const schema = follow(this.#root, pointer);
    if (typeof schema !== "boolean" && !isObject(schema)) return undefined;
    return { schema, pointer, base: resource.base };
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
