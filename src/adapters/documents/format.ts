/** The storage format: a number in the store that says which versions of this service can read it. */
import { aborted, ServiceError, unavailable } from "../../errors.ts";
import type { DurableStore } from "../../ports/durable-store.ts";

const KEY = "format";

/** The store is of a format that this version does not know. None of its documents was touched. */
export class UnknownFormat extends ServiceError {
  constructor(found: number, current: number) {
    super(
      "unavailable",
      "DURABLE_STORE_UNAVAILABLE",
      `the durable store's format is ${found} and this version knows formats up to ${current}: start the version that wrote it, or a newer one`,
      { retryAfterMs: 60_000 },
    );
    this.name = "UnknownFormat";
  }
}

/**
 * The store, of which nothing is used before its format is known to be one that this version knows. A store without a
 * number, or with a lower one, gets `current`. The number is kept in `collection`.
 */
export function withFormat(store: DurableStore, collection: string, current: number): DurableStore {
  let known = false;
  let checking: Promise<void> | undefined;

  async function check(): Promise<void> {
    const found = numberIn(await store.get(collection, KEY));
    if (found > current) throw new UnknownFormat(found, current);
    if (found < current) {
      const { outcome, document } = await store.update({
        collection,
        key: KEY,
        conditions: [{ path: ["number"], test: "at_most", value: current }],
        change: { set: [[["number"], current]] },
        ifAbsent: "insert",
      });
      if (outcome === "refused") throw new UnknownFormat(numberIn(document), current);
    }
    known = true;
  }

  async function afterCheck<T>(signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
    if (signal?.aborted) throw aborted(signal);
    // Asked again by the next one, where the store was away.
    checking ??= check().finally(() => {
      checking = undefined;
    });
    await beforeAbort(checking, signal);
    return run();
  }
  const checked = <T>(signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> =>
    known ? run() : afterCheck(signal, run);

  return {
    kind: store.kind,
    exclusive: store.exclusive,
    get: (from, key, options) => checked(options?.signal, () => store.get(from, key, options)),
    getMany: (from, keys, options) => checked(options?.signal, () => store.getMany(from, keys, options)),
    update: (update, signal) => checked(signal, () => store.update(update, signal)),
    insertMany: (into, documents, signal) => checked(signal, () => store.insertMany(into, documents, signal)),
    deleteMany: (from, targets, signal) => checked(signal, () => store.deleteMany(from, targets, signal)),
    find: (query, signal) => checked(signal, () => store.find(query, signal)),
    countBy: (of, filters, by, signal) => checked(signal, () => store.countBy(of, filters, by, signal)),
    changes: (of, cursor, limit, signal) => checked(signal, () => store.changes(of, cursor, limit, signal)),
    ping: (signal) => checked(signal, () => store.ping(signal)),
    close: () => store.close(),
  };
}

function numberIn(document: { readonly [field: string]: unknown } | undefined): number {
  if (document === undefined) return 0;
  if (typeof document.number === "number") return document.number;
  throw unavailable("durable", { message: "the durable store's format is no number" });
}

/** What the check ends with, or the signal before it. */
function beforeAbort(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(aborted(signal));
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
