/**
 * The steward of the generation: keeps this instance's lease on it, watches the hot store, and takes the steps that
 * generation-policy.ts names. Everybody who reads or writes asks it for a lease first and shows nothing unless
 * that lease still holds afterwards.
 */
import { aborted, ServiceError, unavailable } from "../errors.ts";
import type { Document, DurableStore } from "../ports/durable-store.ts";
import type { HotStore } from "../ports/hot-store.ts";
import {
  creation,
  type GenerationView,
  type InstanceReport,
  removal,
  transition,
} from "./generation-document.ts";
import { isIsolated, nextStep, type Situation } from "./generation-policy.ts";
import { HotWatch } from "./hot-watch.ts";
import type { LastKnown, Lease } from "./lease.ts";
import { Namespaces } from "./namespaces.ts";
import { bounded, rest } from "./pacing.ts";
import { Peers } from "./peers.ts";
import { Renewal } from "./renewal.ts";
import { Sightings } from "./sightings.ts";
import { Broadcast } from "./signal.ts";
import { after, type StoreHealth, unknownHealth } from "./store-health.ts";
import type { Timing } from "./timing.ts";

export interface GenerationOptions {
  readonly durable: DurableStore;
  readonly hot: HotStore;
  readonly timing: Timing;
  readonly instance: string;
  /** How long a lease lives; milliseconds. */
  readonly leaseMs: number;
  /** How long one renewal or probe may take; milliseconds. */
  readonly timeoutMs: number;
}

const RETRY_MS = 20;
const SHORTEST_REST_MS = 5;

export class Generation {
  readonly #o: GenerationOptions;
  readonly #leaseMs: number;
  readonly #instance: string;
  readonly #changed = new Broadcast();
  readonly #probed = new Broadcast();
  readonly #wakeProbe = new Broadcast();
  readonly #wakeRenewal = new Broadcast();
  readonly #stop = new AbortController();
  readonly #loops: Promise<unknown>[] = [];

  readonly #seen = new Sightings();
  readonly #hot: HotWatch;
  #epoch = 0;
  #leaseUntil = Number.NEGATIVE_INFINITY;
  #leaseAsOf: number | undefined;
  #durableDown = false;
  readonly #renewal: Renewal;
  readonly #peers: Peers;
  #durableHealth: StoreHealth;
  readonly #namespaces: Namespaces;

  constructor(options: GenerationOptions) {
    this.#o = options;
    this.#leaseMs = options.durable.exclusive ? 0 : options.leaseMs;
    // The only instance there can be needs no name of its own, and leaves none behind at a restart.
    this.#instance = options.durable.exclusive ? "embedded" : options.instance;
    this.#namespaces = new Namespaces(options.hot);
    this.#peers = new Peers(this.#instance);
    this.#renewal = new Renewal(options.durable, this.#instance, this.#leaseMs);
    this.#hot = new HotWatch(options.hot, options.timing, options.timeoutMs);
    this.#durableHealth = unknownHealth(options.timing.now());
  }

  /** Starts the two loops; resolves at once. */
  start(): void {
    const unsubscribe = this.#o.hot.onDoubt(() => this.#doubt());
    this.#stop.signal.addEventListener("abort", unsubscribe, { once: true });
    this.#loops.push(this.#probeLoop(), this.#renewalLoop());
  }

