/** What operators and the cache may know of the two stores. */
import { unavailable } from "../errors.ts";
import type { DurableStore } from "../ports/durable-store.ts";
import type { HotStore } from "../ports/hot-store.ts";
import type { Generation } from "./generation.ts";
import type { StoreHealth } from "./store-health.ts";

export const MODES = ["normal", "hot_bypassed", "durable_down"] as const;
export type Mode = (typeof MODES)[number];

export interface StoresState {
  readonly mode: Mode;
  /** Empty when the mode is normal. */
  readonly reason: string;
  readonly hot: StoreHealth & { readonly kind: string };
  readonly durable: StoreHealth & { readonly kind: string };
  readonly generation: number;
  /** Pieces of background work that wait. */
  readonly backlog: number;
}

export class StoresView {
  readonly #generation: Generation;
  readonly #durable: DurableStore;
  readonly #hot: HotStore;

  constructor(generation: Generation, durable: DurableStore, hot: HotStore) {
    this.#generation = generation;
    this.#durable = durable;
    this.#hot = hot;
  }

  state(): StoresState {
    const { view, hotHealth, durableHealth } = this.#generation;
    return {
      ...this.#mode(),
      hot: { kind: this.#hot.kind, ...hotHealth },
      durable: { kind: this.#durable.kind, ...durableHealth },
      generation: view?.number ?? 0,
      backlog: this.#generation.backlog,
    };
  }

  /**
   * Whether this instance should get traffic. An outage that all instances share is no reason to say no: they still
   * answer what they can, and a balancer without targets answers nothing.
   */
  readiness(): { readonly ready: boolean; readonly reason: string } {
    const { view, isolated } = this.#generation;
    if (view === undefined) return { ready: false, reason: "the durable store has not been reached yet" };
    if (isolated) return { ready: false, reason: "this instance alone cannot reach the hot store" };
    return { ready: true, reason: "" };
  }

  /** One round trip. Throws ServiceError `unavailable` when the store does not answer. */
  async ping(store: "hot" | "durable", signal?: AbortSignal): Promise<void> {
    if (store === "hot") await this.#hot.probe(signal);
    else await this.#durable.ping(signal);
  }

  /**
   * The namespace that cache entries live in. While the durable store is away the last known one is right: without it
   * nobody can open another. Throws `unavailable` while the hot store is bypassed.
   */
  current(): number {
    const { namespace } = this.#generation;
    if (namespace === undefined) throw unavailable("hot");
    return namespace;
  }

  #mode(): { readonly mode: Mode; readonly reason: string } {
    const { view, durableDown, isolated, namespace } = this.#generation;
    if (durableDown) return { mode: "durable_down", reason: "the durable store cannot be reached" };
    if (isolated) return { mode: "hot_bypassed", reason: "this instance alone cannot reach the hot store" };
    if (view === undefined) return { mode: "durable_down", reason: "the stores have not been reached yet" };
    if (view.mode !== "cached") return { mode: "hot_bypassed", reason: view.reason };
    // Still in force, as nobody could close it yet: after an outage of both stores, or before the bypass has begun.
    if (namespace === undefined) return { mode: "hot_bypassed", reason: "the hot store does not answer" };
    return { mode: "normal", reason: "" };
  }
}
