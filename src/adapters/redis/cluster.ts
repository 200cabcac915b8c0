import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { ErrorReply } from "redis";
import { aborted, ServiceError, unavailable } from "../../errors.ts";
import { throwIfAborted } from "../signal.ts";
import type { CallOptions, Command, Layout, Master, RedisAccess } from "./access.ts";
import { RedisConnection } from "./connection.ts";
import { dial, type RedisClient, within } from "./dial.ts";
import { slotsMoved } from "./failures.ts";
import { atHost } from "./hosts.ts";
import { loadScripts } from "./scripts.ts";
import { slotOf } from "./slot.ts";
import { readTopology, type Topology, type View } from "./topology.ts";

export interface RedisClusterOptions {
  /** URLs of some of its servers. */
  readonly seeds: readonly string[];
  readonly timeoutMs?: number;
  readonly maxInFlight?: number;
}

interface Node {
  readonly id: string;
  readonly url: string;
  readonly connection: RedisConnection;
}

const TRY_AGAIN_MS = 10;
const NODES = ["CLUSTER", "NODES"] as const;

/**
 * A connection to each master of a cluster, with all that RedisConnection promises for its one: no socket is used before its
 * server said who it is. A slot that moves to a master that is connected is followed; a master that comes or goes is
 * a doubt.
 */
export class RedisCluster implements RedisAccess {
  readonly #options: RedisClusterOptions;
  readonly #timeoutMs: number;
  readonly #listeners = new Set<() => void>();
  #nodes: ReadonlyMap<string, Node> = new Map();
  #topology: Topology | undefined;
  /** By slot, where it was found to be since. */
  readonly #moved = new Map<number, string>();
  #refreshing: Promise<Topology> | undefined;
  readonly #closing = new AbortController();

  private constructor(options: RedisClusterOptions) {
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? 500;
  }

  /** Resolves after the first attempt to connect, whether it succeeded or not. */
  static async open(options: RedisClusterOptions): Promise<RedisCluster> {
    const cluster = new RedisCluster(options);
    await cluster.#refresh().catch(() => undefined);
    return cluster;
  }

