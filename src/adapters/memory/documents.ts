/**
 * The durable store's meaning as synchronous calls on maps: what models and simulators drive directly, and what
 * the memory adapter wraps. Every call is one atomic step.
 */

import type { Json } from "../../json.ts";
import type {
  ChangesPage,
  CollectionSpec,
  DeleteTarget,
  Document,
  Filter,
  Query,
  Scalar,
  Update,
  UpdateResult,
} from "../../ports/durable-store.ts";
import { Collections, copyOf, without } from "../documents/collections.ts";
import { evaluate } from "../documents/evaluate.ts";
import { compareBy, matches, positionOf } from "../documents/query.ts";
import { sequenceOf } from "../documents/sequence.ts";

interface Stored {
  readonly document: Document;
  /** Place in the order of changes. */
  readonly sequence: number;
}

export class MemoryDocuments {
  readonly #collections: Collections;
  readonly #stored = new Map<string, Map<string, Stored>>();
  #sequence = 0;

  constructor(specs: readonly CollectionSpec[]) {
    this.#collections = new Collections(specs);
    for (const { name } of specs) this.#stored.set(name, new Map());
  }

  get(collection: string, key: string, whole = false): Document | undefined {
    const stored = this.#of(collection).get(key);
    return stored && copyOf(whole ? stored.document : this.#light(collection, stored.document));
  }

  getMany(collection: string, keys: readonly string[], whole = false): readonly Document[] {
    return [...new Set(keys)].flatMap((key) => this.get(collection, key, whole) ?? []);
  }

  update(update: Update): UpdateResult {
    const current = this.#of(update.collection).get(update.key)?.document;
    const changed = evaluate(update, current);
    if (changed === undefined) return { outcome: "refused", document: current && copyOf(current) };
    this.#put(update.collection, changed);
    return { outcome: "applied", document: copyOf(this.#light(update.collection, changed)) };
  }

  insertMany(
    collection: string,
    documents: readonly { readonly key: string; readonly [field: string]: Json }[],
  ): void {
    const stored = this.#of(collection);
    for (const document of documents) {
      if (!stored.has(document.key)) this.#put(collection, { ...document, revision: 1 });
    }
  }

  deleteMany(collection: string, targets: readonly DeleteTarget[]): number {
    const stored = this.#of(collection);
    return targets.filter((target) => {
      if (typeof target === "string") return stored.delete(target);
      return stored.get(target.key)?.document.revision === target.revision && stored.delete(target.key);
    }).length;
  }

  find(query: Query): readonly Document[] {
    const { collection, order, after } = query;
    this.#collections.check(
      collection,
      [...query.filters, ...order].map(({ field }) => field),
    );
    const comparison = compareBy(order);
    const position = after && positionOf(order, after);
    return this.#documents(collection)
      .filter((document) => matches(query.filters, document))
      .filter((document) => position === undefined || comparison(document, position) > 0)
      .sort(comparison)
      .slice(0, query.limit)
      .map((document) => copyOf(without(this.#light(collection, document), query.omit ?? [])));
  }

  countBy(collection: string, filters: readonly Filter[], by: string): ReadonlyMap<Scalar, number> {
    this.#collections.check(collection, [by, ...filters.map(({ field }) => field)]);
    const counts = new Map<Scalar, number>();
    for (const document of this.#documents(collection)) {
      if (!matches(filters, document)) continue;
      const value = (document[by] ?? null) as Scalar;
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    return counts;
  }

  changes(collection: string, cursor: string | undefined, limit: number): ChangesPage {
    if (cursor === undefined) return { documents: [], cursor: String(this.#sequence) };
    const since = sequenceOf(cursor);
    const page = [...this.#of(collection).values()]
      .filter(({ sequence }) => sequence > since)
      .sort((a, b) => a.sequence - b.sequence)
      .slice(0, limit);
    return {
      documents: page.map(({ document }) => copyOf(this.#light(collection, document))),
      cursor: String(page.at(-1)?.sequence ?? since),
    };
  }

  #of(collection: string): Map<string, Stored> {
    const stored = this.#stored.get(collection);
    if (stored === undefined) throw new Error(`the collection ${collection} was not declared`);
    return stored;
  }

  #documents(collection: string): readonly Document[] {
    return [...this.#of(collection).values()].map(({ document }) => document);
  }

  #light(collection: string, document: Document): Document {
    return without(document, this.#collections.get(collection).heavy);
  }

  #put(collection: string, document: Document): void {
    this.#sequence += 1;
    this.#of(collection).set(document.key, { document: copyOf(document), sequence: this.#sequence });
  }
}