  /** Ends the loops and takes this instance off the list, as far as the durable store can be reached. */
  async close(): Promise<void> {
    this.#stop.abort(new ServiceError("unavailable", "SHUTTING_DOWN", "the service is shutting down"));
    await Promise.all(this.#loops);
    if (this.view === undefined || this.#o.durable.exclusive) return;
    await this.#bounded((signal) =>
      this.#o.durable.update(removal(this.#instance, this.#renewal.beat), signal),
    ).catch(() => undefined);
  }

  /** Called whenever what this class tells may have changed; answers how to stop that. */
  onChange(listener: () => void): () => void {
    return this.#changed.subscribe(listener);
  }

  get view(): GenerationView | undefined {
    return this.#seen.view;
  }
  get hotHealth(): StoreHealth {
    return this.#hot.health;
  }
  get durableHealth(): StoreHealth {
    return this.#durableHealth;
  }
  /** True when the lease ran out because the durable store does not answer. */
  get durableDown(): boolean {
    return this.#durableDown && !this.#leaseLive();
  }
  /**
   * The namespace in force, and usable by what needs no durable store; undefined while the hot store is bypassed, in
   * doubt, or another one.
   */
  get namespace(): number | undefined {
    const view = this.view;
    return view?.mode === "cached" && this.#hot.is(view.identity) ? view.number : undefined;
  }
  /** Namespaces that are being cleared in the background. */
  get backlog(): number {
    return this.#namespaces.backlog;
  }
  get isolated(): boolean {
    const situation = this.#situation();
    return situation !== undefined && isIsolated(situation);
  }

  /** The lease as it is now, for who would rather not wait; undefined where `lease` would wait or fail. */
  get current(): Lease | undefined {
    const view = this.view;
    if (view === undefined || view.mode === "bypassing" || !this.#leaseLive()) return undefined;
    // The number belongs to one hot store: none of its entries may be shown or written by way of another one.
    const usesHot = view.mode === "cached" || view.mode === "opening";
    if (usesHot && !this.#hot.is(view.identity)) return undefined;
    return { number: view.number, mode: view.mode, epoch: this.#epoch };
  }

  /**
   * A live lease. Waits through BYPASSING and through a renewal that is under way. Errors: `unavailable` when
   * the durable store is away, this instance is cut off alone, or the service stops; `deadline_exceeded`,
   * `cancelled`. Nothing was applied by then.
   */
  async lease(signal?: AbortSignal): Promise<Lease> {
    for (;;) {
      if (signal?.aborted) throw aborted(signal);
      const lease = this.current;
      if (lease !== undefined) return lease;
      if (this.#stop.signal.aborted) throw aborted(this.#stop.signal);
      if (this.durableDown) throw unavailable("durable");
      if (this.isolated) {
        throw new ServiceError(
          "unavailable",
          "INSTANCE_ISOLATED",
          "this instance cannot reach the hot store, others can",
          { retryAfterMs: 1000 },
        );
      }
      await this.#changed.next(signal);
    }
  }

  /** Whether what was done under the lease may be shown. */
  holds(lease: Lease): boolean {
    return lease.epoch === this.#epoch && this.current !== undefined;
  }

  /**
   * Says that the hot store failed under the lease, and waits until it is known to be well again or another mode
   * is in force.
   */
  async reportHotFailure(lease: Lease, signal?: AbortSignal): Promise<void> {
    if (lease.epoch !== this.#epoch) return;
    const probed = this.#probed.next(signal);
    this.#wakeProbe.notify();
    await probed;
    // The server is well but refused this command: a moment's rest before the next try.
    await this.#o.timing.sleep(RETRY_MS, signal);
  }

  /** For reads while the durable store is away; undefined when nothing is known that could be shown. */
  async lastKnown(signal?: AbortSignal): Promise<LastKnown | undefined> {
    const view = this.view;
    if (view !== undefined) {
      if (view.mode !== "cached") return undefined;
      return { number: view.number, asOf: this.#hot.is(view.identity) ? this.#leaseAsOf : undefined };
    }
    const number = await this.#o.hot.readHint(signal);
    return number === undefined ? undefined : { number, asOf: undefined };
  }

  #leaseLive(): boolean {
    if (this.#o.durable.exclusive) return this.view !== undefined;
    return this.#o.timing.monotonic() < this.#leaseUntil;
  }

  #situation(): Situation | undefined {
    const { view } = this;
    if (view === undefined) return undefined;
    return {
      view,
      viewSince: this.#seen.since,
      now: this.#o.timing.monotonic(),
      hot: this.#hot.state,
      hotShared: this.#o.hot.shared,
      peers: this.#peers.all,
      leaseMs: this.#leaseMs,
      marginMs: this.#leaseMs / 4,
      reopenAt: this.#seen.reopenAt,
    };
  }

  #doubt(): void {
    this.#hot.doubt();
    this.#epoch++;
    this.#changed.notify();
    this.#wakeProbe.notify();
  }

  async #probeLoop(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const probed = await this.#hot.probe();
      if (probed === "overtaken") continue;
      if (probed === "changed") {
        this.#epoch++;
        this.#changed.notify();
        // The others wait for this instance's word before one of them takes all into a bypass.
        this.#wakeRenewal.notify();
      }
      this.#probed.notify();
      await this.#advance();
      await this.#rest(this.#wakeProbe);
    }
  }

  async #renewalLoop(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const sentAt = this.#o.timing.monotonic();
      await this.#renew();
      // A store that answers slowly is asked again the sooner, so that one lease begins before the other ends.
      const tookMs = this.#o.timing.monotonic() - sentAt;
      await this.#advance();
      await this.#rest(this.#wakeRenewal, tookMs);
    }
  }

  /** Renews the lease; it counts from before the request was sent. Where nobody else can write, asking is enough. */
  async #renew(): Promise<void> {
    const { durable, timing } = this.#o;
    const sentAt = timing.monotonic();
    const sentAsOf = timing.now();
    const hot = this.#hot.state.state === "reachable";
    try {
      if (durable.exclusive && this.view !== undefined) {
        await this.#bounded((signal) => durable.ping(signal));
      } else {
        const about = { hot, view: this.view, now: sentAt };
        const found = await this.#bounded((signal) => this.#renewal.ask(about, signal));
        const document = found ?? (await this.#create(this.#renewal.report(hot)));
        if (document === undefined) return;
        this.#leaseUntil = sentAt + this.#leaseMs;
        this.#leaseAsOf = sentAsOf;
        this.#observe(document);
      }
      this.#sawDurable(timing.monotonic() - sentAt);
    } catch {
      this.#sawDurable(undefined);
    }
  }

  #sawDurable(latencyMs: number | undefined): void {
    const wasDown = this.#durableDown;
    this.#durableDown = latencyMs === undefined;
    this.#durableHealth = after(this.#durableHealth, latencyMs, this.#o.timing.now());
    // At each failure: it is the lease's end, which comes later than the first one, that callers hear of.
    if (wasDown || this.#durableDown) this.#changed.notify();
  }

  /** The first document, once it is known whether there is a hot store. */
  async #create(report: InstanceReport): Promise<Document | undefined> {
    const hot = this.#hot.state;
    if (hot.state === "unknown") return undefined;
    const identity = hot.state === "reachable" ? hot.identity : undefined;
    const update = creation(this.#o.timing.now(), identity, this.#instance, report);
    const result = await this.#bounded((signal) => this.#o.durable.update(update, signal));
    if (result.outcome === "refused") return undefined;
    this.#seen.beginAnew();
    return result.document;
  }

  #observe(document: Document): void {
    const now = this.#o.timing.monotonic();
    const seen = this.#seen.observe(document, now);
    const { view } = this;
    // The two loops' answers may overtake each other.
    if (seen === "overtaken" || view === undefined) return;
    if (!this.#o.durable.exclusive) this.#peers.observe(view, now);
    if (seen === "changed") this.#epoch++;
    this.#changed.notify();
    if (seen === "changed" && view.mode === "cached")
      this.#namespaces.entered(view.number, this.#stop.signal);
  }

  /** Takes the steps that are due; steps that need no wait follow one another at once. */
  async #advance(): Promise<void> {
    for (;;) {
      const situation = this.#situation();
      const step = situation === undefined ? undefined : nextStep(situation);
      if (situation === undefined || step === undefined || this.#stop.signal.aborted) break;
      try {
        const result = await this.#bounded((signal) =>
          this.#o.durable.update(transition(situation.view, step), signal),
        );
        const document = result.document;
        if (document !== undefined) this.#observe(document);
      } catch {
        break;
      }
    }
    await this.#buryDead();
  }

  /** Takes processes off the list that have long been silent; one that was only paused puts itself back. */
  async #buryDead(): Promise<void> {
    for (const [id, beat] of this.#peers.silentFor(10 * this.#leaseMs, this.#o.timing.monotonic())) {
      await this.#bounded((signal) => this.#o.durable.update(removal(id, beat), signal)).catch(
        () => undefined,
      );
    }
  }

  #bounded<T>(command: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return bounded(this.#o.timing, this.#o.timeoutMs, command);
  }

  #rest(wake: Broadcast, tookMs = 0): Promise<void> {
    const ms = Math.max(SHORTEST_REST_MS, this.#o.leaseMs / 4 - tookMs);
    return rest(this.#o.timing, ms, wake, this.#stop.signal);
  }
}
