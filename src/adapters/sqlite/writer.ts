/**
 * The writing calls, inside the transaction of their batch. Updates of one document are made one after the other in
 * memory, and what came of them all is written with one statement: to read and write a document that many write at once
 * costs no more than for one of them.
 */
import type { DatabaseSync } from "node:sqlite";
import type { Json } from "../../json.ts";
import type { CollectionSpec, Document, Scalar, Update } from "../../ports/durable-store.ts";
import { Collections, without } from "../documents/collections.ts";
import { evaluate } from "../documents/evaluate.ts";
import type { Calls, Stored } from "./protocol.ts";
import { columnOf, lastSequence, tableOf } from "./schema.ts";
import { stored as storedScalar } from "./sql.ts";
import { Statements } from "./statements.ts";

/** A document as the batch has made it so far. */
interface Open {
  readonly spec: CollectionSpec;
  readonly key: string;
  /** Undefined when there is none. */
  document: Document | undefined;
  /** Its light part as text, and undefined when it has to be made of the document. */
  body: string | undefined;
  /** Whether `document` has its heavy fields. */
  whole: boolean;
  /** Whether the database has the document. */
  readonly stored: boolean;
  readonly updates: Update[];
}

export class Writer {
  readonly #statements: Statements;
  readonly #collections: Collections;
  readonly #open = new Map<string, Open>();
  /** The place of the last write in the order of changes; one thread writes, so it is a plain counter. */
  #sequence: number;
  /** Documents written so far, once for each update of one. */
  writes = 0;

  constructor(database: DatabaseSync, specs: readonly CollectionSpec[]) {
    this.#statements = new Statements(database);
    this.#collections = new Collections(specs);
    this.#sequence = lastSequence(database, specs);
  }

  /** In memory only, until `flush`. */
  update(update: Update): Calls["update"]["answers"] {
    const spec = this.#collections.get(update.collection);
    const open = this.#opened(spec, update.key, touchesHeavy(update, spec));
    const changed = evaluate(update, open.document);
    if (changed === undefined) {
      const { document } = this.#opened(spec, update.key, true);
      return { outcome: "refused", stored: document && textsOf(spec, document) };
    }
    // What has been made here has all its fields, whatever the collection's heavy ones are.
    if (open.document === undefined) open.whole = true;
    open.document = changed;
    open.body = JSON.stringify(without(changed, spec.heavy));
    open.updates.push(update);
    return { outcome: "applied", stored: { body: open.body, heavy: null } };
  }

  /**
   * Writes what the updates since the last one have made.
   * @param undone is told of each update whose document could not be written
   */
  flush(undone: (update: Update, cause: unknown) => void): void {
    const all = [...this.#open.values()];
    this.#open.clear();
    for (const { spec, document, body, whole, stored, updates } of all) {
      if (document === undefined || updates.length === 0) continue;
      try {
        this.#write(spec, document, stored ? (whole ? "whole" : "light") : "insert", body);
        this.writes += updates.length;
      } catch (cause) {
        for (const update of updates) undone(update, cause);
      }
    }
  }

  /** What was not written and never will be. */
  forget(): void {
    this.#open.clear();
  }

  insertMany({ collection, documents }: Calls["insertMany"]["takes"]): null {
    const spec = this.#collections.get(collection);
    for (const document of documents) {
      this.writes += this.#write(spec, { ...document, revision: 1 }, "insert");
    }
    return null;
  }

  deleteMany({ collection, targets }: Calls["deleteMany"]["takes"]): number {
    const text = `DELETE FROM ${tableOf(collection)} WHERE key = ? AND revision = coalesce(?, revision)`;
    let removed = 0;
    for (const target of targets) {
      const { key, revision } = typeof target === "string" ? { key: target, revision: null } : target;
      removed += Number(this.#statements.of(text).run(key, revision).changes);
    }
    this.writes += removed;
    return removed;
  }

  #opened(spec: CollectionSpec, key: string, whole: boolean): Open {
    const name = `${spec.name}\n${key}`;
    const known = this.#open.get(name);
    if (known !== undefined) {
      if (whole && !known.whole) this.#makeWhole(known);
      return known;
    }
    const stored = this.#select(spec, key, whole);
    const open: Open = {
      spec,
      key,
      document: stored && documentOf(stored),
      body: undefined,
      whole,
      stored: stored !== undefined,
      updates: [],
    };
    this.#open.set(name, open);
    return open;
  }

  /** No update since it was read has touched what is heavy, or it would be whole. */
  #makeWhole(open: Open): void {
    const heavy = this.#select(open.spec, open.key, true)?.heavy ?? null;
    if (open.document !== undefined && heavy !== null) {
      open.document = { ...open.document, ...(JSON.parse(heavy) as Record<string, Json>) };
    }
    open.whole = true;
  }

