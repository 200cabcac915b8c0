// The network between processes and stores, and how good or bad it is at the moment.
import { aborted, unavailable } from "../../../src/errors.ts";
import type { StoreCall, StoreName, Transport } from "../../support/virtual/transport.ts";
import type { Chance } from "./chance.ts";
import type { Clockwork } from "./clockwork.ts";

/** A driver gives up after so long; what it sent may still arrive. Milliseconds. */
const TIMEOUT_MS: Readonly<Record<StoreName, number>> = { hot: 500, durable: 5_000 };
const LATENCY_MS: Readonly<Record<StoreName, readonly [number, number]>> = {
  hot: [0.1, 1],
  durable: [0.5, 4],
};

/** What is wrong with the way to one store; all zero in good weather. */
interface Trouble {
  /** Chances that a call is never sent, that its answer is lost, and that it is slow. */
  unsent: number;
  lost: number;
  slow: number;
  /** Until then the store stands still: it takes calls and answers none. */
  frozenUntil: number;
}

export class Weather {
  readonly #clock: Clockwork;
  readonly #chance: Chance;
  readonly of: Readonly<Record<StoreName, Trouble>> = { hot: calm(), durable: calm() };

  constructor(clock: Clockwork, chance: Chance) {
    this.#clock = clock;
    this.#chance = chance;
  }

  clear(): void {
    for (const trouble of Object.values(this.of)) Object.assign(trouble, calm());
  }

  /** `deliver` brings an answer to the process that asked: later if it is paused, never if it is dead. */
  transport(deliver: (run: () => void) => void): Transport {
    return { call: (call, signal) => this.#call(call, deliver, signal) };
  }

  #call<T>(call: StoreCall<T>, deliver: (run: () => void) => void, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) return Promise.reject(aborted(signal));
    const { store } = call;
    const trouble = this.of[store];
    const unsent = this.#chance.happens(trouble.unsent);
    const answerLost = this.#chance.happens(trouble.lost);
    const doubt = call.mutates && store === "durable" ? "unknown" : "no";
    return new Promise<T>((resolve, reject) => {
      const abort = () => finish(() => reject(aborted(signal, doubt)));
      const giveUp = this.#clock.after(TIMEOUT_MS[store], () =>
        deliver(() => finish(() => reject(unavailable(store, { applied: doubt })))),
      );
      const finish = (settle: () => void) => {
        signal?.removeEventListener("abort", abort);
        giveUp();
        settle();
      };
      signal?.addEventListener("abort", abort, { once: true });
      if (unsent) {
        this.#clock.after(this.#latency(store), () =>
          deliver(() => finish(() => reject(unavailable(store)))),
        );
        return;
      }
      this.#arrive(store, this.#latency(store), () => {
        const outcome = outcomeOf(call);
        this.#clock.after(this.#latency(store), () =>
          deliver(() =>
            finish(() => {
              if (answerLost) reject(unavailable(store, { applied: doubt }));
              else if ("error" in outcome) reject(outcome.error);
              else resolve(outcome.value);
            }),
          ),
        );
      });
    });
  }

  /** At the store, as soon as it moves. */
  #arrive(store: StoreName, afterMs: number, effect: () => void): void {
    this.#clock.after(afterMs, () => {
      const { frozenUntil } = this.of[store];
      if (this.#clock.now >= frozenUntil) effect();
      else this.#arrive(store, frozenUntil - this.#clock.now + this.#chance.between(0, 20), effect);
    });
  }

  #latency(store: StoreName): number {
    const [low, high] = LATENCY_MS[store];
    const slow = this.#chance.happens(this.of[store].slow) ? this.#chance.between(100, 3_000) : 0;
    // Now and then a packet is lost, or a collector runs: that is no fault.
    const tail = this.#chance.happens(0.1) ? this.#chance.between(1, 12) : 1;
    return slow + tail * this.#chance.between(low, high);
  }
}

function calm(): Trouble {
  return { unsent: 0, lost: 0, slow: 0, frozenUntil: 0 };
}

function outcomeOf<T>(call: StoreCall<T>): { readonly value: T } | { readonly error: unknown } {
  try {
    return { value: call.effect() };
  } catch (error) {
    return { error };
  }
}
