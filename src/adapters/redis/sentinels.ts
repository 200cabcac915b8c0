import { setTimeout as delay } from "node:timers/promises";
import { dial, type RedisClient, within } from "./dial.ts";
import { atHost, eachHost } from "./hosts.ts";

export interface SentinelOptions {
  /** The sentinels. */
  readonly url: string;
  /** What they call the master. */
  readonly master: string;
  /** The master's credentials and database, with any host. */
  readonly masterUrl: string;
}

interface Said {
  readonly host: string;
  readonly port: number;
  /** Grows with every failover, so that it tells which of two sentinels is behind. */
  readonly epoch: number;
}

const ANSWER_MS = 1_000;
const GRACE_MS = 100;

/** Where the master is, as the sentinels say. */
export class Sentinels {
  readonly #options: SentinelOptions;
  readonly #urls: readonly string[];
  readonly #clients = new Map<string, Promise<RedisClient>>();
  #closed = false;

  constructor(options: SentinelOptions) {
    this.#options = options;
    this.#urls = eachHost(options.url);
  }

  /** The master's URL. Rejects when no sentinel knows. */
  async locate(): Promise<string> {
    const answers: Said[] = [];
    const asked = this.#urls.map((url) => this.#ask(url).then((said) => answers.push(said)));
    // One that hangs is not waited for once another one answered.
    await Promise.any(asked).then(
      () => Promise.race([Promise.allSettled(asked), delay(GRACE_MS)]),
      (cause: unknown) => {
        throw new Error(`no sentinel names a master ${this.#options.master}`, { cause });
      },
    );
    const latest = answers.toSorted((a, b) => b.epoch - a.epoch)[0];
    if (latest === undefined) throw new Error("no sentinel answered");
    return atHost(this.#options.masterUrl, latest.host, latest.port);
  }

  close(): void {
    this.#closed = true;
    for (const client of this.#clients.values()) client.then((open) => open.destroy()).catch(() => {});
    this.#clients.clear();
  }

  async #ask(url: string): Promise<Said> {
    try {
      const client = await this.#clientOf(url);
      const command = ["SENTINEL", "MASTER", this.#options.master];
      const facts = new Map(pairs(await within(ANSWER_MS, client.sendCommand<unknown>(command))));
      const [host, port, epoch] = [facts.get("ip"), Number(facts.get("port")), facts.get("config-epoch")];
      if (host === undefined || !Number.isInteger(port)) throw new Error("the sentinel names no address");
      return { host, port, epoch: Number(epoch) };
    } catch (error) {
      this.#forget(url);
      throw error;
    }
  }

  #clientOf(url: string): Promise<RedisClient> {
    const known = this.#clients.get(url);
    if (known !== undefined) return known;
    if (this.#closed) return Promise.reject(new Error("closed"));
    const dialed = dial(url, async () => undefined).then(({ client }) => {
      client.once("error", () => this.#forget(url));
      client.once("end", () => this.#forget(url));
      return client;
    });
    this.#clients.set(url, dialed);
    return dialed;
  }

  #forget(url: string): void {
    const client = this.#clients.get(url);
    this.#clients.delete(url);
    client?.then((open) => open.destroy()).catch(() => {});
  }
}

/** A map, as each version of the protocol has it. */
function pairs(reply: unknown): readonly (readonly [string, string])[] {
  if (Array.isArray(reply)) {
    return Array.from({ length: reply.length / 2 }, (_, at) => [
      String(reply[2 * at]),
      String(reply[2 * at + 1]),
    ]);
  }
  return Object.entries(reply ?? {}).map(([name, value]) => [name, String(value)]);
}
