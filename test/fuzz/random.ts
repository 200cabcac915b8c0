// The one source of chance: an input is made of its seed and index alone, so that it can be made again.
const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

export class Random {
  #state: number;

  constructor(...seeds: readonly number[]) {
    this.#state = 0x9e3779b9;
    for (const seed of seeds) this.#state = mixed(this.#state ^ mixed(seed | 0));
  }

  /** A whole number of 32 bits. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return mixed(this.#state) >>> 0;
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return this.next() % end;
  }

  chance(share: number): boolean {
    return this.next() < share * 0x1_0000_0000;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }

  bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.next() & 0xff));
  }

  /** Letters enough that no mutation of one name is another. */
  name(): string {
    return `f${Array.from({ length: 15 }, () => LETTERS[this.below(LETTERS.length)]).join("")}`;
  }
}

/** Every bit of the result depends on every bit of the number. */
function mixed(number: number): number {
  let bits = number;
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return bits ^ (bits >>> 16);
}
