/** A watch of one task: every revision, from the snapshot or the token on. */
import type { HistoryEntry } from "../../consistency/objects.ts";
import type { Document } from "../../ports/durable-store.ts";
import { taskNotFound } from "./errors.ts";
import { pastRevisions } from "./past.ts";
import { readRevisionToken, revisionToken } from "./resume-token.ts";
import { isLive, type Task, type TaskName, taskKey, toTask } from "./task.ts";
import type { WatchContext, WatchItem } from "./watch-context.ts";

/**
 * `not_found` where there is no task, unless the token is of one that was deleted since; READER_TOO_SLOW,
 * INVALID_RESUME_TOKEN.
 */
export async function* watchOne(
  context: WatchContext,
  name: TaskName,
  token: string,
  signal: AbortSignal,
): AsyncGenerator<WatchItem> {
  const { feed, heartbeatMs, objects, timing } = context;
  const key = taskKey(name);
  const resumed = readRevisionToken({ watch: key }, token);
  const listener = await feed.listen({ key }, signal);
  const steps = new Steps(context, name, (place) => listener.history(place, signal));
  try {
    const asOf = timing.now();
    const { document } = await objects.read(key, { consistency: "strong", minRevision: 0, signal });
    listener.hasRead();
    if (document === undefined) throw taskNotFound();
    // A revision that was never reached is one of a task that was purged and made anew.
    if (resumed !== undefined && resumed <= document.revision) yield* steps.from(resumed, document, asOf);
    else if (isLive(document)) yield steps.last(document, asOf, "SNAPSHOT");
    else throw taskNotFound();
    yield steps.heartbeat(asOf);

    for (;;) {
      const change = await listener.next(heartbeatMs, signal);
      if (change === undefined) {
        // Without the feed nobody knows whether anything happened.
        void listener.cursor;
        yield steps.heartbeat(timing.now());
      } else if (change.document.revision > steps.shown) {
        yield* steps.from(steps.shown, change.document, change.asOf);
      } else if (change.document.revision < steps.shown && listener.isFresh(change)) {
        yield steps.last(change.document, change.asOf);
      }
    }
  } finally {
    listener.close();
  }
}

type History = (place: {
  readonly key: string;
  readonly version: string;
  readonly after: number;
}) => Promise<readonly HistoryEntry[]>;

class Steps {
  shown = 0;
  readonly #context: WatchContext;
  readonly #name: TaskName;
  readonly #history: History;
  #known: Task | undefined;

  constructor(context: WatchContext, name: TaskName, history: History) {
    this.#context = context;
    this.#name = name;
    this.#history = history;
  }

  /** Every revision after `after`, up to the document's. */
  async *from(after: number, document: Document, asOf: number): AsyncGenerator<WatchItem> {
    const { settings } = this.#context;
    if (document.revision === after) {
      this.#show(document);
      return;
    }
    const known = this.shown > 0 && this.shown === after ? { task: this.#known } : undefined;
    const name = { ...this.#name, group: typeof document.group === "string" ? document.group : "" };
    const range = { after, before: document.revision, known };
    const version = `${String(document.incarnation)} ${document.revision}`;
    const page = (begin: number) => this.#history({ key: document.key, version, after: begin });
    if (after + 1 < document.revision) {
      for await (const past of pastRevisions(page, settings, name, range)) {
        this.shown = past.revision;
        this.#known = past.task;
        yield this.#item(past.revision, past.task, asOf);
      }
    }
    yield this.last(document, asOf);
  }

  last(document: Document, asOf: number, type: "SNAPSHOT" | "CHANGED" = "CHANGED"): WatchItem {
    this.#show(document);
    return this.#item(document.revision, this.#known, asOf, type);
  }

  heartbeat(asOf: number): WatchItem {
    return { type: "HEARTBEAT", ...this.#place(this.shown, asOf) };
  }

  #show(document: Document): void {
    this.shown = document.revision;
    this.#known = isLive(document) ? toTask(document, this.#context.settings) : undefined;
  }

  #item(
    revision: number,
    task: Task | undefined,
    asOf: number,
    type: "SNAPSHOT" | "CHANGED" = "CHANGED",
  ): WatchItem {
    const place = this.#place(revision, asOf);
    return task === undefined
      ? { type: "DELETED", deleted: { ...this.#name, revision }, ...place }
      : { type, task, ...place };
  }

  #place(revision: number, asOf: number) {
    return { asOf, resumeToken: revisionToken({ watch: taskKey(this.#name) }, revision) };
  }
}