  #select(spec: CollectionSpec, key: string, heavy: boolean): Stored | undefined {
    const columns = heavy ? "body, heavy" : "body, NULL AS heavy";
    const text = `SELECT ${columns} FROM ${tableOf(spec.name)} WHERE key = ?`;
    return this.#statements.of(text).get(key) as unknown as Stored | undefined;
  }

  /** Answers how many rows it wrote: an insert leaves a key that is there already as it is. */
  #write(
    spec: CollectionSpec,
    document: Document,
    how: "insert" | "light" | "whole",
    body = JSON.stringify(without(document, spec.heavy)),
  ): number {
    this.#sequence += 1;
    const values: readonly (readonly [string, string | number | null])[] = [
      ...(how === "insert" ? [["key", document.key] as const] : []),
      ["revision", document.revision],
      ["seq", this.#sequence],
      ["body", body],
      ...Object.keys(spec.fields).map((field) => [columnOf(field), columnValue(document[field])] as const),
      ...(how === "light" ? [] : [["heavy", heavyOf(spec, document)] as const]),
    ];
    const columns = values.map(([column]) => column);
    const text =
      how === "insert"
        ? `INSERT INTO ${tableOf(spec.name)} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})
           ON CONFLICT (key) DO NOTHING`
        : `UPDATE ${tableOf(spec.name)} SET (${columns.join(", ")}) = (${columns.map(() => "?").join(", ")}) WHERE key = ?`;
    const parameters = values.map(([, value]) => value);
    const result = this.#statements.of(text).run(...parameters, ...(how === "insert" ? [] : [document.key]));
    return Number(result.changes);
  }
}

function textsOf(spec: CollectionSpec, document: Document): Stored {
  return { body: JSON.stringify(without(document, spec.heavy)), heavy: heavyOf(spec, document) };
}

function heavyOf({ heavy }: CollectionSpec, document: Document): string | null {
  const fields = heavy.flatMap((field) => (field in document ? [[field, document[field]]] : []));
  return fields.length === 0 ? null : JSON.stringify(Object.fromEntries(fields));
}

/** The document of its texts. `heavy` may be left out. */
export function documentOf({ body, heavy }: Stored): Document {
  const document = JSON.parse(body) as Document;
  return heavy === null ? document : Object.assign(document, JSON.parse(heavy) as Record<string, Json>);
}

/** Whether the heavy column must be read to judge the update or written to apply it. */
function touchesHeavy({ conditions, change }: Update, { heavy }: CollectionSpec): boolean {
  const paths = [
    ...conditions.map(({ path }) => path),
    ...(change.set ?? []).map(([path]) => path),
    ...(change.unset ?? []),
    ...(change.increment ?? []).map(([path]) => path),
    ...(change.push ?? []).map(({ path }) => path),
  ];
  return paths.some(([field]) => heavy.includes(field));
}

/** What is no scalar cannot be filtered by, and is not in the column. */
function columnValue(value: Json | undefined): string | number | null {
  if (value === undefined || value === null || typeof value === "object") return null;
  return storedScalar(value satisfies Scalar);
}
