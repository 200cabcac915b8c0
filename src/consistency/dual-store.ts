/**
 * The protocol: commit, confirm, help. One durable store is the truth; one hot store is fast and may lose
 * anything at any moment. docs/consistency.md tells what readers and writers may count on.
 */
import { aborted, ServiceError, unavailable } from "../errors.ts";
import type { Json } from "../json.ts";
import type { Document, DurableStore } from "../ports/durable-store.ts";
import type { Hit, HotStore } from "../ports/hot-store.ts";
import { type Committed, commit } from "./commit.ts";
import { copyTail, readHistory, tailIsLong } from "./history.ts";
import type { Lease, Leases } from "./lease.ts";
import type {
  Mutated,
  Mutation,
  ObjectKind,
  Objects,
  Provenance,
  Read,
  ReadOptions,
  Request,
  Transformed,
} from "./objects.ts";
import { findRequest, type Identity, identify } from "./requests.ts";
import { isHotOutage, Revealer } from "./reveal.ts";
import type { Timing } from "./timing.ts";
import { Semaphore, Turns } from "./turns.ts";

export interface DualStoreOptions {
  readonly kind: ObjectKind;
  readonly durable: DurableStore;
  readonly hot: HotStore;
  readonly generation: Leases;
  readonly timing: Timing;
  /** Called with its key after each acknowledged write of this process, so that those who watch need not wait. */
  readonly written?: (key: string) => void;
}

/** Life of a fill lease: longer than a read of the durable store takes, short enough for a reader that died. */
const FILL_LEASE_MS = 2_000;
/** How a reader who found another one filling waits, before it reads the durable store itself. */
const BUSY_WAITS_MS = [2, 5, 10, 20, 40];
/** Reads of the durable store that this process has under way for fast reads. */
const MAX_DURABLE_READS = 64;
/** Those that wait for them: a few full batches. */
const MAX_WAITING_READS = 10_000;
/** Writers of one process that wait for their turn on one object. */
const MAX_TURNS = 1_000;
/** Compare-and-set races that one call may lose. */
const MAX_RACES = 64;

export function createObjects(options: DualStoreOptions): Objects {
  return new DualStore(options);
}

class DualStore implements Objects {
  readonly #o: DualStoreOptions;
  readonly #revealer: Revealer;
  readonly #durableReads = new Semaphore(MAX_DURABLE_READS, MAX_WAITING_READS);
  readonly #turns = new Turns(MAX_TURNS);
  readonly #copying = new Set<string>();

  constructor(options: DualStoreOptions) {
    this.#o = options;
    this.#revealer = new Revealer(options.generation, options.hot);
  }

  read(key: string, options: ReadOptions): Promise<Read> {
    return options.consistency === "strong" ? this.#readDurable(key, options) : this.#readFast(key, options);
  }

  async readMany(keys: readonly string[], options: ReadOptions): Promise<readonly (Read | Error)[]> {
    return Promise.all(
      keys.map((key) =>
        this.read(key, options).catch((e: unknown) => (e instanceof Error ? e : new Error(String(e)))),
      ),
    );
  }

