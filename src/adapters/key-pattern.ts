/**
 * The pattern language of key listings: `*` is any text, `?` one character (code point), `\` takes the next
 * character literally, and everything else stands for itself. Matched here and not by a store, so that all stores
 * agree and no pattern can make one of them backtrack for long.
 */
export interface KeyPattern {
  /** What every match begins with. */
  readonly prefix: string;
  /** True when the pattern has no wildcard: `prefix` is then the only match. */
  readonly literal: boolean;
  matches(key: string): boolean;
}

const ANY_TEXT = Symbol("*");
const ANY_CHARACTER = Symbol("?");
type Token = string | typeof ANY_TEXT | typeof ANY_CHARACTER;

export function parsePattern(pattern: string): KeyPattern {
  const tokens = tokenize(pattern);
  const wildcardAt = tokens.findIndex((token) => typeof token === "symbol");
  const literal = wildcardAt === -1;
  const prefix = (literal ? tokens : tokens.slice(0, wildcardAt)).join("");
  return { prefix, literal, matches: (key) => matches(tokens, Array.from(key)) };
}

function tokenize(pattern: string): readonly Token[] {
  const tokens: Token[] = [];
  const characters = Array.from(pattern);
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? "";
    if (character === "*") tokens.push(ANY_TEXT);
    else if (character === "?") tokens.push(ANY_CHARACTER);
    else if (character === "\\") {
      at++;
      // A lone backslash at the end has nothing to escape and stands for itself.
      tokens.push(characters[at] ?? "\\");
    } else tokens.push(character);
  }
  return tokens;
}

/** Going back to the latest `*` alone is enough, so the work is at most pattern length times key length. */
function matches(tokens: readonly Token[], key: readonly string[]): boolean {
  let token = 0;
  let at = 0;
  let starToken = -1;
  let starAt = 0;
  while (at < key.length) {
    const wanted = tokens[token];
    if (wanted === ANY_TEXT) {
      starToken = token++;
      starAt = at;
    } else if (wanted === ANY_CHARACTER || (wanted !== undefined && wanted === key[at])) {
      token++;
      at++;
    } else if (starToken >= 0) {
      token = starToken + 1;
      at = ++starAt;
    } else return false;
  }
  while (tokens[token] === ANY_TEXT) token++;
  return token === tokens.length;
}
