/** Whether a text matches a pattern, where that is plain to see; strangers' patterns are not run here. */

const ALWAYS: ReadonlySet<string> = new Set(["", "^", "$", ".*", "^.*", ".*$"]);
/** Characters that stand for themselves. */
const LITERAL = /^(\^?)([\w :@/#%&~='"<>,;!-]*)(\$?)$/;

/** Matches every text there is. `^.*$` does not: its point stops at the end of a line. */
export function matchesAll(pattern: string): boolean {
  return ALWAYS.has(pattern);
}

/** Undefined = cannot tell. */
export function matches(pattern: string, text: string): boolean | undefined {
  if (matchesAll(pattern)) return true;
  const [whole, start, literal = "", end] = LITERAL.exec(pattern.replace(/(?<!\\)\.\*$/, "")) ?? [];
  if (whole === undefined) return undefined;
  if (start && end) return text === literal;
  if (start) return text.startsWith(literal);
  return end ? text.endsWith(literal) : text.includes(literal);
}
