import { LRUCache } from "lru-cache";
import type { Limits } from "./limits.ts";

/** Callers that are remembered. Whoever is forgotten starts with a full bucket. */
const REMEMBERED = 10_000;

/** Keeps one caller from taking the whole service. Callers are told apart by their id, or by address without one. */
export class PrincipalLimits {
  readonly #limits: Pick<Limits, "maxInFlightPerPrincipal" | "ratePerPrincipal" | "burstPerPrincipal">;
  readonly #now: () => number;
  readonly #inFlight = new Map<string, number>();
  readonly #buckets = new LRUCache<string, { tokens: number; at: number }>({ max: REMEMBERED });

  /** `now`: milliseconds that never run backwards. */
  constructor(
    limits: Pick<Limits, "maxInFlightPerPrincipal" | "ratePerPrincipal" | "burstPerPrincipal">,
    now: () => number,
  ) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Takes a call into account; then `leave` is to be called when it has ended. */
  enter(id: string): void {
    this.#inFlight.set(id, (this.#inFlight.get(id) ?? 0) + 1);
  }

  leave(id: string): void {
    const left = (this.#inFlight.get(id) ?? 1) - 1;
    if (left > 0) this.#inFlight.set(id, left);
    else this.#inFlight.delete(id);
  }

  /** Whether the caller has as many calls open as it may. */
  isFull(id: string): boolean {
    return (this.#inFlight.get(id) ?? 0) >= this.#limits.maxInFlightPerPrincipal;
  }

  /** Takes one call from the caller's bucket; else the time (ms) after which there is one. */
  waitFor(id: string): number | undefined {
    const { ratePerPrincipal: rate, burstPerPrincipal: burst } = this.#limits;
    const now = this.#now();
    const bucket = this.#buckets.get(id) ?? { tokens: burst, at: now };
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * rate);
    bucket.at = now;
    this.#buckets.set(id, bucket);
    if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) / rate) * 1000);
    bucket.tokens -= 1;
    return undefined;
  }
}
