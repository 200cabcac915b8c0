/** What was set or asked for last, up to a weight: within twice of `room`, since it forgets by halves. */
export class Recent<T> {
  readonly #room: number;
  #newer = new Map<string, T>();
  #older = new Map<string, T>();
  #weight = 0;
  readonly #weightOf: (value: T) => number;

  constructor(room: number, weightOf: (value: T) => number) {
    this.#room = room;
    this.#weightOf = weightOf;
  }

  get(key: string): T | undefined {
    const newer = this.#newer.get(key);
    if (newer !== undefined) return newer;
    const older = this.#older.get(key);
    if (older !== undefined) this.#add(key, older);
    return older;
  }

  set(key: string, value: T): void {
    const before = this.#newer.get(key);
    if (before !== undefined) this.#weight -= this.#weightOf(before);
    this.#add(key, value);
  }

  #add(key: string, value: T): void {
    this.#weight += this.#weightOf(value);
    if (this.#weight > this.#room) {
      this.#older = this.#newer;
      this.#newer = new Map();
      this.#weight = this.#weightOf(value);
    }
    this.#newer.set(key, value);
  }
}
