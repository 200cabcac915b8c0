import { drained } from "../../support/virtual/transport.ts";

interface Event {
  readonly at: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/** Virtual time: events in order of their moments, and of their making where those are equal. */
export class Clockwork {
  now = 0;
  /** How many events have happened. */
  happened = 0;
  readonly #heap: Event[] = [];
  #orders = 0;

  /** Answers the function that takes it back. */
  at(moment: number, run: () => void): () => void {
    const event: Event = { at: Math.max(this.now, moment), order: this.#orders++, run };
    this.#push(event);
    return () => {
      event.run = undefined;
    };
  }

  after(ms: number, run: () => void): () => void {
    return this.at(this.now + ms, run);
  }

  /** Lets events happen until the condition holds or the moment has come. Answers whether it holds. */
  async run(until: number, condition: () => boolean = () => false): Promise<boolean> {
    for (;;) {
      if (condition()) return true;
      const event = this.#heap[0];
      if (event === undefined || event.at > until) break;
      this.#pop();
      if (event.run === undefined) continue;
      this.now = event.at;
      this.happened++;
      event.run();
      await drained();
    }
    this.now = Math.max(this.now, until);
    return condition();
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || isBefore(parent, event)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const least = right !== undefined && left !== undefined && isBefore(right, left) ? right : left;
      if (least === undefined || isBefore(last, least)) break;
      heap[at] = least;
      at = least === left ? 2 * at + 1 : 2 * at + 2;
    }
    heap[at] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
