import { aborted, unavailable } from "../../errors.ts";
import type { CollectionSpec, DurableStore } from "../../ports/durable-store.ts";
import { MemoryDocuments } from "./documents.ts";

/**
 * A durable store for tests, models and simulators: as durable as the process. `documents` may be given to make
 * several stores (instances) share one truth; `exclusive` is then false.
 */
export function memoryDurable(
  specs: readonly CollectionSpec[],
  shared?: { readonly documents: MemoryDocuments },
): DurableStore {
  const documents = shared?.documents ?? new MemoryDocuments(specs);
  let closed = false;

  /** One atomic step, unless the store was closed or the caller has gone. */
  async function step<Result>(signal: AbortSignal | undefined, run: () => Result): Promise<Result> {
    if (closed) throw unavailable("durable", { message: "the durable store is closed" });
    if (signal?.aborted) throw aborted(signal);
    return run();
  }

  return {
    kind: "memory",
    exclusive: shared === undefined,
    get: (collection, key, options) =>
      step(options?.signal, () => documents.get(collection, key, options?.whole)),
    getMany: (collection, keys, options) =>
      step(options?.signal, () => documents.getMany(collection, keys, options?.whole)),
    update: (update, signal) => step(signal, () => documents.update(update)),
    insertMany: (collection, inserted, signal) =>
      step(signal, () => documents.insertMany(collection, inserted)),
    deleteMany: (collection, targets, signal) =>
      step(signal, () => documents.deleteMany(collection, targets)),
    find: (query, signal) => step(signal, () => documents.find(query)),
    countBy: (collection, filters, by, signal) =>
      step(signal, () => documents.countBy(collection, filters, by)),
    changes: (collection, cursor, limit, signal) =>
      step(signal, () => documents.changes(collection, cursor, limit)),
    ping: (signal) => step(signal, () => undefined),
    close: async () => {
      closed = true;
    },
  };
}
