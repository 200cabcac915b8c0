import type { MemoryDocuments } from "../../../src/adapters/memory/documents.ts";
import { unavailable } from "../../../src/errors.ts";
import type { DurableStore } from "../../../src/ports/durable-store.ts";
import type { Transport } from "./transport.ts";

export interface DurablePortOptions {
  readonly transport: Transport;
  readonly documents: MemoryDocuments;
  readonly node: string;
  /** Whether the caller can reach the store at this moment. */
  readonly reachable: () => boolean;
}

/** The durable store as one process sees it: shared by many, each call one atomic step. */
export function durablePort({ transport, documents, node, reachable }: DurablePortOptions): DurableStore {
  function send<T>(
    label: string,
    mutates: boolean,
    effect: () => T,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const guarded = () => {
      if (!reachable()) throw unavailable("durable");
      return effect();
    };
    return transport.call({ node, store: "durable", label, mutates, effect: guarded }, signal);
  }
  return {
    kind: "mongodb",
    exclusive: false,
    get: (collection, key, options) =>
      send(
        `get ${collection}/${key}${options?.whole ? " whole" : ""}`,
        false,
        () => documents.get(collection, key, options?.whole),
        options?.signal,
      ),
    getMany: (collection, keys, options) =>
      send(
        `getMany ${collection}/${keys.join()}`,
        false,
        () => documents.getMany(collection, keys, options?.whole),
        options?.signal,
      ),
    update: (update, signal) =>
      send(
        `update ${update.collection}/${update.key} ${JSON.stringify([update.conditions, update.change])}`,
        true,
        () => documents.update(update),
        signal,
      ),
    insertMany: (collection, inserted, signal) =>
      send(
        `insertMany ${collection} ${inserted.map(({ key }) => key).join()}`,
        true,
        () => documents.insertMany(collection, inserted),
        signal,
      ),
    deleteMany: (collection, targets, signal) =>
      send(
        `deleteMany ${collection} ${JSON.stringify(targets)}`,
        true,
        () => documents.deleteMany(collection, targets),
        signal,
      ),
    find: (query, signal) =>
      send(`find ${JSON.stringify(query)}`, false, () => documents.find(query), signal),
    countBy: (collection, filters, by, signal) =>
      send(`countBy ${collection} ${by}`, false, () => documents.countBy(collection, filters, by), signal),
    changes: (collection, cursor, limit, signal) =>
      send(
        `changes ${collection} ${cursor}`,
        false,
        () => documents.changes(collection, cursor, limit),
        signal,
      ),
    ping: (signal) => send("ping", false, () => undefined, signal),
    close: () => Promise.resolve(),
  };
}
