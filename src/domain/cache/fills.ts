import { Broadcast } from "../../consistency/signal.ts";
import type { EntryName } from "../../ports/cache-store.ts";

/** Tells those of this process who wait for an entry that it was written or removed. */
export class Fills {
  readonly #waiting = new Map<string, { readonly changed: Broadcast; listeners: number }>();

  /** Calls back at every change of the entry; answers how to stop that. */
  listen(name: EntryName, listener: () => void): () => void {
    const id = idOf(name);
    const waiting = this.#waiting.get(id) ?? { changed: new Broadcast(), listeners: 0 };
    this.#waiting.set(id, waiting);
    waiting.listeners++;
    const unsubscribe = waiting.changed.subscribe(listener);
    return () => {
      unsubscribe();
      if (--waiting.listeners === 0) this.#waiting.delete(id);
    };
  }

  changed(name: EntryName): void {
    this.#waiting.get(idOf(name))?.changed.notify();
  }
}

/** A namespace holds no `/`, so the first one parts the two. */
function idOf({ namespace, key }: EntryName): string {
  return `${namespace}/${key}`;
}
