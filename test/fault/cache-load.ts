// Clients that meet on few entries of the cache: registers, counters, and prizes that the first one takes.
import { setTimeout as delay } from "node:timers/promises";
import { Condition } from "../../gen/dbconn/v1/cache_pb.ts";
import type { CacheAnswer, CacheCall, CacheOperation } from "../support/history/cache/operation.ts";
import { now } from "./clock.ts";
import type { Instance } from "./instance.ts";
import { type CallOptions, describeFailure, within } from "./recorder.ts";

export interface CacheLoadOptions {
  readonly namespace: string;
  readonly clients: number;
  readonly deadlineMs: number;
}

const REGISTERS = ["register-0", "register-1"];
const COUNTERS = ["counter-0", "counter-1"];
/** Long enough for all clients to come by. */
const PRIZE_MS = 200;
/** Between two calls of a client, since the stores' work is what the run is about. */
const REST_MS = 15;
/** Longer than any run: what expires would look like a loss. */
const TTL = { seconds: 86_400n, nanos: 0 };

type Ok = Extract<CacheAnswer, { outcome: "ok" }>;

export class CacheLoad {
  readonly operations: CacheOperation[] = [];
  readonly #instances: readonly Instance[];
  readonly #options: CacheLoadOptions;
  readonly #clients: Promise<void>[] = [];
  #stopped = false;

  constructor(instances: readonly Instance[], options: CacheLoadOptions) {
    this.#instances = instances;
    this.#options = options;
  }

  start(): void {
    for (let i = 0; i < this.#options.clients; i++) this.#clients.push(this.#run(`k${i}`));
  }

  /** Resolves when the calls that are under way have ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
  }

  /** What is left in the end, as operations. Rejects while it cannot be read. */
  async readFinal(): Promise<void> {
    for (const key of [...REGISTERS, ...COUNTERS]) {
      const { answer } = await this.#call("final", key, { method: "get" });
      if (answer.outcome === "failed") throw new Error(`${key} cannot be read: ${answer.reason}`);
    }
  }

  async #run(client: string): Promise<void> {
    let claimed = "";
    for (let n = 0; !this.#stopped; n++) {
      const id = `${client}-${n}`;
      const prize = `prize-${Math.floor(now() / PRIZE_MS)}`;
      const chance = Math.random();
      if (prize !== claimed && chance < 0.5) {
        claimed = prize;
        await this.#call(client, prize, { method: "set_if_absent", value: id });
      } else if (chance < 0.7) await this.#register(client, id);
      else await this.#count(client, id);
      await delay(REST_MS);
    }
  }

  async #register(client: string, id: string): Promise<void> {
    const key = pick(REGISTERS);
    const chance = Math.random();
    if (chance < 0.6) await this.#call(client, key, { method: "get" });
    else if (chance < 0.95) await this.#call(client, key, { method: "set", value: id });
    else await this.#call(client, key, { method: "delete" });
  }

  /** An increment whose outcome is unknown is made again, anywhere, under its id. */
  async #count(client: string, requestId: string): Promise<void> {
    const key = pick(COUNTERS);
    if (Math.random() < 0.3) {
      await this.#call(client, key, { method: "get" });
      return;
    }
    const { answer } = await this.#call(client, key, { method: "increment", requestId });
    if (answer.outcome === "failed" && answer.applied === "unknown" && !this.#stopped)
      await this.#call(client, key, { method: "increment", requestId });
  }

  async #call(client: string, key: string, call: CacheCall): Promise<CacheOperation> {
    const start = now();
    const answer = await this.#send(pick(this.#instances), key, call, within(this.#options.deadlineMs)).catch(
      failed,
    );
    const operation = { client, key, call, start, end: now(), answer };
    this.operations.push(operation);
    return operation;
  }

  async #send({ cache }: Instance, key: string, call: CacheCall, options: CallOptions): Promise<Ok> {
    const name = { namespace: this.#options.namespace, key };
    switch (call.method) {
      case "get": {
        const { entry } = await cache.getEntry(name, options);
        return entry?.value.case === "text" ? { outcome: "ok", value: entry.value.value } : { outcome: "ok" };
      }
      case "set":
      case "set_if_absent": {
        const condition = call.method === "set" ? Condition.UNSPECIFIED : Condition.IF_ABSENT;
        const value = { case: "text", value: call.value } as const;
        await cache.setEntry({ ...name, value, ttl: TTL, condition }, options);
        return { outcome: "ok" };
      }
      case "delete":
        await cache.deleteEntry(name, options);
        return { outcome: "ok" };
      case "increment": {
        const { requestId } = call;
        const { value, replayed } = await cache.incrementEntry({ ...name, ttl: TTL, requestId }, options);
        return { outcome: "ok", count: Number(value), replayed };
      }
    }
  }
}

function failed(error: unknown): CacheAnswer {
  const { reason, applied = "unknown", message } = describeFailure(error);
  if (reason === "ENTRY_NOT_FOUND") return { outcome: "ok" };
  if (reason === "CONDITION_NOT_MET") return { outcome: "refused" };
  return { outcome: "failed", reason: reason ?? message, applied };
}

function pick<T>(items: readonly T[]): T {
  const item = items[Math.floor(Math.random() * items.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}
