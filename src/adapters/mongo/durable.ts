import { type Filter, Timestamp } from "mongodb";
import { aborted } from "../../errors.ts";
import type { CollectionSpec, DeleteTarget, DurableStore, Scalar } from "../../ports/durable-store.ts";
import { Collections } from "../documents/collections.ts";
import { beginningAt, changesFilter, cursorAfter, cursorOf, cursorText } from "./changes.ts";
import { filtersFilter, findFilter, projectionWithout, sortOf } from "./commands.ts";
import { Connection, type Server } from "./connection.ts";
import { DocumentLocks, type Lock } from "./document-locks.ts";
import { documentOf, type MongoDocument, newDocument, STAMP } from "./documents.ts";
import { type Flight, onlyDuplicates, underSignal } from "./failures.ts";
import { ensureIndexes } from "./indexes.ts";
import { fieldName } from "./keys.ts";
import { Turns } from "./turns.ts";
import { applyUpdate } from "./updates.ts";

export interface MongoOptions {
  readonly uri: string;
  readonly database: string;
  /** The server's name for a collection, where it is not the collection's own. */
  readonly names?: Readonly<Record<string, string>>;
  readonly collections: readonly CollectionSpec[];
  /** Milliseconds until a call gives up finding a server that can serve it; 800 by default, so that it fails within a second. */
  readonly serverSelectionTimeoutMs?: number;
  /** Milliseconds until a new socket, or a heartbeat on it, counts as failed; 1000 by default. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds that one command may take; 5000 by default. */
  readonly commandTimeoutMs?: number;
  /** Sockets to each server; 50 by default. */
  readonly maxPoolSize?: number;
}

/** Past the driver's own limit of a command (ms), for one of its commands that does not end by it. */
const PATIENCE_MS = 1000;
/** A server sets a stamp of zero to its own time when it inserts. */
const SERVER_STAMPS = new Timestamp({ t: 0, i: 0 });

/**
 * The durable store on a server of the MongoDB wire protocol. Resolves at once, whether or not the server is there:
 * until it is, calls fail as `unavailable`, and they work once it has come.
 */
