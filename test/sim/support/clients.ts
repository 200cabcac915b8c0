import type { Operation } from "../../support/history/operation.ts";
import type { Chance } from "./chance.ts";
import { type Cluster, PROCESS_NAMES } from "./cluster.ts";
import type { Call, Seen, Workload } from "./workload.ts";

/** A client waits that much longer than the deadline that it gave. */
const GRACE_MS = 200;

/** Clients that call one after the other, each its own calls, and write down what they see. */
export class Clients {
  readonly operations: Operation[] = [];
  readonly #workload: Workload;
  readonly #cluster: Cluster;
  readonly #chance: Chance;
  #until = 0;
  #writes = 0;
  #running = 0;

  constructor(cluster: Cluster, workload: Workload, chance: Chance) {
    this.#workload = workload;
    this.#cluster = cluster;
    this.#chance = chance;
  }

  /** Whether a call is under way. */
  get busy(): boolean {
    return this.#running > 0;
  }

  start(count: number, thinkMs: number, untilMs: number): void {
    this.#until = untilMs;
    for (let i = 0; i < count; i++)
      this.#next({ name: `c${i}`, seen: new Map(), thinkMs, repeat: undefined });
  }

  /** One call by nobody in particular, on a process that is well. Resolves with the operation. */
  call(call: Call, process: string, deadlineMs: number): Promise<Operation> {
    return new Promise((resolve) => this.#send("checker", call, process, deadlineMs, resolve));
  }

  #next(client: Client): void {
    const { clock } = this.#cluster;
    clock.after(this.#chance.between(0, 2 * client.thinkMs), () => {
      if (clock.now >= this.#until) return;
      const call = client.repeat ?? this.#choose(client);
      const deadlineMs = this.#chance.weighted([
        [8, 2_000],
        [1, 100],
        [1, 5],
      ]);
      this.#send(client.name, call, this.#chance.pick(PROCESS_NAMES), deadlineMs, (operation) => {
        remember(client, operation);
        const inDoubt = operation.outcome === undefined || operation.applied === "unknown";
        const named = call.begun.requestId !== undefined;
        client.repeat = inDoubt && named && this.#chance.happens(0.7) ? call : undefined;
        this.#next(client);
      });
    });
  }

  #choose(client: Client): Call {
    const chance = this.#chance;
    const [first, ...others] = this.#workload.keys;
    const key = chance.happens(0.6) ? first : chance.pick([first, ...others]);
    const seen = client.seen.get(key) ?? { revision: 0 };
    const minRevision = chance.happens(0.3) ? seen.revision : 0;
    return chance.weighted<() => Call>([
      [30, () => this.#workload.read(key, "fast", minRevision)],
      [10, () => this.#workload.read(key, "strong", minRevision)],
      [27, () => this.#workload.write(chance, key, seen, `v${this.#writes++}`)],
    ])();
  }

  #send(
    client: string,
    call: Call,
    name: string,
    deadlineMs: number,
    done: (operation: Operation) => void,
  ): void {
    const { clock } = this.#cluster;
    const start = clock.now;
    const index = this.operations.length;
    let operation: Operation = { client, start, ...call.begun };
    this.operations.push(operation);
    const process = this.#cluster.process(name);
    this.#running++;
    let over = false;
    const end = (seen: Partial<Operation>) => {
      if (over) return;
      over = true;
      forget();
      this.#running--;
      operation = { ...operation, ...seen };
      this.operations[index] = operation;
      done(operation);
    };
    // It heard nothing: the write may have been applied, and may still be.
    const forget = clock.after(deadlineMs + GRACE_MS, () => end({}));
    if (process === undefined) {
      clock.after(1, () => end({ end: clock.now, outcome: "failed", applied: "no", reason: "REFUSED" }));
      return;
    }
    process.deliver(() => {
      const deadline = new AbortController();
      const takeBack = clock.after(deadlineMs, () =>
        process.deliver(() => deadline.abort(new DOMException("the deadline passed", "TimeoutError"))),
      );
      void call.perform(process.service, deadline.signal).then((answer) => {
        takeBack();
        const asOf = answer.asOf === undefined ? {} : { asOf: process.worldTime(answer.asOf) };
        end({ ...answer, ...asOf, end: clock.now });
      });
    });
  }
}

interface Client {
  readonly name: string;
  /** The highest revision that it was shown, by key. */
  readonly seen: Map<string, Seen>;
  readonly thinkMs: number;
  /** A write in doubt that is sent again. */
  repeat: Call | undefined;
}

function remember({ seen }: Client, { key, revision, etag, degraded, outcome }: Operation): void {
  if (revision === undefined || degraded || outcome === "failed") return;
  if (revision >= (seen.get(key)?.revision ?? 0)) seen.set(key, { revision, etag });
}
