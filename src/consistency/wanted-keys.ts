/** Which keys anybody wants to hear of, asked for every write of every instance: thousands may wait for one key each. */
import type { Interest } from "./change-log.ts";

export class WantedKeys {
  /** How many want each. */
  readonly #keys = new Map<string, number>();
  readonly #prefixes = new Map<string, number>();

  add(interest: Interest): void {
    this.#count(interest, 1);
  }

  remove(interest: Interest): void {
    this.#count(interest, -1);
  }

  mayWant(key: string): boolean {
    if (this.#keys.has(key)) return true;
    for (const prefix of this.#prefixes.keys()) if (key.startsWith(prefix)) return true;
    return false;
  }

  /** Whoever wants all keys wants those that begin with nothing. */
  #count({ key, prefix = "" }: Interest, by: number): void {
    const [wanted, name] = key === undefined ? [this.#prefixes, prefix] : [this.#keys, key];
    const count = (wanted.get(name) ?? 0) + by;
    if (count === 0) wanted.delete(name);
    else wanted.set(name, count);
  }
}
