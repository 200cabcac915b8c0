import { setTimeout as delay } from "node:timers/promises";
import { type Collection, type IndexDescription, MongoServerError } from "mongodb";
import type { CollectionSpec } from "../../ports/durable-store.ts";
import { type MongoDocument, STAMP } from "./documents.ts";
import { fieldName } from "./keys.ts";

const RETRY_MS = 2000;

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
      await (await collection()).createIndexes(indexesOf(spec));
      return;
    } catch (error) {
      if (error instanceof MongoServerError && UNSUPPORTED.has(Number(error.code))) return;
      await delay(RETRY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}

function indexesOf({ indexes }: CollectionSpec): IndexDescription[] {
  const declared = indexes.map((fields) =>
    fields.map((field): [string, 1 | -1] =>
      field.startsWith("-") ? [fieldName(field.slice(1)), -1] : [fieldName(field), 1],
    ),
  );
  const byStamp: [string, 1 | -1][] = [
    [STAMP, 1],
    ["_id", 1],
  ];
  return [byStamp, ...declared].map((key) => ({ key: new Map(key) }));
}
