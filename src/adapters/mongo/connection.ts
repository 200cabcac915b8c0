import { setTimeout as delay } from "node:timers/promises";
import { type Collection, type Db, MongoClient, type ReadConcernLevel, Timestamp } from "mongodb";
import { unavailable } from "../../errors.ts";
import type { MongoDocument } from "./documents.ts";

export interface ConnectionSettings {
  readonly uri: string;
  readonly database: string;
  /** Milliseconds until a call gives up finding a server that can serve it. */
  readonly serverSelectionTimeoutMs: number;
  /** Milliseconds until a new socket, or a heartbeat on it, counts as failed. */
  readonly connectTimeoutMs: number;
  /** Milliseconds that one command may take, on the server as well as on its socket. */
  readonly commandTimeoutMs: number;
  readonly maxPoolSize: number;
}

/** What the server turned out to be. */
export interface Server {
  /** `linearizable` where there is a replica set to ask, so that a deposed primary cannot answer. */
  readonly readConcern: ReadConcernLevel;
  /**
   * FerretDB before 2.0: an update is a read and a write that others can come between, a `$slice` is ignored, and
   * an update cannot leave fields out of its answer.
   */
  readonly ferret1: boolean;
}

const HEARTBEAT_MS = 500;

/**
 * The way to the server. It is opened in the background and reopens by itself for as long as it takes. While the
 * server is known to be away, calls fail at once instead of waiting for it each by itself.
 */
export class Connection {
  readonly #client: MongoClient;
  readonly #settings: ConnectionSettings;
  readonly #closing = new AbortController();
  /** Ends with the first attempt, whichever way. */
  readonly #attempted: Promise<void>;
  readonly #opening: Promise<void>;
  #server: Server | undefined;
  #failure: unknown;
  /** Monotonic time since when no server could take a write. */
  #lostSince: number | undefined;

  constructor(settings: ConnectionSettings) {
    this.#settings = settings;
    this.#client = new MongoClient(settings.uri, {
      serverSelectionTimeoutMS: settings.serverSelectionTimeoutMs,
      connectTimeoutMS: settings.connectTimeoutMs,
      socketTimeoutMS: settings.commandTimeoutMs,
      // Who waits for a socket waits behind others' commands: a busy server is not an absent one.
      waitQueueTimeoutMS: settings.commandTimeoutMs,
      maxPoolSize: settings.maxPoolSize,
      heartbeatFrequencyMS: HEARTBEAT_MS,
      minHeartbeatFrequencyMS: HEARTBEAT_MS,
      readPreference: "primary",
      writeConcern: { w: "majority", journal: true },
      // A repeated write is harmless only where the server remembers the first one, which not every server does.
      // An outcome that is not known is said to be unknown, and the caller finds out by its request id.
      retryWrites: false,
      retryReads: false,
    });
    this.#client.on("topologyDescriptionChanged", ({ newDescription }) => {
      const writable = [...newDescription.servers.values()].some(({ isWritable }) => isWritable);
      this.#lostSince = writable ? undefined : (this.#lostSince ?? performance.now());
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#attempted = promise;
    this.#opening = this.#open(resolve);
  }

  /** The server, once it is known. Throws `unavailable`, not applied, while it is away. */
  async server(): Promise<Server> {
    if (this.#server === undefined) await this.#attempted;
    if (this.#closing.signal.aborted)
      throw unavailable("durable", { message: "the durable store is closed" });
    if (this.#server === undefined) throw unavailable("durable", { cause: this.#failure });
    // Not at the first sign: an election or a broken socket is over sooner than the driver gives up.
    const lostFor = this.#lostSince === undefined ? 0 : performance.now() - this.#lostSince;
    if (lostFor > this.#settings.serverSelectionTimeoutMs) throw unavailable("durable");
    return this.#server;
  }

  collection(name: string, { readConcern }: Server): Collection<MongoDocument> {
    return this.#database().collection<MongoDocument>(name, { readConcern: { level: readConcern } });
  }

  /** Locks are read as the primary has them: their own commands are what makes them safe. */
  locks<Lock extends { readonly _id: string }>(name: string): Collection<Lock> {
    return this.#database().collection<Lock>(name);
  }

  async ping(): Promise<void> {
    await this.#database().command({ ping: 1, maxTimeMS: this.#settings.commandTimeoutMs });
  }

  /** The server's time, on the clock that stamps its writes. */
  async now(): Promise<Timestamp> {
    const { operationTime, localTime } = await this.#hello();
    if (operationTime instanceof Timestamp) return operationTime;
    return new Timestamp({ t: Math.floor(Number(localTime) / 1000), i: 0 });
  }

  /** Fires when the connection is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    await this.#opening;
    await this.#client.close();
  }

  #database(): Db {
    return this.#client.db(this.#settings.database);
  }

  #hello(): Promise<Record<string, unknown>> {
    return this.#client.db("admin").command({ hello: 1 });
  }

  async #open(attempted: () => void): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        await this.#client.connect();
        const [hello, build] = await Promise.all([
          this.#hello(),
          this.#client.db("admin").command({ buildInfo: 1 }),
        ]);
        this.#server = serverOf(hello, build);
        return attempted();
      } catch (error) {
        this.#failure = error;
        attempted();
        await delay(HEARTBEAT_MS, undefined, { signal: this.#closing.signal, ref: false }).catch(
          () => undefined,
        );
      }
    }
    attempted();
  }
}

function serverOf(hello: Record<string, unknown>, build: Record<string, unknown>): Server {
  const replicated = typeof hello.setName === "string" || hello.msg === "isdbgrid";
  return {
    readConcern: replicated ? "linearizable" : "local",
    ferret1: /^v?1\./.test(String(build.ferretdbVersion ?? "")),
  };
}
