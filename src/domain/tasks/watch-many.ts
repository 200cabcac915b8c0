/** A watch of a kind, a group, or both: a snapshot, then the latest revision of each task that changed. */
import type { Interest } from "../../consistency/change-log.ts";
import type { Json } from "../../json.ts";
import type { NameSet } from "../../names.ts";
import type { Document } from "../../ports/durable-store.ts";
import type { Alternative } from "../names.ts";
import { TASKS } from "./collections.ts";
import { FULL_TASKS_AT_ONCE } from "./limits.ts";
import { findNewestFirst, kindsOf, type Position } from "./list.ts";
import { type ChangesPlace, changesToken, markOf, readChangesToken, withCursor } from "./resume-token.ts";
import { isLive, taskKey, taskName, toTask } from "./task.ts";
import type { WatchContext, WatchItem } from "./watch-context.ts";

/** Tasks; empty = any. One of the two is given. */
export interface Watched {
  readonly kind: string;
  readonly group: string;
  /** The kinds that there are for the caller; any, unless given. */
  readonly visible?: NameSet;
}

/** How many tasks that were shown are remembered, so that none is shown twice at one revision. */
const REMEMBERED = 1_000;

/** READER_TOO_SLOW, INVALID_RESUME_TOKEN. */
export async function* watchMany(
  context: WatchContext,
  watched: Watched,
  token: string,
  signal: AbortSignal,
): AsyncGenerator<WatchItem> {
  const { feed, heartbeatMs, timing } = context;
  const many = new Many(context, watched, token, signal);
  await many.begin();
  yield* many.snapshot();
  yield* many.catchUp();
  const listener = await feed.listen(many.interest, signal);
  try {
    // What was written before the feed was listened to, since the last look.
    many.forgetAllBut(REMEMBERED);
    yield* many.catchUp();
    listener.hasRead();
    yield many.heartbeat(timing.now());
    for (;;) {
      const change = await listener.next(heartbeatMs, signal);
      if (change === undefined) {
        many.moveTo(listener.cursor);
        many.forgetAllBut(0);
        yield many.heartbeat(timing.now());
        continue;
      }
      if (listener.isSettled(change)) many.forgetAllBut(0);
      if (many.wasShown(change.document, listener.isFresh(change))) continue;
      yield many.show(change.document, change.cursor, change.asOf);
    }
  } finally {
    listener.close();
  }
}

class Many {
  readonly #context: WatchContext;
  readonly #watched: Watched;
  readonly #signal: AbortSignal;
  readonly #shown = new Map<string, number>();
  #place: ChangesPlace | undefined;

  constructor(context: WatchContext, watched: Watched, token: string, signal: AbortSignal) {
    this.#context = context;
    this.#watched = watched;
    this.#signal = signal;
    this.#place = readChangesToken(this.#query, token);
  }

  /** Before anything is read, so that nothing is missed between the snapshot and what follows. */
  async begin(): Promise<void> {
    if (this.#place !== undefined) return;
    const { cursor } = await this.#context.store.changes(TASKS.name, undefined, 1, this.#signal);
    this.#place = { cursor, shown: [], snapshot: "first" };
  }

  get interest(): Interest {
    const { kind } = this.#watched;
    return {
      ...(kind === "" ? {} : { prefix: taskKey({ kind, taskId: "" }) }),
      document: (d) => this.#wants(d),
    };
  }

  #wants({ key, group }: Document): boolean {
    const { kind, visible } = this.#watched;
    const own = taskName(key).kind;
    return (
      (kind === "" || own === kind) &&
      ["", group].includes(this.#watched.group) &&
      (visible === undefined || visible.has(own))
    );
  }

  async *snapshot(): AsyncGenerator<WatchItem> {
    const { feed, settings, store, timing } = this.#context;
    for (;;) {
      const { cursor, snapshot } = this.#at();
      if (snapshot === undefined) return;
      const asOf = timing.now();
      const query = { ...(snapshot === "first" ? {} : { after: snapshot }), limit: FULL_TASKS_AT_ONCE };
      const found = await findNewestFirst(store, query, this.#which(), this.#signal);
      await feed.help(found, this.#signal);
      for (const document of found) {
        const position: Position = [Number(document.create_time), document.key];
        this.#place = { cursor, shown: [], snapshot: position };
        this.#remember(document);
        this.forgetAllBut(REMEMBERED);
        yield { type: "SNAPSHOT", task: toTask(document, settings), ...this.#mark(asOf) };
      }
      if (found.length < FULL_TASKS_AT_ONCE) this.#place = { cursor, shown: [], snapshot: undefined };
    }
  }

  /** What was written since the place where the watch is, up to now. */
  async *catchUp(): AsyncGenerator<WatchItem> {
    const { feed, store, timing } = this.#context;
    for (;;) {
      const { cursor: from, shown } = this.#at();
      const asOf = timing.now();
      const page = await withCursor(store.changes(TASKS.name, from, FULL_TASKS_AT_ONCE, this.#signal));
      const wanted = page.documents.filter(
        (document) =>
          this.#wants(document) && !this.wasShown(document, true) && !shown.includes(markOf(document)),
      );
      await feed.help(wanted, this.#signal);
      for (const [index, document] of wanted.entries()) {
        yield this.show(document, index === wanted.length - 1 ? page.cursor : from, asOf);
      }
      this.moveTo(page.cursor);
      if (page.documents.length < FULL_TASKS_AT_ONCE) return;
    }
  }

  show(document: Document, cursor: string, asOf: number): WatchItem {
    const { cursor: before, shown } = this.#at();
    const marks = cursor === before ? [...shown, markOf(document)] : [];
    this.#place = { cursor, snapshot: undefined, shown: marks };
    this.#remember(document);
    const mark = this.#mark(asOf);
    const { key, revision } = document;
    return isLive(document)
      ? { type: "CHANGED", task: toTask(document, this.#context.settings), ...mark }
      : { type: "DELETED", deleted: { ...taskName(key), revision }, ...mark };
  }

  heartbeat(asOf: number): WatchItem {
    return { type: "HEARTBEAT", ...this.#mark(asOf) };
  }

  moveTo(cursor: string): void {
    this.#place = { cursor, shown: [], snapshot: undefined };
  }

  /** At this revision; or at a later one, which a fresh change is never behind: its task was purged and made anew. */
  wasShown({ key, revision }: Document, fresh: boolean): boolean {
    const shown = this.#shown.get(key) ?? 0;
    return shown === revision || (shown > revision && !fresh);
  }

  forgetAllBut(count: number): void {
    for (const key of this.#shown.keys()) {
      if (this.#shown.size <= count) return;
      this.#shown.delete(key);
    }
  }

  #remember({ key, revision }: Document): void {
    this.#shown.delete(key);
    this.#shown.set(key, revision);
  }

  #which(): readonly Alternative[] {
    const { group } = this.#watched;
    return kindsOf(this.#watched).map((kinds) => [
      { field: "live", equals: true },
      ...kinds,
      ...(group === "" ? [] : [{ field: "group", equals: group }]),
    ]);
  }

  #at(): ChangesPlace {
    if (this.#place === undefined) throw new TypeError("the watch has not begun");
    return this.#place;
  }

  #mark(asOf: number) {
    return { asOf, resumeToken: changesToken(this.#query, this.#at()) };
  }

  /** Another kind of store has another order of changes. */
  get #query(): Json {
    const { kind, group } = this.#watched;
    return { watch: { kind, group }, store: this.#context.store.kind };
  }
}
