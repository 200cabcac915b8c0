/**
 * Writers of one object in this process wait in line. A document takes so many writes before somebody has to copy the tail
 * of its history; writers beyond that would all be refused by the store, all read the whole document and all copy the same
 * tail. So they wait here instead, which costs nothing, and one copies for all.
 */
import { aborted } from "../errors.ts";
import type { Document } from "../ports/durable-store.ts";
import { type Manner, WriteLine } from "./write-line.ts";

export class WriteLines {
  readonly #lines = new Map<string, WriteLine>();
  readonly #monotonic: () => number;
  readonly #maxWaiting: number;

  /** `maxWaiting`: for one object; `resource_exhausted` past it, and for who has waited long in a line that is long. */
  constructor(monotonic: () => number, maxWaiting: number) {
    this.#monotonic = monotonic;
    this.#maxWaiting = maxWaiting;
  }

  /** Beside as many others as the document has room for. One whose signal fires leaves the line at once. */
  beside<T>(key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#hold(key, { alone: false, first: false }, work, signal);
  }

  /** With no other writer of this process under way: what the work reads is still so when it writes. */
  alone<T>(key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#hold(key, { alone: true, first: false }, work, signal);
  }

  /** As `alone`, before all who wait: it is what they wait for. */
  first<T>(key: string, work: () => Promise<T>): Promise<T> {
    return this.#hold(key, { alone: true, first: true }, work, undefined);
  }

  /** A writer that is under way has heard this of its document. */
  learn(key: string, document: Document): void {
    this.#lines.get(key)?.learn(document);
  }

  async #hold<T>(
    key: string,
    manner: Manner,
    work: () => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    if (signal?.aborted) throw aborted(signal);
    let line = this.#lines.get(key);
    if (line === undefined) {
      line = new WriteLine(this.#monotonic, this.#maxWaiting);
      this.#lines.set(key, line);
    }
    await line.enter(manner, signal);
    try {
      return await work();
    } finally {
      line.leave();
      if (line.isEmpty) this.#lines.delete(key);
    }
  }
}
