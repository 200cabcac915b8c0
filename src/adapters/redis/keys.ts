/**
 * Redis keys. An entry's is `PREFIX:GENERATION:{KEY}`: the braces make one cluster slot of everything that may be said
 * about KEY, the generation first makes a left one easy to find. Cache entries have `cache/NAMESPACE/KEY` for KEY,
 * which no object key begins with.
 */
export class Keys {
  readonly hint: string;
  readonly probe: string;
  /** MATCH for every entry of every generation. */
  readonly all: string;
  readonly #prefix: string;

  /** Throws when the prefix would move the braces that decide the cluster slot. */
  constructor(prefix: string) {
    if (!/^[A-Za-z0-9._:-]+$/.test(prefix)) throw new Error(`not a Redis key prefix: ${prefix}`);
    this.#prefix = prefix;
    this.hint = `${prefix}:hint`;
    this.probe = `${prefix}:probe`;
    this.all = `${prefix}:*:{*`;
  }

  entry(generation: number, key: string): string {
    return `${this.#prefix}:${generation}:{${key}}`;
  }

  /** MATCH for the entries whose KEY begins with the text. */
  beginningWith(generation: number, text: string): string {
    const literal = `${this.#prefix}:${generation}:{${text}`;
    return `${literal.replace(/[\\*?[\]^-]/g, "\\$&")}*`;
  }

  /** The KEY of an entry of this generation. */
  keyOf(generation: number, entry: string): string {
    return entry.slice(`${this.#prefix}:${generation}:{`.length, -1);
  }

  /** Undefined for a key that is no entry of this prefix. */
  generationOf(entry: string): number | undefined {
    if (!entry.startsWith(`${this.#prefix}:`)) return undefined;
    const generation = /^(\d+):\{/.exec(entry.slice(this.#prefix.length + 1))?.[1];
    return generation === undefined ? undefined : Number(generation);
  }
}

/** A lifetime as Redis takes it: whole milliseconds, at least one. */
export function milliseconds(lifetime: number): string {
  return String(Math.max(1, Math.ceil(lifetime)));
}
