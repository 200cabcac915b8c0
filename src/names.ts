/** Sets of names as grants and filters need them: some names, some prefixes, or every name. */

/** What a caller may write: a name, a prefix followed by `*`, or `*` alone. */
export const NAME_PATTERN = /^(?:\*|[A-Za-z0-9][A-Za-z0-9._:%-]{0,127}\*?)$/;

/**
 * A set of names. Its prefixes do not overlap and none of its names begins with one, so that what a store counts for
 * each of them can be added up.
 */
export class NameSet {
  static readonly all = new NameSet([], [""]);
  static readonly none = new NameSet([], []);

  readonly names: readonly string[];
  readonly prefixes: readonly string[];
  readonly #names: ReadonlySet<string>;

  private constructor(names: readonly string[], prefixes: readonly string[]) {
    this.names = names;
    this.prefixes = prefixes;
    this.#names = new Set(names);
  }

  /** Patterns of NAME_PATTERN's form. */
  static of(patterns: readonly string[]): NameSet {
    const prefixes = minimal(patterns.flatMap((p) => (p.endsWith("*") ? [p.slice(0, -1)] : [])));
    const names = patterns.filter(
      (p) => !p.endsWith("*") && !prefixes.some((prefix) => p.startsWith(prefix)),
    );
    return new NameSet([...new Set(names)].sort(), prefixes);
  }

  get isAll(): boolean {
    return this.prefixes[0] === "";
  }

  get isEmpty(): boolean {
    return this.names.length === 0 && this.prefixes.length === 0;
  }

  has(name: string): boolean {
    return this.#names.has(name) || this.prefixes.some((prefix) => name.startsWith(prefix));
  }

  /** Those that begin so. */
  beginningWith(prefix: string): NameSet {
    if (prefix === "") return this;
    if (this.prefixes.some((own) => prefix.startsWith(own))) return new NameSet([], [prefix]);
    return new NameSet(
      this.names.filter((name) => name.startsWith(prefix)),
      this.prefixes.filter((own) => own.startsWith(prefix)),
    );
  }
}

/** Sorted, and without those that another one covers: a shorter prefix sorts before what it covers. */
function minimal(prefixes: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (const prefix of [...prefixes].sort()) {
    const last = kept.at(-1);
    if (last === undefined || !prefix.startsWith(last)) kept.push(prefix);
  }
  return kept;
}
