import { setTimeout as delay } from "node:timers/promises";
import { type Collection, type IndexDescription, MongoServerError } from "mongodb";
import type { CollectionSpec } from "../../ports/durable-store.ts";
import { type MongoDocument, STAMP } from "./documents.ts";
import { fieldName } from "./keys.ts";

const RETRY_MS = 2000;

const NAMESPACE_NOT_FOUND = 26;

/** CommandNotFound, NotImplemented: a server without indexes is slow, and right. */
const UNSUPPORTED = new Set([59, 238]);

/**
 * Makes the declared indexes, in the background and until it worked: calls are right without them and need not
 * wait. Ends early when the signal fires.
 */
export async function ensureIndexes(
  spec: CollectionSpec,
  collection: () => Promise<Collection<MongoDocument>>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const on = await collection();
      const existing = await namesOn(on);
      const missing = indexesOf(spec).filter(({ name }) => !existing.has(name));
      // Not for what is there: FerretDB breaks the connection off, and with it every call on its way.
      if (missing.length > 0) await on.createIndexes([...missing]);
      return;
    } catch (error) {
      if (error instanceof MongoServerError && UNSUPPORTED.has(Number(error.code))) return;
      await delay(RETRY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}

async function namesOn(collection: Collection<MongoDocument>): Promise<ReadonlySet<string>> {
  try {
    return new Set((await collection.listIndexes().toArray()).map(({ name }) => String(name)));
  } catch (error) {
    if (error instanceof MongoServerError && error.code === NAMESPACE_NOT_FOUND) return new Set();
    throw error;
  }
}

function indexesOf({ indexes }: CollectionSpec): readonly (IndexDescription & { readonly name: string })[] {
  const declared = indexes.map((fields) =>
    fields.map((field): [string, 1 | -1] =>
      field.startsWith("-") ? [fieldName(field.slice(1)), -1] : [fieldName(field), 1],
    ),
  );
  const byStamp: [string, 1 | -1][] = [
    [STAMP, 1],
    ["_id", 1],
  ];
  return [byStamp, ...declared].map((key) => ({ key: new Map(key), name: key.flat().join("_") }));
}
