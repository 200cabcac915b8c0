/**
 * A few texts that a regular expression is likely to match. Only guesses: every text is tried by a validator before
 * anything is said about it. Reads the common part of the syntax, and takes the rest as it stands.
 */

/** Of one piece: what it matches at its shortest. */
interface Piece {
  readonly text: string;
  readonly min: number;
  readonly max: number;
}

const CLASSES: Readonly<Record<string, string>> = {
  d: "0",
  w: "a",
  s: " ",
  D: "a",
  W: "-",
  S: "a",
  n: "\n",
  t: "\t",
};
/** Longer ones would make documents of any size. */
const MAX_CHARS = 256;

export function samplesOf(pattern: string): readonly string[] {
  const shortest = new Reader(pattern, (piece) => piece.min).read();
  const longer = new Reader(pattern, ({ min, max }) => Math.min(max, Math.max(min, 1) + 1)).read();
  return [...new Set([shortest, longer])].filter((text) => text.length <= MAX_CHARS && text.isWellFormed());
}

class Reader {
  readonly #pattern: string;
  readonly #times: (piece: Piece) => number;
  #at = 0;

  constructor(pattern: string, times: (piece: Piece) => number) {
    this.#pattern = pattern;
    this.#times = times;
  }

  /** The first alternative; the others are passed over. */
  read(): string {
    let text = "";
    let isFirst = true;
    while (this.#at < this.#pattern.length && this.#pattern[this.#at] !== ")") {
      if (this.#pattern[this.#at] === "|") {
        isFirst = false;
        this.#at++;
        continue;
      }
      const piece = this.#piece();
      if (isFirst && text.length <= MAX_CHARS)
        text += piece.text.repeat(Math.min(this.#times(piece), MAX_CHARS));
    }
    return text;
  }

  #piece(): Piece {
    const text = this.#atom();
    const rest = this.#pattern.slice(this.#at);
    const [whole, simple, least, comma, most] = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(rest) ?? [];
    this.#at += whole?.length ?? 0;
    if (whole === undefined) return { text, min: 1, max: 1 };
    if (simple !== undefined) {
      return { text, min: simple === "+" ? 1 : 0, max: simple === "?" ? 1 : Number.POSITIVE_INFINITY };
    }
    const min = Number(least);
    const max = most ? Number(most) : comma ? Number.POSITIVE_INFINITY : min;
    return { text, min, max };
  }

  #atom(): string {
    const character = this.#pattern[this.#at++] ?? "";
    if (character === "^" || character === "$") return "";
    if (character === ".") return "a";
    if (character === "\\") return this.#escape();
    if (character === "[") return this.#class();
    if (character !== "(") return character;
    const opening = /^\?(?::|<\w+>)/.exec(this.#pattern.slice(this.#at));
    this.#at += opening?.[0].length ?? 0;
    const inner = this.read();
    this.#at++;
    return inner;
  }

  #escape(): string {
    const character = this.#pattern[this.#at++] ?? "";
    if (character === "b" || character === "B") return "";
    if (character === "p" || character === "P") {
      this.#at += /^\{[^}]*\}/.exec(this.#pattern.slice(this.#at))?.[0].length ?? 0;
      return "a";
    }
    return CLASSES[character] ?? character;
  }

  #class(): string {
    const isNegated = this.#pattern[this.#at] === "^";
    if (isNegated) this.#at++;
    const end = /(?<!\\)\]/.exec(this.#pattern.slice(this.#at + 1))?.index ?? 0;
    const inside = this.#pattern.slice(this.#at, this.#at + 1 + end);
    this.#at += end + 2;
    if (isNegated) return ["a", "0", " ", "-"].find((candidate) => !inside.includes(candidate)) ?? "~";
    return inside.startsWith("\\") ? (CLASSES[inside[1] ?? ""] ?? inside[1] ?? "") : (inside[0] ?? "");
  }
}
