import { LRUCache } from "lru-cache";
import type { Limits } from "./limits.ts";

/** Callers that are remembered. Whoever is forgotten starts with a full bucket. */
const REMEMBERED = 10_000;

type CallerLimits = Pick<Limits, "maxInFlightPerPrincipal" | "ratePerPrincipal" | "burstPerPrincipal">;

/** Keeps one caller from taking the whole service. Callers are told apart by their id, or by address without one. */
export class PrincipalLimits {
  readonly #limits: CallerLimits;
  readonly #now: () => number;
  readonly #busy = new Map<string, CallerUse>();
  readonly #idle = new LRUCache<string, CallerUse>({ max: REMEMBERED });

  /** `now`: milliseconds that never run backwards. */
  constructor(limits: CallerLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** To be asked for again with every call, since an idle caller may be forgotten. */
  of(id: string): CallerUse {
    return this.#busy.get(id) ?? this.#idle.get(id) ?? this.#remember(id);
  }

  #remember(id: string): CallerUse {
    const use = new CallerUse(this.#limits, this.#now, (busy) => {
      if (busy) {
        this.#busy.set(id, use);
        return;
      }
      this.#busy.delete(id);
      this.#idle.set(id, use);
    });
    this.#idle.set(id, use);
    return use;
  }
}

/** What a caller has open, and what it may begin. */
export class CallerUse {
  readonly #limits: CallerLimits;
  readonly #now: () => number;
  readonly #turned: (busy: boolean) => void;
  #inFlight = 0;
  #tokens: number;
  #at: number;

  /** @param turned told when the first of its calls begins, and when the last of them ends */
  constructor(limits: CallerLimits, now: () => number, turned: (busy: boolean) => void) {
    this.#limits = limits;
    this.#now = now;
    this.#turned = turned;
    this.#tokens = limits.burstPerPrincipal;
    this.#at = now();
  }

  /** Whether the caller has as many calls open as it may. */
  get isFull(): boolean {
    return this.#inFlight >= this.#limits.maxInFlightPerPrincipal;
  }

  /** Takes one call from the caller's bucket; else the time (ms) after which there is one. */
  take(): number | undefined {
    const { ratePerPrincipal: rate, burstPerPrincipal: burst } = this.#limits;
    const now = this.#now();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) / 1000) * rate);
    this.#at = now;
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) / rate) * 1000);
    this.#tokens -= 1;
    return undefined;
  }

  /** Takes a call into account; then `leave` is to be called when it has ended. */
  enter(): void {
    if (this.#inFlight++ === 0) this.#turned(true);
  }

  readonly leave = (): void => {
    if (--this.#inFlight === 0) this.#turned(false);
  };
}
