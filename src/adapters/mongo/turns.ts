/**
 * Updates of one document that come while another is under way go together into the next write, for servers that
 * need the document's lock (document-locks.ts): under it nobody else writes, so that they can be judged here. Each
 * alone would cost such a server a reading and a writing of the whole document.
 */
import { randomUUID } from "node:crypto";
import { type Collection, MongoServerError, type Timestamp, type UpdateFilter } from "mongodb";
import { ServiceError } from "../../errors.ts";
import type { Document, Update, UpdateResult } from "../../ports/durable-store.ts";
import { without } from "../documents/collections.ts";
import { evaluate } from "../documents/evaluate.ts";
import type { DocumentLocks } from "./document-locks.ts";
import { documentOf, encode, type MongoDocument, newDocument, STAMP } from "./documents.ts";
import { isDuplicateKey } from "./failures.ts";
import { fieldName } from "./keys.ts";
import { applyUpdate, MAX_ATTEMPTS, type UpdateContext } from "./updates.ts";

/** Documents at a time. Such a server writes one after the other, and of many that wait it forgets some for seconds. */
const MAX_TURNS = 8;

interface Waiting {
  readonly update: Update;
  readonly context: UpdateContext;
  readonly resolve: (result: UpdateResult) => void;
  readonly reject: (error: unknown) => void;
}

export class Turns {
  readonly #locks: DocumentLocks;
  readonly #now: () => Promise<Timestamp>;
  #free = MAX_TURNS;
  /** Turns that wait for one of the others to end. */
  readonly #queue: (() => void)[] = [];
  /** What waits for the next turn, by document. */
  readonly #next = new Map<string, Waiting[]>();

  /** `now`: the server's time, for what is inserted. */
  constructor(locks: DocumentLocks, now: () => Promise<Timestamp>) {
    this.#locks = locks;
    this.#now = now;
  }

  apply(update: Update, context: UpdateContext): Promise<UpdateResult> {
    const document = `${update.collection}/${update.key}`;
    return new Promise((resolve, reject) => {
      const item = { update, context, resolve, reject };
      const waiting = this.#next.get(document);
      if (waiting !== undefined) {
        waiting.push(item);
        return;
      }
      const items = [item];
      this.#next.set(document, items);
      const turn = async () => {
        this.#next.delete(document);
        await applyAll(items, this.#now);
      };
      this.#inLine(() => this.#locks.run(document, turn)).catch((error: unknown) => {
        this.#next.delete(document);
        for (const { reject: refuse } of items) refuse(error);
      });
    });
  }

  async #inLine(turn: () => Promise<void>): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
    try {
      await turn();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}

async function applyAll(items: readonly Waiting[], now: () => Promise<Timestamp>): Promise<void> {
  const [first] = items;
  if (first === undefined) return;
  // An upsert looks through the whole collection for what is not there.
  if (items.length === 1 && first.update.ifAbsent === "refuse") return applyAlone(first);
  try {
    await applyTogether(items, first.context, now);
  } catch (error) {
    if (items.length === 1 || !(error instanceof MongoServerError)) {
      for (const { reject } of items) reject(error);
      return;
    }
    // The server did not take the document that came of them all: whose fault it is shows one by one.
    for (const item of items) {
      item.context.flight.mutating = false;
      await applyAlone(item);
    }
  }
}

function applyAlone({ update, context, resolve, reject }: Waiting): Promise<void> {
  return applyUpdate(update, context).then(resolve, reject);
}

async function applyTogether(
  items: readonly Waiting[],
  { collection, spec, commandTimeoutMs }: UpdateContext,
  now: () => Promise<Timestamp>,
): Promise<void> {
  const limits = { maxTimeMS: commandTimeoutMs };
  const key = items[0]?.update.key ?? "";
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const stored = await collection.findOne({ _id: key }, limits);
    const before = stored === null ? undefined : documentOf(stored);
    const stamp = await now();
    let after = before;
    const results: (readonly [Waiting, UpdateResult])[] = [];
    const answer = () => {
      for (const [{ resolve }, result] of results) resolve(result);
    };
    // From here to the write nothing is awaited: who has gone by now was told that nothing was applied.
    const applied: Waiting[] = [];
    for (const item of items.filter(({ context }) => context.signal?.aborted !== true)) {
      const changed: Document | undefined = evaluate(item.update, after);
      if (changed === undefined) {
        results.push([item, { outcome: "refused", document: after }]);
        continue;
      }
      after = changed;
      applied.push(item);
      results.push([item, { outcome: "applied", document: without(changed, spec.heavy) }]);
    }
    if (after === undefined || applied.length === 0) return answer();
    for (const { context } of applied) context.flight.mutating = true;
    const write =
      before === undefined
        ? insert(collection, { ...newDocument(after, stamp), revision: after.revision })
        : collection
            // A lock that was lost in one's sleep shows in the revision.
            .updateOne({ _id: key, revision: before.revision }, difference(before, after), limits)
            .then(({ matchedCount }) => matchedCount > 0);
    const taken = await write;
    for (const { context } of applied) context.flight.mutating = false;
    if (taken) return answer();
  }
  throw new ServiceError("aborted", "CONTENTION", "other writers kept changing the document");
}

/** Answers false for somebody else's document under the key. */
async function insert(collection: Collection<MongoDocument>, document: MongoDocument): Promise<boolean> {
  try {
    await collection.insertOne(document);
    return true;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

/** What makes the one document out of the other: parts that were not changed are the same objects. */
function difference(before: Document, after: Document): UpdateFilter<MongoDocument> {
  const mark = randomUUID();
  const changed = Object.entries(after).filter(
    ([field, value]) => field !== "key" && before[field] !== value,
  );
  const gone = Object.keys(before).filter((field) => !Object.hasOwn(after, field));
  return {
    $set: Object.fromEntries(changed.map(([field, value]) => [fieldName(field), encode(value, mark)])),
    ...(gone.length === 0 ? {} : { $unset: Object.fromEntries(gone.map((field) => [fieldName(field), ""])) }),
    $currentDate: { [STAMP]: { $type: "timestamp" } },
  } as unknown as UpdateFilter<MongoDocument>;
}
