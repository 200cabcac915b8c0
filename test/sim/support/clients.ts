import type { Operation } from "../../support/history/operation.ts";
import { type Action, begun, perform } from "../../support/virtual/things.ts";
import type { Chance } from "./chance.ts";
import { type Cluster, PROCESS_NAMES } from "./cluster.ts";

export const KEYS = ["hot1", "hot2", "k3", "k4"] as const;
const STATES = ["open", "busy", "done"] as const;
/** A client waits that much longer than the deadline that it gave. */
const GRACE_MS = 200;

/** Clients that call one after the other, each its own calls, and write down what they see. */
export class Clients {
  readonly operations: Operation[] = [];
  readonly #cluster: Cluster;
  readonly #chance: Chance;
  #until = 0;
  #writes = 0;
  #running = 0;

  constructor(cluster: Cluster, chance: Chance) {
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
  call(action: Action, process: string, deadlineMs: number): Promise<Operation> {
    return new Promise((resolve) => this.#send("checker", action, process, deadlineMs, resolve));
  }

  #next(client: Client): void {
    const { clock } = this.#cluster;
    clock.after(this.#chance.between(0, 2 * client.thinkMs), () => {
      if (clock.now >= this.#until) return;
      const action = client.repeat ?? this.#action(client);
      const deadlineMs = this.#chance.weighted([
        [8, 2_000],
        [1, 100],
        [1, 5],
      ]);
      this.#send(client.name, action, this.#chance.pick(PROCESS_NAMES), deadlineMs, (operation) => {
        const { revision = 0, degraded } = operation;
        if (!degraded) client.seen.set(action.key, Math.max(revision, client.seen.get(action.key) ?? 0));
        const inDoubt = operation.outcome === undefined || operation.applied === "unknown";
        const named = action.kind !== "read" && action.requestId !== undefined;
        client.repeat = inDoubt && named && this.#chance.happens(0.7) ? action : undefined;
        this.#next(client);
      });
    });
  }

  #action(client: Client): Action {
    const chance = this.#chance;
    const key = chance.weighted([
      [6, KEYS[0]],
      [3, KEYS[1]],
      [1, KEYS[2]],
      [1, KEYS[3]],
    ]);
    const seen = client.seen.get(key) ?? 0;
    const minRevision = chance.happens(0.3) ? seen : 0;
    const requestId = chance.happens(0.6) ? { requestId: `r${this.#writes}` } : {};
    return chance.weighted<() => Action>([
      [30, () => ({ key, kind: "read", consistency: "fast", minRevision })],
      [10, () => ({ key, kind: "read", consistency: "strong", minRevision })],
      [8, () => ({ key, kind: "write", value: this.#value(), ...requestId })],
      [5, () => ({ key, kind: "write", value: this.#value(), expected: seen, ...requestId })],
      [5, () => ({ key, kind: "transform", value: this.#value(), ...requestId })],
      [
        6,
        () => {
          const state = chance.pick(STATES);
          return {
            key,
            kind: "write",
            value: this.#value(),
            state,
            from: [chance.pick(STATES)],
            ...requestId,
          };
        },
      ],
      [3, () => ({ key, kind: "write", value: this.#value(), state: "open", ...requestId })],
    ])();
  }

  #value(): string {
    return `v${this.#writes++}`;
  }

  #send(
    client: string,
    action: Action,
    name: string,
    deadlineMs: number,
    done: (operation: Operation) => void,
  ): void {
    const { clock } = this.#cluster;
    const start = clock.now;
    const index = this.operations.length;
    let operation: Operation = { client, start, ...begun(action) };
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
      void perform(process.objects, action, deadline.signal).then((answer) => {
        takeBack();
        const asOf = answer.asOf === undefined ? {} : { asOf: process.worldTime(answer.asOf) };
        end({ ...answer, ...asOf, end: clock.now });
      });
    });
  }
}

interface Client {
  readonly name: string;
  /** The highest revision that it saw, by key. */
  readonly seen: Map<string, number>;
  readonly thinkMs: number;
  /** A write in doubt that is sent again. */
  repeat: Action | undefined;
}