  async mutate(key: string, request: Request, mutation: Mutation, signal?: AbortSignal): Promise<Mutated> {
    const identity = identify(request, () => this.#o.timing.uniqueId());
    // Refuse before anything is written while nothing could be acknowledged.
    await this.#o.generation.lease(signal);
    const committed = await this.#commit(key, identity, mutation, signal);
    if (committed.outcome === "applied") return this.#acknowledgeWrite(key, committed.document, signal);
    if (committed.outcome === "replayed") return this.#acknowledgeReplay(key, committed, signal);
    const { document } = committed;
    await this.#revealer.help(this.#hotKey(key), document?.revision ?? 0, signal);
    return { outcome: "refused", document: document && lean(document) };
  }

  transform(
    key: string,
    request: Request,
    plan: (current: Document | undefined) => Mutation | undefined,
    signal?: AbortSignal,
  ): Promise<Transformed> {
    const identity = identify(request, () => this.#o.timing.uniqueId());
    return this.#turns.take(key, () => this.#transform(key, identity, plan, signal), signal);
  }

  async history(
    key: string,
    afterRevision: number,
    limit: number,
    signal?: AbortSignal,
  ): Promise<readonly { readonly revision: number; readonly event: Json }[]> {
    const { durable, kind } = this.#o;
    const document = await durable.get(kind.collection, key, { whole: true, ...withSignal(signal) });
    if (document === undefined) return [];
    const entries = await readHistory(durable, kind, document, { after: afterRevision, limit }, signal);
    await this.#revealer.help(this.#hotKey(key), document.revision, signal);
    return entries;
  }

  async #transform(
    key: string,
    identity: Identity,
    plan: (current: Document | undefined) => Mutation | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Transformed> {
    const { durable, generation, kind } = this.#o;
    await generation.lease(signal);
    let current = await durable.get(kind.collection, key, { whole: true, ...withSignal(signal) });
    for (let race = 0; race < MAX_RACES; race++) {
      const found = findRequest(current, identity);
      if (current !== undefined && found !== undefined) {
        const { revision: appliedRevision, sameBody } = found;
        const replay = { outcome: "replayed", document: current, appliedRevision, sameBody } as const;
        return this.#acknowledgeReplay(key, replay, signal);
      }
      const mutation = await this.#plan(key, current, plan, signal);
      if (mutation === undefined) return { outcome: "unchanged", document: current && lean(current) };
      const expected = { path: ["revision"], test: "equals", value: current?.revision ?? 0 } as const;
      const conditional: Mutation = {
        ...mutation,
        conditions: [...mutation.conditions, expected],
        ifAbsent: current === undefined ? mutation.ifAbsent : "refuse",
      };
      const committed = await this.#commit(key, identity, conditional, signal);
      if (committed.outcome === "applied") return this.#acknowledgeWrite(key, committed.document, signal);
      if (committed.outcome === "replayed") return this.#acknowledgeReplay(key, committed, signal);
      current = committed.document;
    }
    throw new ServiceError("aborted", "CONTENTION", "other writers were faster every time", {
      retryAfterMs: 100,
    });
  }

  /** What the plan says reveals what it saw: a refusal, too, leaves only after the hot store knows. */
  async #plan(
    key: string,
    current: Document | undefined,
    plan: (current: Document | undefined) => Mutation | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Mutation | undefined> {
    let failure: unknown;
    try {
      const mutation = plan(current && lean(current));
      if (mutation !== undefined) return mutation;
    } catch (error) {
      failure = error;
    }
    await this.#revealer.help(this.#hotKey(key), current?.revision ?? 0, signal);
    if (failure !== undefined) throw failure;
    return undefined;
  }

  #commit(
    key: string,
    identity: Identity,
    mutation: Mutation,
    signal: AbortSignal | undefined,
  ): Promise<Committed> {
    const { durable, kind, timing } = this.#o;
    return commit(durable, kind, timing, { key, identity, mutation }, signal);
  }

  async #acknowledgeWrite(
    key: string,
    document: Document,
    signal: AbortSignal | undefined,
  ): Promise<Mutated & { readonly outcome: "applied" }> {
    const written = lean(document);
    try {
      await this.#revealer.confirm(this.#hotKey(key), this.#versioned(written), signal);
    } catch (error) {
      throw error instanceof ServiceError ? error.withApplied("yes") : error;
    }
    this.#o.written?.(key);
    if (tailIsLong(written)) this.#copyTailLater(key);
    return { outcome: "applied", document: written };
  }

