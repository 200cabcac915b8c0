// A TCP proxy between a server and one of its stores that does to the connection what networks do. It knows nothing of
// the protocols that pass through it.
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export type NetworkFault =
  | { readonly kind: "none" }
  /** Every chunk arrives this much later, in both directions. */
  | { readonly kind: "latency"; readonly ms: number }
  /** Nothing arrives, and what was sent arrives when it is over, as TCP's own repetitions would have it. */
  | { readonly kind: "blackHole" }
  /** The store's end is gone and the server is never told, not even when the fault is over. */
  | { readonly kind: "halfOpen" }
  | { readonly kind: "reset" }
  /** Every n-th request that holds the text is carried out, and its reply is dropped and the connection reset. */
  | { readonly kind: "loseReply"; readonly to: string; readonly every: number };

const NONE: NetworkFault = { kind: "none" };

export class FaultProxy {
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #links = new Set<Link>();
  #fault: NetworkFault = NONE;
  #over = Promise.withResolvers<void>();
  #matched = 0;
  /** Chunks delayed or held, connections broken, and replies lost since the start. */
  fired = 0;

  private constructor(server: Server, targetPort: number) {
    this.#server = server;
    this.#targetPort = targetPort;
    server.on("connection", (client) => this.#accept(client));
  }

  static async start(targetPort: number): Promise<FaultProxy> {
    const server = createServer({ noDelay: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return new FaultProxy(server, targetPort);
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the proxy does not listen");
    return address.port;
  }

  set(fault: NetworkFault): void {
    this.#fault = fault;
    this.#over.resolve();
    this.#over = Promise.withResolvers();
    for (const link of this.#links) this.#strike(link);
  }

  heal(): void {
    this.set(NONE);
  }

  async close(): Promise<void> {
    this.heal();
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const link of this.#links) link.end();
    await closed;
  }

  #accept(client: Socket): void {
    const link = new Link(client, connect({ port: this.#targetPort, host: "127.0.0.1", noDelay: true }));
    this.#links.add(link);
    client.once("close", () => this.#links.delete(link));
    client.on("data", (chunk) => {
      this.#aim(link, chunk);
      link.toStore = link.toStore.then(() => this.#pass()).then(() => link.store.write(chunk), ignore);
    });
    link.store.on("data", (chunk) => {
      if (link.doomed) {
        this.fired++;
        link.reset();
        return;
      }
      link.toClient = link.toClient.then(() => this.#pass()).then(() => client.write(chunk), ignore);
    });
    this.#strike(link);
  }

  /** What a fault does to a connection as such. */
  #strike(link: Link): void {
    if (this.#fault.kind === "reset") {
      this.fired++;
      link.reset();
    } else if (this.#fault.kind === "halfOpen") {
      this.fired++;
      link.halfOpen();
    }
  }

  #aim(link: Link, chunk: Buffer): void {
    const fault = this.#fault;
    if (fault.kind !== "loseReply" || !chunk.includes(fault.to)) return;
    this.#matched++;
    if (this.#matched % fault.every === 0) link.doomed = true;
  }

  /** Resolves when a chunk that came now may go on; the order of a direction's chunks stays. */
  async #pass(): Promise<void> {
    const fault = this.#fault;
    if (fault.kind === "latency") {
      this.fired++;
      await delay(fault.ms);
    } else if (fault.kind === "blackHole") {
      this.fired++;
      while (this.#fault.kind === "blackHole") await this.#over.promise;
    }
  }
}

/** One connection through the proxy. */
class Link {
  readonly client: Socket;
  readonly store: Socket;
  toStore: Promise<unknown> = Promise.resolve();
  toClient: Promise<unknown> = Promise.resolve();
  /** Its next reply is the one to lose. */
  doomed = false;
  #clientStays = false;

  constructor(client: Socket, store: Socket) {
    this.client = client;
    this.store = store;
    for (const socket of [client, store]) socket.on("error", ignore);
    client.once("close", () => store.destroy());
    store.once("close", () => {
      if (!this.#clientStays) client.destroy();
    });
  }

  reset(): void {
    this.client.resetAndDestroy();
    this.store.resetAndDestroy();
  }

  halfOpen(): void {
    this.#clientStays = true;
    this.store.destroy();
  }

  end(): void {
    this.client.destroy();
    this.store.destroy();
  }
}

function ignore(): void {}
