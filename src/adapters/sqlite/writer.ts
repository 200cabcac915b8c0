/** The writing calls. Each runs inside the transaction of its batch and writes a document with one statement. */
import type { DatabaseSync } from "node:sqlite";
import type { Json } from "../../json.ts";
import type { CollectionSpec, Document, Scalar, Update } from "../../ports/durable-store.ts";
import { Collections, without } from "../documents/collections.ts";
import { evaluate } from "../documents/evaluate.ts";
import type { Calls, Stored } from "./protocol.ts";
import { columnOf, lastSequence, tableOf } from "./schema.ts";
import { stored as storedScalar } from "./sql.ts";
import { Statements } from "./statements.ts";

export class Writer {
  readonly #statements: Statements;
  readonly #collections: Collections;
  /** The place of the last write in the order of changes; one thread writes, so it is a plain counter. */
  #sequence: number;
  /** Documents written so far. */
  writes = 0;

  constructor(database: DatabaseSync, specs: readonly CollectionSpec[]) {
    this.#statements = new Statements(database);
    this.#collections = new Collections(specs);
    this.#sequence = lastSequence(database, specs);
  }

  update(update: Update): Calls["update"]["answers"] {
    const spec = this.#collections.get(update.collection);
    const heavy = touchesHeavy(update, spec);
    const stored = this.#select(spec, update.key, heavy);
    const changed = evaluate(update, stored && documentOf(stored));
    if (changed === undefined) {
      return { outcome: "refused", stored: heavy ? stored : this.#select(spec, update.key, true) };
    }
    const body = this.#write(spec, changed, stored === undefined ? "insert" : heavy ? "whole" : "light");
    return { outcome: "applied", stored: { body, heavy: null } };
  }

  insertMany({ collection, documents }: Calls["insertMany"]["takes"]): null {
    const spec = this.#collections.get(collection);
    for (const document of documents) this.#write(spec, { ...document, revision: 1 }, "insert");
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

  #select(spec: CollectionSpec, key: string, heavy: boolean): Stored | undefined {
    const columns = heavy ? "body, heavy" : "body, NULL AS heavy";
    const text = `SELECT ${columns} FROM ${tableOf(spec.name)} WHERE key = ?`;
    return this.#statements.of(text).get(key) as unknown as Stored | undefined;
  }

  /** Writes the document and answers its body. An insert leaves a key that is there already as it is. */
  #write(spec: CollectionSpec, document: Document, how: "insert" | "light" | "whole"): string {
    const body = JSON.stringify(without(document, spec.heavy));
    const heavy = JSON.stringify(
      Object.fromEntries(
        spec.heavy.flatMap((field) => (field in document ? [[field, document[field]]] : [])),
      ),
    );
    this.#sequence += 1;
    const values: readonly (readonly [string, string | number | null])[] = [
      ...(how === "insert" ? [["key", document.key] as const] : []),
      ["revision", document.revision],
      ["seq", this.#sequence],
      ["body", body],
      ...Object.keys(spec.fields).map((field) => [columnOf(field), columnValue(document[field])] as const),
      ...(how === "light" ? [] : [["heavy", heavy === "{}" ? null : heavy] as const]),
    ];
    const columns = values.map(([column]) => column);
    const text =
      how === "insert"
        ? `INSERT INTO ${tableOf(spec.name)} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})
           ON CONFLICT (key) DO NOTHING`
        : `UPDATE ${tableOf(spec.name)} SET (${columns.join(", ")}) = (${columns.map(() => "?").join(", ")}) WHERE key = ?`;
    const parameters = values.map(([, value]) => value);
    const result = this.#statements.of(text).run(...parameters, ...(how === "insert" ? [] : [document.key]));
    this.writes += Number(result.changes);
    return body;
  }
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
