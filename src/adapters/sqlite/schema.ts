/** Tables, columns and indexes of the declared collections. */
import type { DatabaseSync } from "node:sqlite";
import type { CollectionSpec } from "../../ports/durable-store.ts";

/** Inside the data directory. */
export const DATABASE_FILE = "dbconn.sqlite";

/** Grows when a database written by this version cannot be read by the version before. */
export const FORMAT = 1;

const TYPES = { text: "TEXT", integer: "INTEGER", boolean: "INTEGER" } as const;

export function tableOf(collection: string): string {
  return quoted(`c_${collection}`);
}

/** The column of a declared field; `key` and `revision` have columns in every table. */
export function columnOf(field: string): string {
  return field === "key" || field === "revision" ? field : quoted(`f_${field}`);
}

/** Brings the database to what the collections need. Throws when a newer version wrote it. */
export function prepareSchema(database: DatabaseSync, collections: readonly CollectionSpec[]): void {
  database.exec("BEGIN IMMEDIATE");
  database.exec("CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL)");
  const format = database.prepare("SELECT value FROM meta WHERE name = 'format'").get()?.value;
  if (format === undefined) {
    database.prepare("INSERT INTO meta (name, value) VALUES ('format', ?)").run(FORMAT);
  } else if (Number(format) > FORMAT) {
    database.exec("ROLLBACK");
    throw new Error(
      `its storage format is ${format} and this version knows formats up to ${FORMAT}: start the version that wrote it, or a newer one`,
    );
  }
  for (const spec of collections) prepareCollection(database, spec);
  database.exec("COMMIT");
}

function prepareCollection(database: DatabaseSync, spec: CollectionSpec): void {
  const table = tableOf(spec.name);
  // `heavy` comes last, so that SQLite need not walk its pages to reach any other column.
  database.exec(
    `CREATE TABLE IF NOT EXISTS ${table} (
       key TEXT PRIMARY KEY, revision INTEGER NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL, heavy TEXT)`,
  );
  const present = new Set(
    database
      .prepare(`PRAGMA table_info(${table})`)
      .all()
      .map(({ name }) => name),
  );
  for (const [field, type] of Object.entries(spec.fields)) {
    if (present.has(`f_${field}`)) continue;
    database.exec(`ALTER TABLE ${table} ADD COLUMN ${columnOf(field)} ${TYPES[type]}`);
    database.exec(`UPDATE ${table} SET ${columnOf(field)} = json_extract(body, '$.${identifier(field)}')`);
  }
  database.exec(`CREATE UNIQUE INDEX IF NOT EXISTS ${quoted(`${spec.name}(seq)`)} ON ${table} (seq)`);
  for (const fields of spec.indexes) {
    const name = quoted(`${spec.name}(${fields.join(",")})`);
    const columns = fields.map((field) =>
      field.startsWith("-") ? `${columnOf(field.slice(1))} DESC` : columnOf(field),
    );
    database.exec(`CREATE INDEX IF NOT EXISTS ${name} ON ${table} (${columns.join(", ")})`);
  }
}

/** The highest place in the order of changes that any document has, or had before a copy was put back. */
export function lastSequence(database: DatabaseSync, collections: readonly CollectionSpec[]): number {
  const ends = collections.map(({ name }) =>
    Number(database.prepare(`SELECT coalesce(max(seq), 0) AS last FROM ${tableOf(name)}`).get()?.last),
  );
  const before = database.prepare("SELECT value FROM meta WHERE name = 'restored_sequence'").get();
  return Math.max(Number(before?.value ?? 0), ...ends);
}

function identifier(name: string): string {
  if (!/^[A-Za-z]\w*$/.test(name)) throw new Error(`${name} is not an identifier`);
  return name;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
