import { type Db, MongoClient } from "mongodb";
import { isSchemaDocument } from "./read-schema.ts";
import type { Fields } from "./read-task.ts";
import { isTaskDocument } from "./read-task.ts";

export interface SourceDocument {
  /** For the report: collection and id. */
  readonly at: string;
  readonly shape: "schema" | "task" | "neither";
  readonly fields: Fields;
}

export interface MongoSource {
  /** Host and database, to tell the source from the target. */
  readonly database: string;
  /** Every document of the collections that hold schemas or tasks. */
  documents(): AsyncIterable<SourceDocument>;
  /** Collections that hold neither, and are left alone. */
  readonly others: readonly string[];
  close(): Promise<void>;
}

/** What every document of this service's own collections has. */
const OWN_FIELD = "_stamp";
const SAMPLE = 100;

/** `only`: these collections, instead of all of the database in the URI. */
export async function openMongoSource(uri: string, only: readonly string[]): Promise<MongoSource> {
  const client = await new MongoClient(uri, { serverSelectionTimeoutMS: 10_000 }).connect();
  try {
    const db = client.db();
    const found = only.length > 0 ? only : await collectionsOf(db);
    const chosen: string[] = [];
    for (const name of found) {
      if (only.length > 0 || (await isOriginal(db, name))) chosen.push(name);
    }
    return {
      database: db.databaseName,
      others: found.filter((name) => !chosen.includes(name)),
      documents: () => documentsOf(db, chosen),
      close: () => client.close(),
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}

async function collectionsOf(db: Db): Promise<readonly string[]> {
  const collections = await db.listCollections({}, { nameOnly: true }).toArray();
  return collections.map(({ name }) => name).filter((name) => !name.startsWith("system."));
}

async function isOriginal(db: Db, name: string): Promise<boolean> {
  const sample = await db.collection(name).find().limit(SAMPLE).toArray();
  return sample.some((document) => shapeOf(document) !== "neither");
}

async function* documentsOf(db: Db, names: readonly string[]): AsyncIterable<SourceDocument> {
  for (const name of names) {
    // By id, so that of two documents of one name the older one comes first, as the original found it.
    for await (const fields of db.collection(name).find().sort({ _id: 1 })) {
      yield { at: `${name}/${String(fields._id)}`, shape: shapeOf(fields), fields };
    }
  }
}

function shapeOf(fields: Fields): SourceDocument["shape"] {
  if (OWN_FIELD in fields) return "neither";
  return isSchemaDocument(fields) ? "schema" : isTaskDocument(fields) ? "task" : "neither";
}