  async call<T>(command: Command, options: CallOptions): Promise<T> {
    const slot = slotOf(keyOf(command));
    const begun = performance.now();
    let node = this.#holderOf(slot);
    let asking = false;
    for (;;) {
      try {
        return await node.connection.call<T>(command, asking ? { ...options, asking } : options);
      } catch (error) {
        const redirection = redirectionOf(error);
        if (redirection === undefined || performance.now() - begun > this.#timeoutMs) throw error;
        if (redirection.kind === "TRYAGAIN") await delay(TRY_AGAIN_MS);
        asking = redirection.kind === "ASK";
        node = await this.#redirected(slot, node, redirection, error);
      }
    }
  }

  async batch<T>(commands: readonly Command[], options: CallOptions): Promise<readonly T[]> {
    throwIfAborted(options.signal);
    try {
      return await Promise.all(commands.map((command) => this.call<T>(command, options)));
    } catch (error) {
      // Of several commands, others may have been taken where one was refused.
      const some = options.mutates === true && commands.length > 1;
      throw some && error instanceof ServiceError ? error.withApplied("unknown") : error;
    }
  }

  async layout(signal?: AbortSignal): Promise<Layout> {
    const { fingerprint, ordered } = await unlessAborted(this.#refresh(), signal);
    if (!ordered) throw slotsMoved();
    return { fingerprint, masters: this.masters() };
  }

  masters(): readonly Master[] {
    return (this.#topology?.masters ?? []).flatMap(({ id }) => this.#nodes.get(id)?.connection ?? []);
  }

  async keysOfAll(stem: string, signal?: AbortSignal): Promise<readonly string[]> {
    const { masters, owners } = await unlessAborted(this.#refresh(), signal);
    const wanted = new Set(masters.map(({ id }) => id));
    const keys: string[] = [];
    // A master holds one slot at least, and every slot has such a key.
    for (let tag = 0; wanted.size > 0; tag++) {
      const key = `${stem}:{${tag}}`;
      const owner = owners[slotOf(key)];
      if (owner !== undefined && wanted.delete(owner)) keys.push(key);
    }
    return keys;
  }

  async identity(signal?: AbortSignal): Promise<string> {
    throwIfAborted(signal);
    const topology = this.#topology;
    if (topology === undefined || topology.owners.includes(undefined)) {
      throw unavailable("hot", { message: "the cluster has slots without a master" });
    }
    const nodes = [...this.#nodes.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const identities = await Promise.all(nodes.map(({ connection }) => connection.identity(signal)));
    return nodes.map(({ id }, at) => `${id} ${identities[at]}`).join("; ");
  }

  serverNow(key: string): number {
    const id = this.#ownerOf(slotOf(key));
    const node = id === undefined ? undefined : this.#nodes.get(id);
    return node === undefined ? Date.now() : node.connection.serverNow();
  }

  onDoubt(listener: () => void): () => void {
    // A wrapper of its own, so that the same function may be registered twice.
    const entry = () => listener();
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  /** To any of the masters: a message published at one is heard at all. */
  async beside(greet: (client: RedisClient) => Promise<unknown>): Promise<RedisClient> {
    let cause: unknown;
    for (const { url } of this.#nodes.values()) {
      try {
        return (await dial(url, greet)).client;
      } catch (error) {
        cause = error;
      }
    }
    throw unavailable("hot", { cause });
  }

  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  close(): void {
    this.#closing.abort();
    for (const { connection } of this.#nodes.values()) connection.close();
    this.#nodes = new Map();
    this.#topology = undefined;
  }

  #ownerOf(slot: number): string | undefined {
    return this.#moved.get(slot) ?? this.#topology?.owners[slot];
  }

  #holderOf(slot: number): Node {
    if (this.#topology === undefined) this.#refresh().catch(() => {});
    const id = this.#ownerOf(slot);
    const node = id === undefined ? undefined : this.#nodes.get(id);
    if (node === undefined) throw unavailable("hot", { message: "the slot has no master" });
    return node;
  }

  /** Where to send the command next. Throws `error` where that is no master that is known. */
  async #redirected(
    slot: number,
    from: Node,
    { kind, host, port }: Redirection,
    error: unknown,
  ): Promise<Node> {
    if (kind === "TRYAGAIN") return this.#holderOf(slot);
    const url = atHost(from.url, host === "" ? new URL(from.url).hostname : host, port);
    const known = () => [...this.#nodes.values()].find((node) => node.url === url);
    if (known() === undefined) await within(this.#timeoutMs, this.#refresh()).catch(() => {});
    // The name that it was given may differ from the one that all servers are listed by.
    const node = known() ?? (kind === "MOVED" ? this.#holderOf(slot) : undefined);
    if (node === undefined || node === from) throw error;
    if (kind === "MOVED") this.#moved.set(slot, node.id);
    return node;
  }

  /** Asks the cluster who its masters are, and connects to them. Rejects with `unavailable` when none answers. */
  #refresh(): Promise<Topology> {
    this.#refreshing ??= this.#look().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #look(): Promise<Topology> {
    if (this.closed.aborted) throw unavailable("hot", { cause: new Error("the connection was closed") });
    const topology = readTopology(await this.#views());
    const before = this.#nodes;
    const nodes = await Promise.all(
      topology.masters.map(({ id, host, port }) => {
        const url = atHost(this.#seed(), host, port);
        const known = before.get(id);
        return known?.url === url ? known : this.#connect(id, url);
      }),
    );
    this.#nodes = new Map(nodes.map((node) => [node.id, node]));
    this.#topology = topology;
    this.#moved.clear();
    const gone = [...before.values()].filter((node) => !nodes.includes(node));
    for (const { connection } of gone) connection.close();
    if (this.closed.aborted) this.close();
    const came = nodes.some((node) => before.get(node.id) !== node);
    if (before.size > 0 && (came || gone.length > 0)) this.#doubt();
    return topology;
  }

  /** What the masters say that can be reached, or else the first seed that answers. */
  async #views(): Promise<readonly View[]> {
    const asked = await Promise.allSettled(
      [...this.#nodes.values()].map(async ({ url, connection }) => ({
        nodes: await connection.call<string>(NODES, {}),
        host: new URL(url).hostname,
      })),
    );
    const views = asked.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    if (views.length > 0) return views;
    let cause: unknown;
    for (const url of this.#options.seeds) {
      try {
        const { client, greeting: nodes } = await dial(url, (dialed) => dialed.sendCommand<string>(NODES));
        client.destroy();
        return [{ nodes, host: new URL(url).hostname }];
      } catch (error) {
        cause = error;
      }
    }
    throw unavailable("hot", { cause });
  }

  async #connect(id: string, url: string): Promise<Node> {
    const { seeds: _, ...bounds } = this.#options;
    const connection = await RedisConnection.open({
      ...bounds,
      locate: async () => url,
      async prepare(client: RedisClient) {
        const own = await client.sendCommand<string>(["CLUSTER", "MYID"]);
        if (own !== id) throw new Error("another server of the cluster has this address");
        await loadScripts(client);
      },
    });
    connection.onDoubt(() => this.#doubt());
    return { id, url, connection };
  }

  #seed(): string {
    const [seed] = this.#options.seeds;
    if (seed === undefined) throw new Error("a cluster needs the address of a server");
    return seed;
  }

  #doubt(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** The answer to work that others share, and that goes on without this caller. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(aborted(signal));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

interface Redirection {
  readonly kind: "MOVED" | "ASK" | "TRYAGAIN";
  readonly host: string;
  readonly port: number;
}

/** The command was not carried out, and who says so names another server, or another time. */
function redirectionOf(error: unknown): Redirection | undefined {
  const cause = error instanceof ServiceError ? error.cause : undefined;
  if (!(cause instanceof ErrorReply)) return undefined;
  if (cause.message.startsWith("TRYAGAIN")) return { kind: "TRYAGAIN", host: "", port: 0 };
  const [, kind, host, port] = /^(MOVED|ASK) \d+ (.*):(\d+)$/.exec(cause.message) ?? [];
  if (kind === undefined || host === undefined) return undefined;
  return { kind: kind === "ASK" ? "ASK" : "MOVED", host, port: Number(port) };
}

/** `COMMAND key ...`, or `EVALSHA script count key ...`. */
function keyOf(command: Command): string | Buffer {
  const key = String(command[0]).startsWith("EVAL") ? command[3] : command[1];
  if (key === undefined) throw new Error("the command has no key");
  return key;
}
