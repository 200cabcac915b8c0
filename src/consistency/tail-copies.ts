/** Copies the tails of histories, each once for all in this process who need it at about the same time. */
import type { Document, DurableStore } from "../ports/durable-store.ts";
import { copyTail, tailIsLong } from "./history.ts";
import type { ObjectKind } from "./objects.ts";
import { orAborted } from "./signal.ts";
import type { WriteLines } from "./write-lines.ts";

export class TailCopies {
  readonly #durable: DurableStore;
  readonly #kind: ObjectKind;
  readonly #lines: WriteLines;
  readonly #planned = new Set<string>();
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(durable: DurableStore, kind: ObjectKind, lines: WriteLines) {
    this.#durable = durable;
    this.#kind = kind;
    this.#lines = lines;
  }

  /** For a writer that met a full tail, since other processes write, too: this whole document's. */
  readonly copy = (document: Document, signal?: AbortSignal): Promise<void> => {
    const { key } = document;
    let copying = this.#underWay.get(key);
    if (copying === undefined) {
      copying = this.#copy(document).finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, copying);
    }
    return orAborted(copying, signal);
  };

  /** Before the next writers, as soon as those under way are done; what fails here is done by one of the next. */
  copyLater(key: string): void {
    if (this.#planned.has(key)) return;
    this.#planned.add(key);
    const { collection } = this.#kind;
    void this.#lines
      .first(key, async () => {
        const document = await this.#durable.get(collection, key, { whole: true });
        if (document !== undefined && tailIsLong(document)) await this.#copy(document);
      })
      .catch(() => undefined)
      .finally(() => this.#planned.delete(key));
  }

  async #copy(document: Document): Promise<void> {
    const now = await copyTail(this.#durable, this.#kind, document);
    if (now !== undefined) this.#lines.learn(document.key, now);
  }
}
