/** Reads: strong ones from the durable store, fast ones from the hot store, and from the durable one on its behalf. */
import { aborted, ServiceError, unavailable } from "../errors.ts";
import type { Document } from "../ports/durable-store.ts";
import type { Hit } from "../ports/hot-store.ts";
import type { DualStoreOptions } from "./dual-store.ts";
import { hotKey, versioned } from "./hot-entry.ts";
import { KeptDocuments } from "./kept-documents.ts";
import type { Lease } from "./lease.ts";
import type { Provenance, Read, ReadOptions } from "./objects.ts";
import { isHotOutage, type Revealer } from "./reveal.ts";
import { Semaphore } from "./turns.ts";

/** Life of a fill lease: longer than a read of the durable store takes, short enough for a reader that died. */
const FILL_LEASE_MS = 2_000;
/** How a reader who found another one filling waits, before it reads the durable store itself. */
const BUSY_WAITS_MS = [2, 5, 10, 20, 40];
/** Reads of the durable store that this process has under way for fast reads. */
const MAX_DURABLE_READS = 64;
/** Those that wait for them: a few full batches. */
const MAX_WAITING_READS = 10_000;

export class Reads {
  readonly #o: DualStoreOptions;
  readonly #revealer: Revealer;
  readonly #durableReads = new Semaphore(MAX_DURABLE_READS, MAX_WAITING_READS);
  readonly #documents = new KeptDocuments();
  /** With a number behind it, a token that is never used twice: most reads take one and few need it. */
  readonly #name: string;
  #asked = 0;

  constructor(options: DualStoreOptions, revealer: Revealer) {
    this.#o = options;
    this.#revealer = revealer;
    this.#name = options.timing.uniqueId();
  }

  async strong(key: string, options: ReadOptions): Promise<Read> {
    const { durable, generation, kind, timing } = this.#o;
    await generation.lease(options.signal);
    const asOf = timing.now();
    const document = await durable.get(kind.collection, key, withSignal(options.signal));
    const lease = await this.#revealer.help(
      hotKey(this.#o.kind, key),
      document?.revision ?? 0,
      options.signal,
    );
    return this.#answer(document, options, { source: "durable", degraded: lease.mode !== "cached", asOf });
  }

  async fast(key: string, options: ReadOptions): Promise<Read> {
    const { generation, hot, timing } = this.#o;
    const { minRevision, signal } = options;
    for (let waits = 0; ; ) {
      let lease: Lease;
      try {
        lease = generation.current ?? (await generation.lease(signal));
      } catch (error) {
        if (generation.durableDown && !signal?.aborted) return this.#readDegraded(key, minRevision, signal);
        throw error;
      }
      if (lease.mode !== "cached") return this.#durableReads.hold(() => this.strong(key, options), signal);
      const slot = { generation: lease.number, key: hotKey(this.#o.kind, key) };
      const token = `${this.#name}.${++this.#asked}`;
      const asOf = timing.now();
      try {
        const found = await hot.getOrLease(slot, { minRevision, token, leaseMs: FILL_LEASE_MS }, signal);
        if (found.kind === "hit") {
          if (generation.holds(lease))
            return this.#fromHit(key, found, { source: "hot", degraded: false, asOf });
          continue;
        }
        if (found.kind === "leased") return await this.#fill(key, token, lease, options);
      } catch (error) {
        if (!isHotOutage(error)) throw error;
        await generation.reportHotFailure(lease, signal);
        continue;
      }
      const wait = BUSY_WAITS_MS[waits++];
      if (wait === undefined) return this.#durableReads.hold(() => this.strong(key, options), signal);
      await timing.sleep(wait, signal);
      if (signal?.aborted) throw aborted(signal);
    }
  }

  /** With the fill lease: what the durable store holds goes into the hot one, if nobody wrote meanwhile. */
  async #fill(key: string, token: string, lease: Lease, options: ReadOptions): Promise<Read> {
    const { durable, generation, hot, kind, timing } = this.#o;
    const { signal } = options;
    const slot = { generation: lease.number, key: hotKey(this.#o.kind, key) };
    const asOf = timing.now();
    const document = await this.#durableReads.hold(
      () => durable.get(kind.collection, key, withSignal(signal)),
      signal,
    );
    const entry =
      document === undefined
        ? { value: undefined, revision: 0, ttlMs: FILL_LEASE_MS }
        : versioned(kind, document, timing.now());
    await hot.fill(slot, token, entry, signal);
    // The fill, stored or refused, raised the floor; under another lease that has to be done again.
    if (!generation.holds(lease)) {
      await this.#revealer.help(hotKey(this.#o.kind, key), document?.revision ?? 0, signal);
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
        .peek({ generation: known.number, key: hotKey(this.#o.kind, key) }, minRevision, signal)
        .catch(() => undefined));
    if (known === undefined || hit === undefined) throw unavailable("durable");
    // Another hot store may have come meanwhile, and with it older entries.
    const still = await generation.lastKnown(signal).catch(() => undefined);
    const asOf = still?.number === known.number && still.asOf !== undefined ? known.asOf : undefined;
    const provenance = { source: "hot", degraded: true, ...(asOf === undefined ? {} : { asOf }) } as const;
    const read = this.#fromHit(key, hit, provenance);
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

  #fromHit(key: string, hit: Hit, provenance: Provenance): Read {
    const { document, kept } = this.#documents.parse(key, hit);
    const { asOf } = provenance;
    if (asOf === undefined || provenance.degraded) return { document, kept, provenance };
    return { document, kept, provenance: { ...provenance, hotExpireTime: asOf + hit.ttlMs } };
  }
}

export function withSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
