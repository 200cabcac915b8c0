// Stores that a test takes away and brings back. Everything else goes through to the store behind.
import { MemoryHotStore } from "../../src/adapters/memory/hot.ts";
import { unavailable } from "../../src/errors.ts";
import type { DurableStore } from "../../src/ports/durable-store.ts";
import type { HotStore } from "../../src/ports/hot-store.ts";

/** One hot server that several instances share; each instance reaches it through a connection of its own. */
export class HotServer {
  identity = "first";
  up = true;
  entries = newEntries();
  hint: number | undefined;
  readonly connections = new Set<HotConnection>();

  connect(): HotConnection {
    const connection = new HotConnection(this);
    this.connections.add(connection);
    return connection;
  }

  /** Dead: every connection is lost at once. */
  kill(): void {
    this.up = false;
    for (const connection of this.connections) connection.lose();
  }

  /** Back empty, as another server than before. */
  restart(identity: string): void {
    this.identity = identity;
    this.entries = newEntries();
    this.up = true;
  }
}

function newEntries(): MemoryHotStore {
  return new MemoryHotStore({
    now: () => performance.now(),
    identity: "",
    maxBytes: 2 ** 26,
    maxEntries: 100_000,
  });
}

export class HotConnection implements HotStore {
  readonly kind = "redis";
  readonly shared = true;
  /** Cut off by itself, while others may still reach the server. */
  cut = false;
  readonly #server: HotServer;
  readonly #listeners = new Set<() => void>();

  constructor(server: HotServer) {
    this.#server = server;
  }

  lose(): void {
    for (const listener of this.#listeners) listener();
  }

  async #reach(): Promise<MemoryHotStore> {
    if (this.cut || !this.#server.up) throw unavailable("hot");
    return this.#server.entries;
  }

  getOrLease: HotStore["getOrLease"] = async (...args) => (await this.#reach()).getOrLease(...args);
  peek: HotStore["peek"] = async (...args) => (await this.#reach()).peek(...args);
  fill: HotStore["fill"] = async (...args) => (await this.#reach()).fill(...args);
  confirm: HotStore["confirm"] = async (...args) => (await this.#reach()).confirm(...args);
  raise: HotStore["raise"] = async (...args) => (await this.#reach()).raise(...args);
  sweepBelow: HotStore["sweepBelow"] = async (...args) => (await this.#reach()).sweepBelow(...args);

  async probe(): Promise<string> {
    await this.#reach();
    return this.#server.identity;
  }

  onDoubt(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Hints come while the connection works; nothing says so when it begins to. */
  onConfirmed(listener: (key: string | undefined) => void): () => void {
    return this.#server.entries.onConfirmed((key) => {
      if (!this.cut && this.#server.up) listener(key);
    });
  }

  async writeHint(generation: number): Promise<void> {
    await this.#reach();
    this.#server.hint = generation;
  }

  async readHint(): Promise<number | undefined> {
    await this.#reach();
    return this.#server.hint;
  }

  async close(): Promise<void> {
    this.#server.connections.delete(this);
  }
}

/** A durable store whose connection can be cut, and whose answers can be lost after the write was applied. */
export interface SwitchedDurable extends DurableStore {
  up: boolean;
  /** So many updates from now on are applied without an answer. */
  loseAnswers: number;
  /** So many updates from now on vanish on their way, and nobody can tell. */
  loseRequests: number;
}

export function switchable(store: DurableStore): SwitchedDurable {
  const reach = () => {
    if (!switched.up) throw unavailable("durable");
  };
  const switched: SwitchedDurable = {
    ...store,
    up: true,
    loseAnswers: 0,
    loseRequests: 0,
    get: async (...args) => {
      reach();
      return store.get(...args);
    },
    getMany: async (...args) => {
      reach();
      return store.getMany(...args);
    },
    find: async (...args) => {
      reach();
      return store.find(...args);
    },
    insertMany: async (...args) => {
      reach();
      return store.insertMany(...args);
    },
    ping: async (...args) => {
      reach();
      return store.ping(...args);
    },
    update: async (update, signal) => {
      reach();
      const mine = update.collection !== "control";
      if (mine && switched.loseRequests > 0) {
        switched.loseRequests -= 1;
        throw unavailable("durable", { applied: "unknown" });
      }
      const result = await store.update(update, signal);
      if (mine && switched.loseAnswers > 0) {
        switched.loseAnswers -= 1;
        throw unavailable("durable", { applied: "unknown" });
      }
      return result;
    },
  };
  return switched;
}
