type Of = "entries" | "leases";

/**
 * Redis keys. An entry's is `PREFIX:GENERATION:{KEY}`: the braces make one cluster slot of everything that may be said
 * about KEY, the generation first makes a left one easy to find. Cache entries have `cache/NAMESPACE/KEY` for KEY,
 * which no object key begins with. What stands beside one, its lease and its stale value, is at
 * `PREFIX:GENERATION:lease:{KEY}`, in the same slot.
 */
export class Keys {
  readonly hint: string;
  readonly probe: string;
  /** The channel on which the entries of confirmed writes are named; none of the keys. */
  readonly confirmed: string;
  /** MATCH for every entry of every generation. */
  readonly all: string;
  readonly #prefix: string;

  /** Throws when the prefix would move the braces that decide the cluster slot. */
  constructor(prefix: string) {
    if (!/^[A-Za-z0-9._:-]+$/.test(prefix)) throw new Error(`not a Redis key prefix: ${prefix}`);
    this.#prefix = prefix;
    this.hint = `${prefix}:hint`;
    this.probe = `${prefix}:probe`;
    this.confirmed = `${prefix}:confirmed`;
    this.all = `${prefix}:*:{*`;
  }

  entry(generation: number, key: string): string {
    return this.at("entries", generation, key);
  }

  at(of: Of, generation: number, key: string): string {
    return `${this.#head(of, generation)}${key}}`;
  }

  /** MATCH for those whose KEY begins with the text. */
  beginningWith(of: Of, generation: number, text: string): string {
    const literal = this.#head(of, generation) + text;
    return `${literal.replace(/[\\*?[\]^-]/g, "\\$&")}*`;
  }

  /** The KEY in a Redis key of this generation. */
  keyOf(of: Of, generation: number, redisKey: string): string {
    return redisKey.slice(this.#head(of, generation).length, -1);
  }

  /** The KEY of an entry of any generation; undefined for a key that is no entry of this prefix. */
  objectOf(entry: string): string | undefined {
    const generation = this.generationOf(entry);
    return generation === undefined ? undefined : this.keyOf("entries", generation, entry);
  }

  /** Undefined for a key that is neither an entry nor a lease of this prefix. */
  generationOf(entry: string): number | undefined {
    if (!entry.startsWith(`${this.#prefix}:`)) return undefined;
    const generation = /^(\d+):(?:lease:)?\{/.exec(entry.slice(this.#prefix.length + 1))?.[1];
    return generation === undefined ? undefined : Number(generation);
  }

  #head(of: Of, generation: number): string {
    return `${this.#prefix}:${generation}:${of === "leases" ? "lease:" : ""}{`;
  }
}

/** A lifetime as Redis takes it: whole milliseconds, at least one. */
export function milliseconds(lifetime: number): string {
  return String(Math.max(1, Math.ceil(lifetime)));
}
