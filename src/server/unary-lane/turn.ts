/** What writes something at the end of a turn of the event loop. */
export interface Flushed {
  flush(): void;
}

/**
 * Gathers what one turn of the event loop has to write to many sockets. Written as it comes, each answer would find its
 * client asleep, and waking that costs more than everything else about a short call.
 */
export class Turn {
  #waiting: Flushed[] = [];

  atEnd(one: Flushed): void {
    if (this.#waiting.length === 0) setImmediate(this.#flush);
    this.#waiting.push(one);
  }

  readonly #flush = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) one.flush();
  };
}
