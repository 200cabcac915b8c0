// A world that moves only when told: every call of every instance and every timer waits until the explorer picks it.
import type { Timing } from "../../../src/consistency/timing.ts";
import { aborted, unavailable } from "../../../src/errors.ts";
import type { StoreCall, Transport } from "../../support/virtual/transport.ts";
import { mix } from "./digest.ts";

interface PendingCall extends StoreCall<unknown> {
  readonly id: number;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

interface Timer {
  readonly id: number;
  readonly node: string;
  readonly at: number;
  fire(): void;
}

/** An effect that may still come, though nobody waits for its answer any more. */
interface Ghost {
  readonly label: string;
  effect(): unknown;
}

/**
 * How a call ends: with its answer; unsent; done but its answer lost; given up while the effect may still come; answered
 * while the effect comes once more later.
 */
export type Ending = "answered" | "unsent" | "lost" | "late" | "twice";

const EPOCH_MS = 1_700_000_000_000;

export class Stepper implements Transport {
  now = 0;
  readonly calls: PendingCall[] = [];
  readonly timers: Timer[] = [];
  readonly ghosts: Ghost[] = [];
  readonly #dead = new Set<string>();
  /** What each node has been told so far: as its code has no other input, this is its state. */
  readonly #heard = new Map<string, number>();
  #ids = 0;

  call<T>(call: StoreCall<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) return Promise.reject(aborted(signal));
    return new Promise<T>((resolve, reject) => {
      if (this.#dead.has(call.node)) return;
      const abort = () => {
        this.#withdraw(pending);
        this.ghosts.push(pending);
        this.#hear(call.node, `${call.label} aborted`);
        reject(aborted(signal, call.mutates && call.store === "durable" ? "unknown" : "no"));
      };
      const done = () => signal?.removeEventListener("abort", abort);
      const pending: PendingCall = {
        ...call,
        id: this.#ids++,
        resolve: (value) => {
          done();
          resolve(value as T);
        },
        reject: (error) => {
          done();
          reject(error);
        },
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.calls.push(pending);
    });
  }

  timing(node: string): Timing {
    let ids = 0;
    return {
      now: () => EPOCH_MS + this.now,
      monotonic: () => this.now,
      uniqueId: () => `${node}.${ids++}`,
      sleep: (ms, signal) => {
        if (signal?.aborted) return Promise.resolve();
        return new Promise((resolve) => {
          if (this.#dead.has(node)) return;
          const end = () => {
            const at = this.timers.indexOf(timer);
            if (at >= 0) this.timers.splice(at, 1);
            signal?.removeEventListener("abort", end);
            resolve();
          };
          const timer: Timer = { id: this.#ids++, node, at: this.now + ms, fire: end };
          signal?.addEventListener("abort", end, { once: true });
          this.timers.push(timer);
        });
      },
    };
  }

  finish(call: PendingCall, ending: Ending): void {
    this.#withdraw(call);
    if (ending === "late" || ending === "twice") this.ghosts.push(call);
    const answer = ending === "unsent" || ending === "late" ? undefined : outcomeOf(call);
    if (ending === "answered" || ending === "twice") {
      this.#hear(call.node, `${call.label} ${JSON.stringify(answer)}`);
      if (answer !== undefined && "error" in answer) call.reject(answer.error);
      else call.resolve(answer?.value);
      return;
    }
    this.#hear(call.node, `${call.label} ${ending}`);
    const applied = ending !== "unsent" && call.mutates && call.store === "durable" ? "unknown" : "no";
    call.reject(unavailable(call.store, { applied }));
  }

  haunt(ghost: Ghost): void {
    this.ghosts.splice(this.ghosts.indexOf(ghost), 1);
    outcomeOf(ghost);
  }

  /** Fires every timer of the node that is due when its next one is; others of them may be late. */
  tick(node: string): void {
    const mine = this.timers.filter((timer) => timer.node === node);
    const next = mine.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY);
    if (!Number.isFinite(next)) return;
    this.now = Math.max(this.now, next);
    this.#hear(node, `tick ${this.now}`);
    for (const timer of mine) if (timer.at <= this.now) timer.fire();
  }

  /** What the node has sent may still have its effect; nothing else is ever heard of it. */
  kill(node: string): void {
    this.#dead.add(node);
    for (const call of this.calls.filter((pending) => pending.node === node)) {
      this.#withdraw(call);
      this.ghosts.push(call);
    }
    for (const timer of this.timers.filter((pending) => pending.node === node)) {
      this.timers.splice(this.timers.indexOf(timer), 1);
    }
  }

  isDead(node: string): boolean {
    return this.#dead.has(node);
  }

  digest(): number {
    const heard = [...this.#heard].map(([node, what]) => `${node}${what}`).sort();
    const calls = this.calls.map(({ node, label }) => `${node} ${label}`).sort();
    const timers = this.timers.map(({ node, at }) => `${node} ${at - this.now}`).sort();
    const ghosts = this.ghosts.map(({ label }) => label).sort();
    return mix(0, `${this.now}|${heard}|${calls}|${timers}|${ghosts}|${[...this.#dead].sort()}`);
  }

  #withdraw(call: PendingCall): void {
    const at = this.calls.indexOf(call);
    if (at >= 0) this.calls.splice(at, 1);
  }

  #hear(node: string, what: string): void {
    this.#heard.set(node, mix(this.#heard.get(node) ?? 0, what));
  }
}

type Outcome = { readonly value: unknown } | { readonly error: unknown };

function outcomeOf(call: Pick<Ghost, "effect">): Outcome {
  try {
    return { value: call.effect() };
  } catch (error) {
    return { error };
  }
}
