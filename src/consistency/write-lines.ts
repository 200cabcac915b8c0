/**
 * The writers of one object in this process, in the order in which they came. A document takes so many writes before
 * somebody has to copy the tail of its history; writers beyond that would all be refused by the store, all read the whole
 * document and all copy the same tail. So they wait here instead, which costs nothing, and one copies for all.
 */
import { aborted, ServiceError } from "../errors.ts";
import type { Document } from "../ports/durable-store.ts";
import { roomInTail } from "./history.ts";

interface Waiter {
  readonly alone: boolean;
  readonly start: () => void;
}

class Line {
  /** First come, first served. */
  readonly waiting: Waiter[] = [];
  #underWay = 0;
  #alone = false;
  /** The newest revision that an answer told of. Until there was one, a single writer finds out. */
  #newest: { readonly revision: number; readonly room: number } = { revision: 0, room: 1 };

  learn(document: Document): void {
    if (document.revision < this.#newest.revision) return;
    this.#newest = { revision: document.revision, room: roomInTail(document) };
  }

  /** Somebody always is under way while others wait, even where the tail is full: it is that one who finds so. */
  takes(alone: boolean): boolean {
    return this.#underWay === 0 || (!alone && !this.#alone && this.#underWay < this.#newest.room);
  }

  enter(alone: boolean): void {
    this.#underWay++;
    this.#alone = alone;
  }

  leave(): void {
    this.#underWay--;
    this.#alone = false;
    for (let next = this.waiting[0]; next !== undefined && this.takes(next.alone); next = this.waiting[0]) {
      this.waiting.shift();
      this.enter(next.alone);
      next.start();
    }
  }

  get isEmpty(): boolean {
    return this.#underWay === 0;
  }
}

export class WriteLines {
  readonly #lines = new Map<string, Line>();
  readonly #maxWaiting: number;

  /** `maxWaiting`: for one object; `resource_exhausted` past it. */
  constructor(maxWaiting: number) {
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
    how: { readonly alone: boolean; readonly first: boolean },
    work: () => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    if (signal?.aborted) throw aborted(signal);
    let line = this.#lines.get(key);
    if (line === undefined) {
      line = new Line();
      this.#lines.set(key, line);
    }
    if (line.waiting.length === 0 && line.takes(how.alone)) line.enter(how.alone);
    else if (how.first || line.waiting.length < this.#maxWaiting) await wait(line.waiting, how, signal);
    else throw overloaded();
    try {
      return await work();
    } finally {
      line.leave();
      if (line.isEmpty) this.#lines.delete(key);
    }
  }
}

/** Resolves when it has been entered into the line. */
function wait(
  waiting: Waiter[],
  { alone, first }: { readonly alone: boolean; readonly first: boolean },
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      waiting.splice(waiting.indexOf(waiter), 1);
      reject(aborted(signal));
    };
    const waiter: Waiter = {
      alone,
      start: () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      },
    };
    if (first) waiting.unshift(waiter);
    else waiting.push(waiter);
    signal?.addEventListener("abort", abort, { once: true });
  });
}

function overloaded(): ServiceError {
  return new ServiceError("resource_exhausted", "OVERLOADED", "too many calls wait to write this object", {
    retryAfterMs: 1000,
  });
}
