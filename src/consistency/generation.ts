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
  type GenerationMode,
  type GenerationView,
  type InstanceReport,
  readView,
  removal,
  transition,
} from "./generation-document.ts";
import { type HotHealth, isIsolated, nextStep, type Situation } from "./generation-policy.ts";
import { Namespaces } from "./namespaces.ts";
import { Backoff, bounded, rest } from "./pacing.ts";
import { Peers } from "./peers.ts";
import { Renewal } from "./renewal.ts";
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

/** A permission to act on one number and mode, until `Generation.holds` says no more. */
export interface Lease {
  readonly number: number;
  readonly mode: Exclude<GenerationMode, "bypassing">;
  readonly epoch: number;
}

/** What those who read and write objects need of the generation. */
export type Leases = Pick<Generation, "lease" | "holds" | "reportHotFailure" | "lastKnown" | "durableDown">;

/** The generation as it was when the durable store was last heard of. */
export interface LastKnown {
  readonly number: number;
  /**
   * Milliseconds since the epoch: what was acknowledged before is in the hot store. Undefined when this process never
   * held a lease, or does not know the hot store to be the one that the number belongs to.
   */
  readonly asOf: number | undefined;
}

const RETRY_MS = 20;
const SHORTEST_REST_MS = 5;
/** A generation that was left sooner than this was opened too early: the next one waits longer. */
const FLAPPING_MS = 5_000;

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

  #view: GenerationView | undefined;
  #viewSince = 0;
  /** Whether this process found the mode as it was: how long it lasted before is not known. */
  #viewFound = true;
  #viewRevision = 0;
  #epoch = 0;
  #doubts = 0;
  #leaseUntil = Number.NEGATIVE_INFINITY;
  #leaseAsOf: number | undefined;
  #durableDown = false;
  #hot: HotHealth = { state: "unknown" };
  readonly #renewal: Renewal;
  readonly #peers: Peers;
  #hotHealth: StoreHealth;
  #durableHealth: StoreHealth;
  readonly #reopening = new Backoff();
  readonly #namespaces: Namespaces;

  constructor(options: GenerationOptions) {
    this.#o = options;
    this.#leaseMs = options.durable.exclusive ? 0 : options.leaseMs;
    // The only instance there can be needs no name of its own, and leaves none behind at a restart.
    this.#instance = options.durable.exclusive ? "embedded" : options.instance;
    this.#namespaces = new Namespaces(options.hot);
    this.#peers = new Peers(this.#instance);
    this.#renewal = new Renewal(options.durable, this.#instance, this.#leaseMs);
    this.#hotHealth = unknownHealth(options.timing.now());
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
    if (this.#view === undefined || this.#o.durable.exclusive) return;
    await this.#bounded((signal) =>
      this.#o.durable.update(removal(this.#instance, this.#renewal.beat), signal),
    ).catch(() => undefined);
  }

  /** Called whenever what this class tells may have changed; answers how to stop that. */
  onChange(listener: () => void): () => void {
    return this.#changed.subscribe(listener);
  }

  get view(): GenerationView | undefined {
    return this.#view;
  }
  get hotHealth(): StoreHealth {
    return this.#hotHealth;
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
    const view = this.#view;
    return view?.mode === "cached" && this.#isHotOf(view) ? view.number : undefined;
  }
  /** Namespaces that are being cleared in the background. */
  get backlog(): number {
    return this.#namespaces.backlog;
  }
  get isolated(): boolean {
    const situation = this.#situation();
    return situation !== undefined && isIsolated(situation);
  }

  /**
   * A live lease. Waits through BYPASSING and through a renewal that is under way. Errors: `unavailable` when
   * the durable store is away, this instance is cut off alone, or the service stops; `deadline_exceeded`,
   * `cancelled`. Nothing was applied by then.
   */
  async lease(signal?: AbortSignal): Promise<Lease> {
    for (;;) {
      if (signal?.aborted) throw aborted(signal);
      const lease = this.#current();
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
    return lease.epoch === this.#epoch && this.#current() !== undefined;
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
    const view = this.#view;
    if (view !== undefined) {
      if (view.mode !== "cached") return undefined;
      return { number: view.number, asOf: this.#isHotOf(view) ? this.#leaseAsOf : undefined };
    }
    const number = await this.#o.hot.readHint(signal);
    return number === undefined ? undefined : { number, asOf: undefined };
  }

  #leaseLive(): boolean {
    if (this.#o.durable.exclusive) return this.#view !== undefined;
    return this.#o.timing.monotonic() < this.#leaseUntil;
  }

  #current(): Lease | undefined {
    const view = this.#view;
    if (view === undefined || view.mode === "bypassing" || !this.#leaseLive()) return undefined;
    // The number belongs to one hot store: none of its entries may be shown or written by way of another one.
    const usesHot = view.mode === "cached" || view.mode === "opening";
    if (usesHot && !(this.#hot.state === "reachable" && this.#hot.identity === view.identity))
      return undefined;
    return { number: view.number, mode: view.mode, epoch: this.#epoch };
  }

  #isHotOf(view: GenerationView): boolean {
    return this.#hot.state === "reachable" && this.#hot.identity === view.identity;
  }

  #situation(): Situation | undefined {
    if (this.#view === undefined) return undefined;
    return {
      view: this.#view,
      viewSince: this.#viewSince,
      now: this.#o.timing.monotonic(),
      hot: this.#hot,
      hotShared: this.#o.hot.shared,
      peers: this.#peers.all,
      leaseMs: this.#leaseMs,
      marginMs: this.#leaseMs / 4,
      reopenAt: this.#reopening.until,
    };
  }

  /** A connection was lost: what the hot store is must be asked anew before anything it says is shown. */
  #doubt(): void {
    this.#doubts++;
    if (this.#hot.state === "reachable") this.#hot = { state: "unknown" };
    this.#epoch++;
    this.#changed.notify();
    this.#wakeProbe.notify();
  }

  async #probeLoop(): Promise<void> {
    const { timing } = this.#o;
    while (!this.#stop.signal.aborted) {
      const doubts = this.#doubts;
      const sentAt = timing.monotonic();
      const identity = await this.#bounded((signal) => this.#o.hot.probe(signal)).catch(() => undefined);
      // An answer that was on its way when a connection was lost may be that of the server before.
      if (identity !== undefined && doubts !== this.#doubts) continue;
      const latencyMs = identity === undefined ? undefined : timing.monotonic() - sentAt;
      this.#hotHealth = after(this.#hotHealth, latencyMs, timing.now());
      this.#sawHot(identity);
      this.#probed.notify();
      await this.#advance();
      await this.#rest(this.#wakeProbe);
    }
  }

  #sawHot(identity: string | undefined): void {
    const before = this.#hot;
    if (identity !== undefined) {
      this.#hot = { state: "reachable", identity };
    } else if (before.state !== "unreachable") {
      this.#hot = { state: "unreachable", since: this.#o.timing.monotonic() };
    }
    const same =
      before.state === this.#hot.state &&
      (before.state !== "reachable" ||
        this.#hot.state !== "reachable" ||
        before.identity === this.#hot.identity);
    if (same) return;
    this.#epoch++;
    this.#changed.notify();
    // The others wait for this instance's word before one of them takes all into a bypass.
    this.#wakeRenewal.notify();
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
    const hot = this.#hot.state === "reachable";
    try {
      if (durable.exclusive && this.#view !== undefined) {
        await this.#bounded((signal) => durable.ping(signal));
      } else {
        const about = { hot, view: this.#view, now: sentAt };
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
    if (this.#hot.state === "unknown") return undefined;
    const identity = this.#hot.state === "reachable" ? this.#hot.identity : undefined;
    const update = creation(this.#o.timing.now(), identity, this.#instance, report);
    const result = await this.#bounded((signal) => this.#o.durable.update(update, signal));
    if (result.outcome === "refused") return undefined;
    // Where the document was wiped under a running process, its revisions begin anew.
    this.#viewRevision = 0;
    return result.document;
  }

  #observe(document: Document): void {
    // The two loops' answers may overtake each other.
    if (document.revision < this.#viewRevision) return;
    this.#viewRevision = document.revision;
    const view = readView(document);
    const now = this.#o.timing.monotonic();
    const before = this.#view;
    this.#view = view;
    if (!this.#o.durable.exclusive) this.#peers.observe(view, now);
    if (before?.number === view.number && before.mode === view.mode) {
      this.#changed.notify();
      return;
    }
    const lasted = this.#viewFound ? Number.POSITIVE_INFINITY : now - this.#viewSince;
    this.#viewSince = now;
    this.#viewFound = before === undefined;
    this.#epoch++;
    this.#changed.notify();
    if (before?.mode === "cached" && lasted >= FLAPPING_MS) this.#reopening.succeeded();
    else if (before?.mode === "cached") this.#reopening.failed(now);
    if (before?.mode === "opening" && view.mode === "bypassed") this.#reopening.failed(now);
    if (view.mode === "cached") this.#namespaces.entered(view.number, this.#stop.signal);
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
