/**
 * The newest changes of a collection, once for all who read them, each at its own pace. Its size is bounded; a
 * reader that falls out of it is told to begin again from what it saw last, so that no reader holds memory.
 */
import { ServiceError } from "../errors.ts";
import { jsonBytes } from "../json.ts";
import type { Document } from "../ports/durable-store.ts";
import { WantedKeys } from "./wanted-keys.ts";

export interface Change {
  /** As it was when it was read; a tombstone is a document too. */
  readonly document: Document;
  /** Where to go on after this change. */
  readonly cursor: string;
  /** The pass over the durable store that read it: what a later pass reads is never older. */
  readonly pass: number;
  /** When that pass began; milliseconds since the epoch. */
  readonly asOf: number;
}

/** Of what somebody wants to hear: of documents whose key is this or begins so, or of all; of those `document` accepts. */
export interface Interest {
  readonly key?: string;
  readonly prefix?: string;
  readonly document?: (document: Document) => boolean;
}

const MAX_CHANGES = 4_096;
const MAX_BYTES = 32 * 1024 * 1024;

export class ChangeLog {
  readonly #changes = new Map<number, { readonly change: Change; readonly bytes: number }>();
  readonly #readers = new Set<LogReader>();
  readonly #keys = new WantedKeys();
  #bytes = 0;
  #first = 0;
  #end = 0;

  get readers(): number {
    return this.#readers.size;
  }

  /** Reads what is added from now on, of what is of interest. */
  read(interest: Interest): LogReader {
    const reader = new LogReader(this, interest, this.#end);
    this.#readers.add(reader);
    this.#keys.add(interest);
    return reader;
  }

  remove(reader: LogReader): void {
    if (this.#readers.delete(reader)) this.#keys.remove(reader.interest);
  }

  isWanted(document: Document): boolean {
    if (!this.mayWant(document.key)) return false;
    for (const reader of this.#readers) if (reader.wants(document)) return true;
    return false;
  }

  /** Whether a document under the key may be wanted: hints tell no more. */
  mayWant(key: string): boolean {
    return this.#keys.mayWant(key);
  }

  add(change: Change): void {
    const bytes = jsonBytes(change.document);
    this.#changes.set(this.#end, { change, bytes });
    this.#bytes += bytes;
    for (const reader of this.#readers) reader.offer(change, this.#end);
    this.#end++;
    while (this.#changes.size > MAX_CHANGES || this.#bytes > MAX_BYTES) this.#forgetFirst();
  }

  /** Undefined past the end. */
  at(position: number): Change | undefined {
    if (position < this.#first) throw tooSlow();
    return this.#changes.get(position)?.change;
  }

  #forgetFirst(): void {
    this.#bytes -= this.#changes.get(this.#first)?.bytes ?? 0;
    this.#changes.delete(this.#first);
    this.#first++;
  }
}

export class LogReader {
  readonly interest: Interest;
  readonly #log: ChangeLog;
  #position: number;
  #wake: (() => void) | undefined;

  constructor(log: ChangeLog, interest: Interest, position: number) {
    this.#log = log;
    this.interest = interest;
    this.#position = position;
  }

  wants(document: Document): boolean {
    const { key, prefix, document: accept } = this.interest;
    if (key !== undefined && document.key !== key) return false;
    if (prefix !== undefined && !document.key.startsWith(prefix)) return false;
    return accept === undefined || accept(document);
  }

  /** A change at the end of the log. A reader that waits passes over what it does not want, and never falls behind. */
  offer(change: Change, position: number): void {
    if (this.wants(change.document)) this.#wake?.();
    else if (this.#position === position) this.#position++;
  }

  /** The next change that is wanted, if there is one. Throws `resource_exhausted` / READER_TOO_SLOW. */
  take(): Change | undefined {
    for (;;) {
      const change = this.#log.at(this.#position);
      if (change === undefined) return undefined;
      this.#position++;
      if (this.wants(change.document)) return change;
    }
  }

  /** Resolves when there may be something to take. */
  whenOffered(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  close(): void {
    this.#log.remove(this);
  }
}

function tooSlow(): ServiceError {
  return new ServiceError(
    "resource_exhausted",
    "READER_TOO_SLOW",
    "changes came faster than they were read: go on from the last resume_token",
    { retryAfterMs: 100 },
  );
}
