/**
 * The protocol: commit, confirm, help. One durable store is the truth; one hot store is fast and may lose
 * anything at any moment. docs/consistency.md tells what readers and writers may count on.
 */
import { ServiceError } from "../errors.ts";
import type { Json } from "../json.ts";
import type { Document, DurableStore } from "../ports/durable-store.ts";
import type { HotStore } from "../ports/hot-store.ts";
import { type Committed, commit } from "./commit.ts";
import { readHistory, tailIsLong } from "./history.ts";
import { hotKey, versioned } from "./hot-entry.ts";
import type { Leases } from "./lease.ts";
import type {
  Mutated,
  Mutation,
  ObjectKind,
  Objects,
  Read,
  ReadOptions,
  Request,
  Transformed,
} from "./objects.ts";
import { Reads, withSignal } from "./reads.ts";
import { findRequest, type Identity, identify } from "./requests.ts";
import { Revealer } from "./reveal.ts";
import { TailCopies } from "./tail-copies.ts";
import type { Timing } from "./timing.ts";
import { WriteLines } from "./write-lines.ts";

export interface DualStoreOptions {
  readonly kind: ObjectKind;
  readonly durable: DurableStore;
  readonly hot: HotStore;
  readonly generation: Leases;
  readonly timing: Timing;
  /** Called with its key after each acknowledged write of this process, so that those who watch need not wait. */
  readonly written?: (key: string) => void;
}

/** Writers of one process that wait for one object. */
const MAX_WAITING = 1_000;
/** Compare-and-set races that one call may lose. */
const MAX_RACES = 64;

type Plan = (current: Document | undefined) => Mutation | undefined;

/** What came of a transform, before anybody may know. */
type Made =
  | Exclude<Committed, { readonly outcome: "refused" }>
  | { readonly outcome: "unchanged"; readonly current: Document | undefined }
  | { readonly outcome: "failed"; readonly current: Document | undefined; readonly failure: unknown };

export function createObjects(options: DualStoreOptions): Objects {
  return new DualStore(options);
}

class DualStore implements Objects {
  readonly #o: DualStoreOptions;
  readonly #revealer: Revealer;
  readonly #reads: Reads;
  readonly #lines: WriteLines;
  readonly #copies: TailCopies;

  constructor(options: DualStoreOptions) {
    this.#o = options;
    this.#revealer = new Revealer(options.generation, options.hot);
    this.#reads = new Reads(options, this.#revealer);
    this.#lines = new WriteLines(() => options.timing.monotonic(), MAX_WAITING);
    this.#copies = new TailCopies(options.durable, options.kind, this.#lines);
  }

  read(key: string, options: ReadOptions): Promise<Read> {
    return options.consistency === "strong"
      ? this.#reads.strong(key, options)
      : this.#reads.fast(key, options);
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
    const committed = await this.#lines.beside(
      key,
      () => this.#commit(key, identity, mutation, signal),
      signal,
    );
    if (committed.outcome === "applied") return this.#acknowledgeWrite(key, committed.document, signal);
    if (committed.outcome === "replayed") return this.#acknowledgeReplay(key, committed, signal);
    const { document } = committed;
    await this.#revealer.help(hotKey(this.#o.kind, key), document?.revision ?? 0, signal);
    return { outcome: "refused", document: document && lean(document) };
  }

  async transform(key: string, request: Request, plan: Plan, signal?: AbortSignal): Promise<Transformed> {
    const identity = identify(request, () => this.#o.timing.uniqueId());
    // Those behind need not wait for the hot store as well, which takes what they write in any order.
    const made = await this.#lines.alone(key, () => this.#transform(key, identity, plan, signal), signal);
    if (made.outcome === "applied") return this.#acknowledgeWrite(key, made.document, signal);
    if (made.outcome === "replayed") return this.#acknowledgeReplay(key, made, signal);
    // What the plan says reveals what it saw: a refusal, too, leaves only after the hot store knows.
    const { current } = made;
    await this.#revealer.help(hotKey(this.#o.kind, key), current?.revision ?? 0, signal);
    if (made.outcome === "failed") throw made.failure;
    return { outcome: "unchanged", document: current && lean(current) };
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
    await this.#revealer.help(hotKey(this.#o.kind, key), document.revision, signal);
    return entries;
  }

  async #transform(
    key: string,
    identity: Identity,
    plan: Plan,
    signal: AbortSignal | undefined,
  ): Promise<Made> {
    const { durable, generation, kind } = this.#o;
    await generation.lease(signal);
    let current = await durable.get(kind.collection, key, { whole: true, ...withSignal(signal) });
    for (let race = 0; race < MAX_RACES; race++) {
      const found = findRequest(current, identity);
      if (current !== undefined && found !== undefined) {
        const { revision: appliedRevision, sameBody } = found;
        return { outcome: "replayed", document: current, appliedRevision, sameBody };
      }
      let mutation: Mutation | undefined;
      try {
        mutation = plan(current && lean(current));
      } catch (failure) {
        return { outcome: "failed", current, failure };
      }
      if (mutation === undefined) return { outcome: "unchanged", current };
      const expected = { path: ["revision"], test: "equals", value: current?.revision ?? 0 } as const;
      const conditional: Mutation = {
        ...mutation,
        conditions: [...mutation.conditions, expected],
        ifAbsent: current === undefined ? mutation.ifAbsent : "refuse",
      };
      const committed = await this.#commit(key, identity, conditional, signal);
      if (committed.outcome !== "refused") return committed;
      current = committed.document;
    }
    throw new ServiceError("aborted", "CONTENTION", "other writers were faster every time", {
      retryAfterMs: 100,
    });
  }

  async #commit(
    key: string,
    identity: Identity,
    mutation: Mutation,
    signal: AbortSignal | undefined,
  ): Promise<Committed> {
    const { durable, kind, timing } = this.#o;
    const write = { key, identity, mutation };
    const committed = await commit(durable, kind, timing, this.#copies.copy, write, signal);
    const { document } = committed;
    if (document !== undefined) {
      this.#lines.learn(key, document);
      // While this writer still is in the line, so that no other comes before the copy.
      if (tailIsLong(document)) this.#copies.copyLater(key);
    }
    return committed;
  }

  async #acknowledgeWrite(
    key: string,
    document: Document,
    signal: AbortSignal | undefined,
  ): Promise<Mutated & { readonly outcome: "applied" }> {
    const written = lean(document);
    try {
      await this.#revealer.confirm(
        hotKey(this.#o.kind, key),
        versioned(this.#o.kind, written, this.#o.timing.now()),
        signal,
      );
    } catch (error) {
      throw error instanceof ServiceError ? error.withApplied("yes") : error;
    }
    this.#o.written?.(key);
    return { outcome: "applied", document: written };
  }

  async #acknowledgeReplay(
    key: string,
    replay: Committed & { readonly outcome: "replayed" },
    signal: AbortSignal | undefined,
  ): Promise<Mutated & { readonly outcome: "replayed" }> {
    const { appliedRevision, document } = replay;
    try {
      await this.#revealer.help(hotKey(this.#o.kind, key), document.revision, signal);
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
}

/** Without what the protocol keeps for itself. */
function lean(document: Document): Document {
  const { requests: _requests, events: _events, ...rest } = document;
  return rest as Document;
}