export async function openMongo(options: MongoOptions): Promise<DurableStore> {
  const { names = {}, commandTimeoutMs = 5000 } = options;
  const connection = new Connection({
    uri: options.uri,
    database: options.database,
    serverSelectionTimeoutMs: options.serverSelectionTimeoutMs ?? 800,
    connectTimeoutMs: options.connectTimeoutMs ?? 1000,
    commandTimeoutMs,
    maxPoolSize: options.maxPoolSize ?? 50,
  });
  const collections = new Collections(options.collections);
  const locks = new DocumentLocks(() => connection.locks<Lock>("locks"), commandTimeoutMs + PATIENCE_MS);
  const turns = new Turns(locks, () => connection.now());
  const limits = { maxTimeMS: commandTimeoutMs };
  const of = (name: string, server: Server) =>
    connection.collection(names[name] ?? collections.get(name).name, server);
  const indexing = options.collections.map((spec) =>
    ensureIndexes(spec, async () => of(spec.name, await connection.server()), connection.closing),
  );

  /** Runs a call on the server that is there, until the signal fires. */
  function call<Result>(
    signal: AbortSignal | undefined,
    run: (server: Server, flight: Flight) => Promise<Result>,
  ): Promise<Result> {
    return underSignal(signal, async (flight) => {
      const server = await connection.server();
      // The caller has been told `no` by now if it went while the server was looked for.
      if (signal?.aborted) throw aborted(signal);
      return run(server, flight);
    });
  }

  const store: DurableStore = {
    kind: "mongodb",
    exclusive: false,
    async get(collection, key, readOptions) {
      return (await store.getMany(collection, [key], readOptions))[0];
    },
    getMany: (collection, keys, { whole = false, signal } = {}) =>
      call(signal, async (server) => {
        const omit = whole ? [] : collections.get(collection).heavy;
        const from = of(collection, server);
        const readOptions = { ...limits, projection: projectionWithout(omit) };
        const names = [...new Set(keys)];
        // FerretDB finds a document by its key only when the filter is the key itself; it looks through all for $in.
        const found =
          server.ferret1 || names.length === 1
            ? await Promise.all(names.map((_id) => from.findOne({ _id }, readOptions)))
            : await from.find({ _id: { $in: names } }, { ...readOptions, batchSize: 1000 }).toArray();
        return found.flatMap((stored) => (stored === null ? [] : documentOf(stored, omit)));
      }),
    update: (update, signal) =>
      call(signal, (server, flight) => {
        const collection = of(update.collection, server);
        const spec = collections.get(update.collection);
        const context = { collection, spec, server, commandTimeoutMs, flight, signal };
        return server.ferret1 ? turns.apply(update, context) : applyUpdate(update, context);
      }),
    insertMany: (collection, documents, signal) =>
      call(signal, async (server, flight) => {
        if (documents.length === 0) return;
        const stamp = server.ferret1 ? await connection.now() : SERVER_STAMPS;
        const inserted = documents.map((document) => newDocument(document, stamp));
        if (signal?.aborted) throw aborted(signal);
        flight.mutating = true;
        try {
          await of(collection, server).insertMany(inserted, { ordered: false, ...limits });
        } catch (error) {
          if (!onlyDuplicates(error)) throw error;
        }
      }),
    deleteMany: (collection, targets, signal) =>
      call(signal, async (server, flight) => {
        if (targets.length === 0) return 0;
        flight.mutating = true;
        const removed = await of(collection, server).deleteMany(targetsFilter(targets), limits);
        return removed.deletedCount;
      }),
    find: (query, signal) =>
      call(signal, async (server) => {
        const { heavy } = collections.check(
          query.collection,
          [...query.filters, ...query.order].map(({ field }) => field),
        );
        const omit = [...heavy, ...(query.omit ?? [])];
        const found = await of(query.collection, server)
          .find(findFilter(query), {
            ...limits,
            projection: projectionWithout([...omit, STAMP]),
            sort: sortOf(query.order),
            limit: query.limit,
            batchSize: query.limit,
          })
          .toArray();
        return found.map((stored) => documentOf(stored, omit));
      }),
    countBy: (collection, filters, by, signal) =>
      call(signal, async (server) => {
        collections.check(collection, [by, ...filters.map(({ field }) => field)]);
        const groups = await of(collection, server)
          .aggregate<{ _id: Scalar; count: number }>(
            [
              { $match: filtersFilter(filters) },
              { $group: { _id: `$${fieldName(by)}`, count: { $sum: 1 } } },
            ],
            limits,
          )
          .toArray();
        return new Map(groups.map(({ _id, count }) => [_id, Number(count)]));
      }),
    changes: (collection, cursor, limit, signal) =>
      call(signal, async (server) => {
        const from = cursor === undefined ? undefined : cursorOf(cursor);
        // Before the read, so that nothing can be written between the two and be missed.
        const now = await connection.now();
        if (from === undefined) return { documents: [], cursor: cursorText(beginningAt(now)) };
        const { heavy } = collections.get(collection);
        const found: readonly MongoDocument[] = await of(collection, server)
          .find(changesFilter(from), {
            ...limits,
            projection: projectionWithout(heavy),
            sort: { [STAMP]: 1, _id: 1 },
            limit,
            batchSize: limit,
          })
          .toArray();
        const last = found.length < limit ? undefined : found.at(-1);
        return {
          documents: found.map((stored) => documentOf(stored, heavy)),
          cursor: cursorText(cursorAfter(from, now, last)),
        };
      }),
    ping: (signal) => call(signal, () => connection.ping()),
    close: async () => {
      await locks.idle();
      await connection.close();
      await Promise.all(indexing);
    },
  };
  return store;
}

/** A single one by its key alone, which every server finds at once. */
function targetsFilter(targets: readonly DeleteTarget[]): Filter<MongoDocument> {
  const filters = targets.map(targetFilter);
  const [only] = filters;
  return only !== undefined && filters.length === 1 ? only : { $or: filters };
}

function targetFilter(target: DeleteTarget): Filter<MongoDocument> {
  return typeof target === "string" ? { _id: target } : { _id: target.key, revision: target.revision };
}
