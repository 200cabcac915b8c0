/** What can be in one bag at a time. */
export interface Bagged {
  /** Its place in the bag, which is the bag's to know. */
  place: number;
}

/**
 * Things without an order, that come and go all the time. A Set would do, but for V8: each table that it has outgrown
 * keeps what was in it, and a chain of such tables, once its first link is old, is not collected but with the whole heap.
 * Each call would then live as long as that, and be copied twice.
 */
export class Bag<T extends Bagged> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  add(item: T): void {
    item.place = this.#items.length;
    this.#items.push(item);
  }

  /** Of what is not in it: does nothing. */
  delete(item: T): void {
    const { place } = item;
    if (this.#items[place] !== item) return;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#items[place] = last;
    last.place = place;
  }

  /** What is in it now, whatever comes or goes meanwhile. */
  [Symbol.iterator](): IterableIterator<T> {
    return [...this.#items].values();
  }
}
