/** One update: a single atomic command, and the proof when it was refused. */
import { randomUUID } from "node:crypto";
import type { Collection, UpdateFilter } from "mongodb";
import { aborted, ServiceError } from "../../errors.ts";
import type { CollectionSpec, Document, Update, UpdateResult } from "../../ports/durable-store.ts";
import { without } from "../documents/collections.ts";
import { evaluate } from "../documents/evaluate.ts";
import { changedAt, valueAt } from "../documents/paths.ts";
import { changeUpdate, projectionWithout, updateFilter } from "./commands.ts";
import type { Server } from "./connection.ts";
import { documentOf, type MongoDocument } from "./documents.ts";
import { type Flight, isRefusal } from "./failures.ts";
import { pathName } from "./keys.ts";

/** How often a refusal may turn out to be out of date before the caller hears of the contention. */
export const MAX_ATTEMPTS = 8;

export interface UpdateContext {
  readonly collection: Collection<MongoDocument>;
  readonly spec: CollectionSpec;
  readonly server: Server;
  readonly commandTimeoutMs: number;
  readonly flight: Flight;
  readonly signal: AbortSignal | undefined;
}

export async function applyUpdate(update: Update, context: UpdateContext): Promise<UpdateResult> {
  const { collection, commandTimeoutMs, flight, signal, spec } = context;
  let cause: unknown;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    if (signal?.aborted) throw aborted(signal);
    let changed: MongoDocument | null = null;
    flight.mutating = true;
    try {
      const mark = context.server.ferret1 ? randomUUID() : undefined;
      changed = await collection.findOneAndUpdate(updateFilter(update), changeUpdate(update, mark), {
        upsert: update.ifAbsent === "insert",
        returnDocument: "after",
        maxTimeMS: commandTimeoutMs,
        ...(context.server.ferret1 ? {} : { projection: projectionWithout(spec.heavy) }),
      });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      cause = error;
    }
    flight.mutating = false;
    if (changed !== null) {
      const document = context.server.ferret1 ? await trimmed(update, changed, context) : documentOf(changed);
      return { outcome: "applied", document: without(document, spec.heavy) };
    }
    // The server does not say why, and what it saw may be gone: the answer is a document that does refuse.
    const stored = await collection.findOne({ _id: update.key }, { maxTimeMS: commandTimeoutMs });
    const current = stored === null ? undefined : documentOf(stored);
    if (evaluate(update, current) === undefined) return { outcome: "refused", document: current };
  }
  throw new ServiceError("aborted", "CONTENTION", "other writers kept changing the document", { cause });
}

/**
 * FerretDB before 2.0 ignores `$slice`. What a push made too long loses its first elements right after, one
 * conditional command each; where one fails, the next push catches up. Callers hold the document's lock.
 */
async function trimmed(
  { key, change }: Update,
  changed: MongoDocument,
  { collection, commandTimeoutMs }: UpdateContext,
): Promise<Document> {
  let document = documentOf(changed);
  for (const { path, keepLast } of change.push ?? []) {
    const array = valueAt(document, path);
    if (keepLast === undefined || !Array.isArray(array) || array.length <= keepLast) continue;
    const name = pathName(path);
    const tooLong = { _id: key, [`${name}.${keepLast}`]: { $exists: true } };
    for (let excess = array.length - keepLast; excess > 0; excess -= 1) {
      const first = { $pop: { [name]: -1 } } as UpdateFilter<MongoDocument>;
      await collection.updateOne(tooLong, first, { maxTimeMS: commandTimeoutMs }).catch(() => undefined);
    }
    const shorter = changedAt(document, path, () => array.slice(-keepLast));
    document = { ...shorter, key: document.key, revision: document.revision };
  }
  return document;
}
