import { type Json, type JsonObject, setKey } from "../../json.ts";
import type { CollectionSpec, Document } from "../../ports/durable-store.ts";

/** A store's collections by name. An undeclared one is a programmer's error, like an undeclared field. */
export class Collections {
  readonly #byName: ReadonlyMap<string, CollectionSpec>;

  constructor(specs: readonly CollectionSpec[]) {
    this.#byName = new Map(specs.map((spec) => [spec.name, spec]));
  }

  get(name: string): CollectionSpec {
    const spec = this.#byName.get(name);
    if (spec === undefined) throw new Error(`the collection ${name} was not declared`);
    return spec;
  }

  /** Throws unless every field is declared, so that what one adapter takes every adapter takes. */
  check(name: string, fields: Iterable<string>): CollectionSpec {
    const spec = this.get(name);
    for (const field of fields) {
      if (field === "key" || field === "revision" || Object.hasOwn(spec.fields, field)) continue;
      throw new Error(`the collection ${name} has no declared field ${field}`);
    }
    return spec;
  }
}

export function without(document: Document, fields: readonly string[]): Document {
  const copy: { key: string; revision: number; [field: string]: Json } = { ...document };
  for (const field of fields) delete copy[field];
  return copy;
}

/** A deep copy that shares nothing with the original. */
export function copyOf<Value extends Json>(value: Value): Value {
  return copyJson(value) as Value;
}

function copyJson(value: Json): Json {
  if (Array.isArray(value)) return value.map(copyJson);
  if (typeof value !== "object" || value === null) return value;
  const copy: Record<string, Json> = {};
  for (const [key, child] of Object.entries(value as JsonObject)) setKey(copy, key, copyJson(child));
  return copy;
}
