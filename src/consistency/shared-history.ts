/**
 * Pages of the histories of objects, each read once for all who need it at about the same time. What is kept is
 * bounded, and nobody holds more than one entry: a page that had to go is read again by whoever still needs it.
 */
import { aborted } from "../errors.ts";
import { jsonBytes } from "../json.ts";
import type { HistoryEntry } from "./objects.ts";
import { orAborted } from "./signal.ts";

/** At most `HISTORY_PAGE` entries of the object's history after a revision, oldest first. */
export type ReadPage = (
  key: string,
  after: number,
  limit: number,
  signal: AbortSignal,
) => Promise<readonly HistoryEntry[]>;

interface Page {
  readonly entries: readonly HistoryEntry[];
  readonly bytes: number;
}

interface Call {
  readonly page: Promise<Page>;
  readonly stop: AbortController;
  waiting: number;
}

export const HISTORY_PAGE = 100;
const MAX_BYTES = 8 * 1024 * 1024;

export class SharedHistory {
  readonly #read: ReadPage;
  /** The one used last comes last. */
  readonly #pages = new Map<string, Page>();
  readonly #calls = new Map<string, Call>();
  #bytes = 0;

  constructor(read: ReadPage) {
    this.#read = read;
  }

  /**
   * The page after `after`, as far as the object's history went when `version`, a name of one revision of one
   * incarnation, was the latest that the caller knew. A read that nobody waits for any more is given up.
   */
  async page(
    { key, version, after }: { readonly key: string; readonly version: string; readonly after: number },
    signal?: AbortSignal,
  ): Promise<readonly HistoryEntry[]> {
    if (signal?.aborted) throw aborted(signal);
    const name = `${key} ${version} ${after}`;
    const kept = this.#pages.get(name);
    if (kept !== undefined) {
      this.#pages.delete(name);
      this.#pages.set(name, kept);
      return kept.entries;
    }
    const call = this.#calls.get(name) ?? this.#begin(name, key, after);
    call.waiting++;
    try {
      return (await orAborted(call.page, signal)).entries;
    } finally {
      call.waiting--;
      if (call.waiting === 0 && this.#calls.get(name) === call) {
        this.#calls.delete(name);
        call.stop.abort();
      }
    }
  }

  #begin(name: string, key: string, after: number): Call {
    const stop = new AbortController();
    const page = this.#read(key, after, HISTORY_PAGE, stop.signal).then((entries) => ({
      entries,
      bytes: entries.reduce((sum, { event }) => sum + jsonBytes(event), name.length),
    }));
    const call = { page, stop, waiting: 0 };
    this.#calls.set(name, call);
    page
      .then((read) => {
        if (!stop.signal.aborted) this.#keep(name, read);
      })
      .catch(() => undefined)
      .finally(() => {
        if (this.#calls.get(name) === call) this.#calls.delete(name);
      });
    return call;
  }

  #keep(name: string, page: Page): void {
    this.#pages.set(name, page);
    this.#bytes += page.bytes;
    for (const [oldest, { bytes }] of this.#pages) {
      if (this.#bytes <= MAX_BYTES) return;
      this.#pages.delete(oldest);
      this.#bytes -= bytes;
    }
  }
}
