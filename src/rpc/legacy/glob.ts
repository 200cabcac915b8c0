/** Patterns as Redis takes them for keys: `*`, `?`, `[a-z]`, `[^a-z]`, and `\` before what is meant as it is. */

type Piece =
  | { readonly kind: "any" }
  | { readonly kind: "one"; readonly matches: (character: string) => boolean };

export interface Glob {
  /** What every match begins with. */
  readonly prefix: string;
  matches(text: string): boolean;
}

export function parseGlob(pattern: string): Glob {
  const pieces: Piece[] = [];
  let prefix = "";
  let literalSoFar = true;
  const characters = Array.from(pattern);
  let at = 0;
  while (at < characters.length) {
    const character = characters[at] ?? "";
    if (character === "*") {
      if (pieces.at(-1)?.kind !== "any") pieces.push({ kind: "any" });
      at++;
    } else if (character === "?") {
      pieces.push({ kind: "one", matches: () => true });
      at++;
    } else if (character === "[") {
      const { matches, end } = parseClass(characters, at + 1);
      pieces.push({ kind: "one", matches });
      at = end;
    } else {
      // A backslash at the very end stands for itself.
      const escaped = character === "\\" && at + 1 < characters.length;
      const literal = escaped ? (characters[at + 1] ?? "") : character;
      if (literalSoFar) prefix += literal;
      pieces.push({ kind: "one", matches: (other) => other === literal });
      at += escaped ? 2 : 1;
      continue;
    }
    literalSoFar = false;
  }
  return { prefix, matches: (text) => matchPieces(pieces, Array.from(text)) };
}

/** From behind the `[`. One that is never closed ends with the pattern. */
function parseClass(
  characters: readonly string[],
  start: number,
): { readonly matches: (character: string) => boolean; readonly end: number } {
  let at = start;
  const negated = characters[at] === "^";
  if (negated) at++;
  const ranges: (readonly [number, number])[] = [];
  for (; at < characters.length && characters[at] !== "]"; at++) {
    if (characters[at] === "\\" && at + 1 < characters.length) at++;
    const from = codePoint(characters[at]);
    const isRange = characters[at + 1] === "-" && at + 2 < characters.length && characters[at + 2] !== "]";
    const to = isRange ? codePoint(characters[at + 2]) : from;
    if (isRange) at += 2;
    ranges.push([Math.min(from, to), Math.max(from, to)]);
  }
  const matches = (character: string) => {
    const point = codePoint(character);
    return ranges.some(([from, to]) => from <= point && point <= to) !== negated;
  };
  return { matches, end: at + 1 };
}

/** Goes back to the last `*` only, so that the work is bounded by the product of both lengths. */
function matchPieces(pieces: readonly Piece[], text: readonly string[]): boolean {
  let piece = 0;
  let at = 0;
  let star: { readonly piece: number; at: number } | undefined;
  while (at < text.length) {
    const current = pieces[piece];
    if (current?.kind === "any") {
      star = { piece, at };
      piece++;
    } else if (current?.matches(text[at] ?? "") === true) {
      piece++;
      at++;
    } else if (star !== undefined) {
      piece = star.piece + 1;
      at = ++star.at;
    } else {
      return false;
    }
  }
  return pieces.slice(piece).every(({ kind }) => kind === "any");
}

function codePoint(character: string | undefined): number {
  return character?.codePointAt(0) ?? 0;
}
