/**
 * What is written to a collection, by any instance, as it is written. All who listen share one reader of the durable
 * store's changes, which runs only while somebody listens: woken by this process's own writes and by the hot store's
 * hints of others', and otherwise looking often enough for those that nobody told of. Only the durable store says what
 * happened and in which order, so a lost hint costs time and never a change. Before a change is shown, the hot store
 * is told of it.
 */
import { aborted } from "../errors.ts";
import type { Document, DurableStore } from "../ports/durable-store.ts";
import type { HotStore } from "../ports/hot-store.ts";
import { type Change, ChangeLog, type Interest, type LogReader } from "./change-log.ts";
import { readHistory } from "./history.ts";
import type { Leases } from "./lease.ts";
import type { HistoryEntry, ObjectKind } from "./objects.ts";
import { Revealer } from "./reveal.ts";
import { SharedHistory } from "./shared-history.ts";
import { Broadcast } from "./signal.ts";
import type { Timing } from "./timing.ts";

export interface FeedOptions {
  readonly kind: ObjectKind;
  readonly durable: DurableStore;
  readonly hot: HotStore;
  readonly generation: Leases;
  readonly timing: Timing;
}

/** How long a write may stay unseen that no hint told of. */
const POLL_MS = 250;
/** Documents read, and held before the log's own bound counts them. */
const PAGE = 100;
/** Keys whose last revision is remembered, since the store repeats what was written just before. */
const REMEMBERED = 20_000;

export class Feed {
  readonly #o: FeedOptions;
  readonly #revealer: Revealer;
  #poller: Poller | undefined;

  constructor(options: FeedOptions) {
    this.#o = options;
    this.#revealer = new Revealer(options.generation, options.hot);
  }

  /** How many listen. */
  get listeners(): number {
    return this.#poller?.log.readers ?? 0;
  }

  /** Looks for changes now, if anybody may want what was written under the key. */
  wake(key: string): void {
    this.#poller?.hint(key);
  }

