import { mkdir } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import { unavailable } from "../../errors.ts";
import type { CollectionSpec, Document, DurableStore } from "../../ports/durable-store.ts";
import { Collections, without } from "../documents/collections.ts";
import { sequenceOf } from "../documents/sequence.ts";
import { Lane } from "./lane.ts";
import type { WorkerSettings } from "./protocol.ts";
import { documentOf } from "./writer.ts";

export interface SqliteOptions {
  /** Made when absent. Holds `dbconn.sqlite` and belongs to one process at a time. */
  readonly directory: string;
  readonly collections: readonly CollectionSpec[];
}

export interface SqliteDurable extends DurableStore {
  /** Commits that wrote something, and documents that they wrote; their ratio shows the group commit. */
  stats(): { readonly commits: number; readonly writes: number };
}

/**
 * The embedded durable store. Throws `unavailable` when the directory cannot be used, with the reason.
 *
 * Three threads, each with a connection of its own: the writer; one for reads by key; one for lists, counts and
 * changes. A read by key then never waits behind a big list, nor either of them behind a commit's sync of the
 * disk, and in WAL mode readers see what is committed when they start, which is what the port promises.
 */
export async function openSqlite(options: SqliteOptions): Promise<SqliteDurable> {
  const lane = (role: WorkerSettings["role"]) =>
    new Lane(() => startWorker({ ...options, role }), role === "writer");
  const [writes, byKey, queries] = [lane("writer"), lane("reader"), lane("reader")];
  const close = async () => {
    await Promise.all([byKey.close(), queries.close()]);
    // Last, so that it finds no reader and can fold the log into the database.
    await writes.close();
  };
  try {
    await mkdir(options.directory, { recursive: true });
    await writes.open();
    await Promise.all([byKey.open(), queries.open()]);
  } catch (cause) {
    await close();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw unavailable("durable", { message: `cannot use ${options.directory} (DATA_DIR): ${reason}`, cause });
  }
  const collections = new Collections(options.collections);

  return {
    kind: "sqlite",
    exclusive: true,
    stats: () => ({ ...writes.stats }),
    async get(collection, key, { whole = false, signal } = {}) {
      const [stored] = await byKey.call("get", { collection, keys: [key], whole }, signal);
      return stored && documentOf(stored);
    },
    async getMany(collection, keys, { whole = false, signal } = {}) {
      return (await byKey.call("get", { collection, keys, whole }, signal)).map(documentOf);
    },
    async update(update, signal) {
      const { outcome, stored } = await writes.call("update", update, signal);
      const document = stored && documentOf(stored);
      if (outcome === "refused") return { outcome, document };
      if (document === undefined) throw new Error("an applied update answered no document");
      return { outcome, document };
    },
    async insertMany(collection, documents, signal) {
      await writes.call("insertMany", { collection, documents }, signal);
    },
    deleteMany: (collection, targets, signal) => writes.call("deleteMany", { collection, targets }, signal),
    async find(query, signal) {
      const { collection, filters, order, omit = [] } = query;
      collections.check(
        collection,
        [...filters, ...order].map(({ field }) => field),
      );
      const bodies = await queries.call("find", query, signal);
      return bodies.map((body) => without(JSON.parse(body) as Document, omit));
    },
    async countBy(collection, filters, by, signal) {
      collections.check(collection, [by, ...filters.map(({ field }) => field)]);
      return new Map(await queries.call("countBy", { collection, filters, by }, signal));
    },
    async changes(collection, cursor, limit, signal) {
      const since = cursor === undefined ? undefined : sequenceOf(cursor);
      const { bodies, sequence } = await queries.call("changes", { collection, since, limit }, signal);
      return { documents: bodies.map((body) => JSON.parse(body) as Document), cursor: String(sequence) };
    },
    async ping(signal) {
      await byKey.call("ping", null, signal);
    },
    close,
  };
}

function startWorker(settings: WorkerSettings): Worker {
  return new Worker(new URL("./worker.ts", import.meta.url), {
    name: `sqlite-${settings.role}`,
    workerData: settings,
    // node:sqlite works and is announced as experimental; the announcement is not news to an operator.
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
}
