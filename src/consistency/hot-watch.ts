/** What this instance knows of the hot store: whether it answers, and who it is. */
import type { HotStore } from "../ports/hot-store.ts";
import type { HotHealth } from "./generation-policy.ts";
import { bounded } from "./pacing.ts";
import { after, type StoreHealth, unknownHealth } from "./store-health.ts";
import type { Timing } from "./timing.ts";

export class HotWatch {
  readonly #hot: HotStore;
  readonly #timing: Timing;
  readonly #timeoutMs: number;
  #state: HotHealth = { state: "unknown" };
  #health: StoreHealth;
  #doubts = 0;

  /** `timeoutMs`: how long a probe may take. */
  constructor(hot: HotStore, timing: Timing, timeoutMs: number) {
    this.#hot = hot;
    this.#timing = timing;
    this.#timeoutMs = timeoutMs;
    this.#health = unknownHealth(timing.now());
  }

  get state(): HotHealth {
    return this.#state;
  }

  get health(): StoreHealth {
    return this.#health;
  }

  /** Whether it can be reached and is the one of that name. */
  is(identity: string): boolean {
    return this.#state.state === "reachable" && this.#state.identity === identity;
  }

  /** A connection was lost: what the hot store is must be asked anew before anything it says is shown. */
  doubt(): void {
    this.#doubts++;
    if (this.#state.state === "reachable") this.#state = { state: "unknown" };
  }

  /** Asks once. `overtaken`: the answer says nothing, as a connection was lost while it was on its way. */
  async probe(): Promise<"changed" | "same" | "overtaken"> {
    const doubts = this.#doubts;
    const sentAt = this.#timing.monotonic();
    const probing = bounded(this.#timing, this.#timeoutMs, (signal) => this.#hot.probe(signal));
    const identity = await probing.catch(() => undefined);
    // It may be that of the server before.
    if (identity !== undefined && doubts !== this.#doubts) return "overtaken";
    const latencyMs = identity === undefined ? undefined : this.#timing.monotonic() - sentAt;
    this.#health = after(this.#health, latencyMs, this.#timing.now());
    return this.#saw(identity);
  }

  #saw(identity: string | undefined): "changed" | "same" {
    if (identity === undefined) {
      if (this.#state.state === "unreachable") return "same";
      this.#state = { state: "unreachable", since: this.#timing.monotonic() };
      return "changed";
    }
    if (this.is(identity)) return "same";
    this.#state = { state: "reachable", identity };
    return "changed";
  }
}
