/**
 * Help before you show: whoever learned a revision from the durable store makes the hot store know it before
 * anybody sees it. An answer leaves only under a lease that still holds after the hot store answered.
 */
import { ServiceError } from "../errors.ts";
import type { HotStore, Slot, Versioned } from "../ports/hot-store.ts";
import type { Lease, Leases } from "./lease.ts";

export class Revealer {
  readonly #generation: Leases;
  readonly #hot: HotStore;

  constructor(generation: Leases, hot: HotStore) {
    this.#generation = generation;
    this.#hot = hot;
  }

  /** Before a revision that was read is shown; 0 = nothing was there. Answers the lease to show it under. */
  help(hotKey: string, revision: number, signal?: AbortSignal): Promise<Lease> {
    return this.#settle(hotKey, signal, async (slot) => {
      if (revision > 0) await this.#hot.raise(slot, revision, signal);
    });
  }

  /** Before a revision that was written is acknowledged. */
  confirm(hotKey: string, versioned: Versioned, signal?: AbortSignal): Promise<Lease> {
    return this.#settle(hotKey, signal, (slot) => this.#hot.confirm(slot, versioned, signal));
  }

  /** Tells the hot store of the generation in force, again whenever another one came into force meanwhile. */
  async #settle(
    key: string,
    signal: AbortSignal | undefined,
    tell: (slot: Slot) => Promise<void>,
  ): Promise<Lease> {
    for (;;) {
      const lease = await this.#generation.lease(signal);
      if (lease.mode !== "bypassed") {
        try {
          await tell({ generation: lease.number, key });
        } catch (error) {
          if (!isHotFailure(error)) throw error;
          await this.#generation.reportHotFailure(lease, signal);
          continue;
        }
      }
      if (this.#generation.holds(lease)) return lease;
    }
  }
}

/** The hot store cannot be reached; the generation decides what that means. */
export function isHotOutage(error: unknown): boolean {
  return error instanceof ServiceError && error.reason === "HOT_STORE_UNAVAILABLE";
}

/** A write that is committed cannot be shed any more: a hot store that is too busy is asked again. */
function isHotFailure(error: unknown): boolean {
  return isHotOutage(error) || (error instanceof ServiceError && error.kind === "resource_exhausted");
}