  /**
   * From when this resolves on, every write of interest is heard of. What is heard of may still be older
   * than what the listener reads itself, until `isFresh`. Throws `unavailable` while the changes cannot be read.
   */
  async listen(interest: Interest, signal?: AbortSignal): Promise<Listener> {
    if (signal?.aborted) throw aborted(signal);
    this.#poller ??= new Poller(this.#o, (documents, stop) => this.help(documents, stop));
    const poller = this.#poller;
    const close = (reader: LogReader) => {
      reader.close();
      if (poller.log.readers > 0) return;
      poller.stop();
      if (this.#poller === poller) this.#poller = undefined;
    };
    // It counts as one who listens before the pass that it waits for begins, or the pass would have no reason.
    const waiting = poller.log.read(interest);
    try {
      await poller.pass(signal);
      return new Listener(poller, poller.log.read(interest), close, this.#o.timing);
    } finally {
      close(waiting);
    }
  }

  /** Before documents that were read beside the feed are shown. */
  async help(documents: readonly Document[], signal?: AbortSignal): Promise<void> {
    const { hotPrefix } = this.#o.kind;
    await Promise.all(
      documents.map(({ key, revision }) => this.#revealer.help(`${hotPrefix}/${key}`, revision, signal)),
    );
  }
}

/** One who listens. To be closed. */
export class Listener {
  readonly #poller: Poller;
  readonly #reader: LogReader;
  readonly #close: (reader: LogReader) => void;
  readonly #timing: Timing;
  #fresh = 0;

  constructor(poller: Poller, reader: LogReader, close: (reader: LogReader) => void, timing: Timing) {
    this.#poller = poller;
    this.#reader = reader;
    this.#close = close;
    this.#timing = timing;
  }

  /** The next change; undefined when there was none for `ms`. READER_TOO_SLOW when it was not asked for in time. */
  async next(ms: number, signal?: AbortSignal): Promise<Change | undefined> {
    if (signal?.aborted) throw aborted(signal);
    const change = this.#reader.take();
    if (change !== undefined) return change;
    const stop = new AbortController();
    const abort = () => stop.abort();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      await Promise.race([this.#reader.whenOffered(), this.#timing.sleep(ms, stop.signal)]);
    } finally {
      signal?.removeEventListener("abort", abort);
      stop.abort();
    }
    if (signal?.aborted) throw aborted(signal);
    return this.#reader.take();
  }

  /** Says that the listener has read the store: what was on its way may be older than that. */
  hasRead(): void {
    this.#fresh = this.#poller.begun + 1;
  }

  /** Whether the change was read after the listener's own last read. */
  isFresh(change: Change): boolean {
    return change.pass >= this.#fresh;
  }

  /** Whether it comes from so late a pass that all that the listener read itself came up in passes before. */
  isSettled(change: Change): boolean {
    return change.pass > this.#fresh;
  }

  /** Where to go on, for one who has taken everything. Throws what keeps the feed from knowing. */
  get cursor(): string {
    return this.#poller.cursor;
  }

  /** As `SharedHistory` has it, shared with all who listen meanwhile. */
  history(
    place: { readonly key: string; readonly version: string; readonly after: number },
    signal?: AbortSignal,
  ): Promise<readonly HistoryEntry[]> {
    return this.#poller.history.page(place, signal);
  }

  close(): void {
    this.#close(this.#reader);
  }
}

type Help = (documents: readonly Document[], signal: AbortSignal) => Promise<void>;

class Poller {
  readonly log = new ChangeLog();
  readonly history: SharedHistory;
  readonly #o: FeedOptions;
  readonly #help: Help;
  readonly #stopped = new AbortController();
  readonly #passes = new Broadcast();
  readonly #seen = new Map<string, number>();
  readonly #unsubscribe: () => void;
  #nudge = new AbortController();
  #cursor: string | undefined;
  #failure: unknown;
  #begun = 0;
  #ended = 0;

  constructor(options: FeedOptions, help: Help) {
    this.#o = options;
    this.#help = help;
    this.history = new SharedHistory((...page) => this.#readHistory(...page));
    const prefix = `${options.kind.hotPrefix}/`;
    this.#unsubscribe = options.hot.onConfirmed((hotKey) => {
      if (hotKey === undefined) this.wake();
      else if (hotKey.startsWith(prefix)) this.hint(hotKey.slice(prefix.length));
    });
    void this.#run();
  }

  get begun(): number {
    return this.#begun;
  }

  get cursor(): string {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#cursor === undefined)
      throw new TypeError("nobody can have read to the end before the first pass");
    return this.#cursor;
  }

  wake(): void {
    this.#nudge.abort();
  }

  /** Something was written under the key. */
  hint(key: string): void {
    if (!this.#nudge.signal.aborted && this.log.mayWant(key)) this.wake();
  }

  stop(): void {
    this.#unsubscribe();
    this.#stopped.abort();
    this.#nudge.abort();
  }

  /** Resolves after a whole pass that began later than this call. */
  async pass(signal: AbortSignal | undefined): Promise<void> {
    const wanted = this.#begun + 1;
    this.wake();
    while (this.#ended < wanted) await this.#passes.next(signal);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #run(): Promise<void> {
    const { timing } = this.#o;
    const { signal } = this.#stopped;
    // What begins it is put in place first.
    await Promise.resolve();
    while (!signal.aborted) {
      this.#nudge = new AbortController();
      const began = timing.monotonic();
      try {
        await this.#pass(signal);
        this.#failure = undefined;
      } catch (error) {
        this.#failure = error;
      }
      this.#ended = this.#begun;
      this.#passes.notify();
      // However fast others write, a quarter of the time at most is spent on looking: writes need the store, too.
      await timing.sleep(Math.min(3 * (timing.monotonic() - began), POLL_MS), signal);
      await timing.sleep(POLL_MS, this.#nudge.signal);
    }
  }

  async #pass(signal: AbortSignal): Promise<void> {
    const { durable, kind, timing } = this.#o;
    const pass = ++this.#begun;
    for (;;) {
      const asOf = timing.now();
      const before = this.#cursor;
      const { documents, cursor } = await durable.changes(kind.collection, before, PAGE, signal);
      const unseen = documents.filter(({ key, revision }) => this.#seen.get(key) !== revision);
      const wanted = unseen.filter((document) => this.log.isWanted(document));
      await this.#help(wanted, signal);
      for (const [index, document] of wanted.entries()) {
        // Inside a page there is no place to go on from but its beginning.
        const next = index === wanted.length - 1 ? cursor : (before ?? cursor);
        this.log.add({ document, cursor: next, pass, asOf });
      }
      for (const document of unseen) this.#remember(document);
      this.#cursor = cursor;
      if (documents.length < PAGE) return;
    }
  }

  async #readHistory(
    key: string,
    after: number,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly HistoryEntry[]> {
    const { durable, kind } = this.#o;
    const document = await durable.get(kind.collection, key, { whole: true, signal });
    if (document === undefined) return [];
    const entries = await readHistory(durable, kind, document, { after, limit }, signal);
    await this.#help([document], signal);
    return entries;
  }

  #remember({ key, revision }: Document): void {
    this.#seen.delete(key);
    this.#seen.set(key, revision);
    if (this.#seen.size <= REMEMBERED) return;
    for (const oldest of this.#seen.keys()) {
      this.#seen.delete(oldest);
      return;
    }
  }
}