  async #acknowledgeReplay(
    key: string,
    replay: Committed & { readonly outcome: "replayed" },
    signal: AbortSignal | undefined,
  ): Promise<Mutated & { readonly outcome: "replayed" }> {
    const { appliedRevision, document } = replay;
    try {
      await this.#revealer.help(this.#hotKey(key), document.revision, signal);
    } catch (error) {
      throw error instanceof ServiceError && replay.sameBody ? error.withApplied("yes") : error;
    }
    if (!replay.sameBody) {
      throw new ServiceError(
        "invalid_argument",
        "REQUEST_ID_REUSED",
        "request_id: was used with another request",
        {
          violations: [{ field: "request_id", description: "was used with another request" }],
        },
      );
    }
    return { outcome: "replayed", document: lean(document), appliedRevision };
  }

  async #readDurable(key: string, options: ReadOptions): Promise<Read> {
    const { durable, generation, kind, timing } = this.#o;
    await generation.lease(options.signal);
    const asOf = timing.now();
    const document = await durable.get(kind.collection, key, withSignal(options.signal));
    const lease = await this.#revealer.help(this.#hotKey(key), document?.revision ?? 0, options.signal);
    return this.#answer(document, options, { source: "durable", degraded: lease.mode !== "cached", asOf });
  }

  async #readFast(key: string, options: ReadOptions): Promise<Read> {
    const { generation, hot, timing } = this.#o;
    const { minRevision, signal } = options;
    for (let waits = 0; ; ) {
      let lease: Lease;
      try {
        lease = await generation.lease(signal);
      } catch (error) {
        if (generation.durableDown && !signal?.aborted) return this.#readDegraded(key, minRevision, signal);
        throw error;
      }
      if (lease.mode !== "cached")
        return this.#durableReads.hold(() => this.#readDurable(key, options), signal);
      const slot = { generation: lease.number, key: this.#hotKey(key) };
      const token = timing.uniqueId();
      const asOf = timing.now();
      try {
        const found = await hot.getOrLease(slot, { minRevision, token, leaseMs: FILL_LEASE_MS }, signal);
        if (found.kind === "hit") {
          if (generation.holds(lease)) return fromHit(found, { source: "hot", degraded: false, asOf });
          continue;
        }
        if (found.kind === "leased") return await this.#fill(key, token, lease, options);
      } catch (error) {
        if (!isHotOutage(error)) throw error;
        await generation.reportHotFailure(lease, signal);
        continue;
      }
      const wait = BUSY_WAITS_MS[waits++];
      if (wait === undefined) return this.#durableReads.hold(() => this.#readDurable(key, options), signal);
      await timing.sleep(wait, signal);
      if (signal?.aborted) throw aborted(signal);
    }
  }

  /** With the fill lease: what the durable store holds goes into the hot one, if nobody wrote meanwhile. */
  async #fill(key: string, token: string, lease: Lease, options: ReadOptions): Promise<Read> {
    const { durable, generation, hot, kind, timing } = this.#o;
    const { signal } = options;
    const slot = { generation: lease.number, key: this.#hotKey(key) };
    const asOf = timing.now();
    const document = await this.#durableReads.hold(
      () => durable.get(kind.collection, key, withSignal(signal)),
      signal,
    );
    const versioned =
      document === undefined
        ? { value: undefined, revision: 0, ttlMs: FILL_LEASE_MS }
        : this.#versioned(document);
    await hot.fill(slot, token, versioned, signal);
    // The fill, stored or refused, raised the floor; under another lease that has to be done again.
    if (!generation.holds(lease)) {
      await this.#revealer.help(this.#hotKey(key), document?.revision ?? 0, signal);
    }
    return this.#answer(document, options, { source: "durable", degraded: false, asOf });
  }

  /** The durable store is away: what the hot store held when it was last in force, if anything. */
  async #readDegraded(key: string, minRevision: number, signal: AbortSignal | undefined): Promise<Read> {
    const { generation, hot } = this.#o;
    const known = await generation.lastKnown(signal).catch(() => undefined);
    const hit =
      known &&
      (await hot
        .peek({ generation: known.number, key: this.#hotKey(key) }, minRevision, signal)
        .catch(() => undefined));
    if (known === undefined || hit === undefined) throw unavailable("durable");
    // Another hot store may have come meanwhile, and with it older entries.
    const still = await generation.lastKnown(signal).catch(() => undefined);
    const asOf = still?.number === known.number && still.asOf !== undefined ? known.asOf : undefined;
    const provenance = { source: "hot", degraded: true, ...(asOf === undefined ? {} : { asOf }) } as const;
    const read = fromHit(hit, provenance);
    // An old tombstone would be answered as "not found", and an outage never looks like that.
    if (read.document?.live === false) throw unavailable("durable");
    return read;
  }

  #answer(document: Document | undefined, options: ReadOptions, provenance: Provenance): Read {
    if ((document?.revision ?? 0) < options.minRevision) {
      throw new ServiceError(
        "failed_precondition",
        "REVISION_NOT_REACHED",
        `the object has not reached revision ${options.minRevision}`,
        { metadata: { revision: String(document?.revision ?? 0) } },
      );
    }
    if (document === undefined || provenance.degraded) return { document, provenance };
    const { kind, timing } = this.#o;
    const now = timing.now();
    return { document, provenance: { ...provenance, hotExpireTime: now + kind.hotTtlMs(document, now) } };
  }

  #versioned(document: Document) {
    const { kind, timing } = this.#o;
    const ttlMs = kind.hotTtlMs(document, timing.now());
    return { value: JSON.stringify(document), revision: document.revision, ttlMs };
  }

  #hotKey(key: string): string {
    return `${this.#o.kind.hotPrefix}/${key}`;
  }

  /** Beside the answer; what fails here is done by the next writer. */
  #copyTailLater(key: string): void {
    if (this.#copying.has(key)) return;
    this.#copying.add(key);
    const { durable, kind } = this.#o;
    void durable
      .get(kind.collection, key, { whole: true })
      .then((document) => document && copyTail(durable, kind, document))
      .catch(() => undefined)
      .finally(() => this.#copying.delete(key));
  }
}

/** Without what the protocol keeps for itself. */
function lean(document: Document): Document {
  const { requests: _requests, events: _events, ...rest } = document;
  return rest as Document;
}

function fromHit(hit: Hit, provenance: Provenance): Read {
  const document = JSON.parse(hit.value) as Document;
  const { asOf } = provenance;
  const expiry = asOf === undefined || provenance.degraded ? {} : { hotExpireTime: asOf + hit.ttlMs };
  return { document, provenance: { ...provenance, ...expiry } };
}

function withSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
