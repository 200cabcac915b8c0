import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compilePattern } from "../../../src/adapters/ajv/patterns.ts";

/** Where RE2 and ECMAScript could differ: white space, line ends, escapes, classes, properties. */
const ATOMS = [
  ".",
  "\\s",
  "\\S",
  "\\d",
  "\\D",
  "\\w",
  "\\W",
  "a",
  "b",
  "\\.",
  "\\/",
  "\\u00e9",
  "\\u{1F600}",
  "\\ud83d\\ude00",
  "\\x41",
  "\\cJ",
  "\\t",
  "\\v",
  "\\0",
  "[^]",
  "[]",
  "[\\b]",
  "[.]",
  "[[]",
  "[\\s\\d]",
  "[\\S]",
  "[^\\S]",
  "[^\\s]",
  "[a-z&&b]",
  "[\\w\\-.]",
  "[^\\W]",
  "\\p{L}",
  "\\P{L}",
  "\\p{Letter}",
  "\\p{Lu}",
  "\\p{Script=Greek}",
  "\\p{sc=Greek}",
  "\\p{gc=Nd}",
  "\\p{Uppercase_Letter}",
  "[\\p{L}_]",
  "[^\\p{L}]",
  "(?<n>a)",
  "[(?<n>]",
  "[(?<abcdefgh>]",
  "^",
  "$",
  "\\b",
  "\\B",
];
const TEXTS =
  "aAbz1_-.[]/&~!\\ \t\n\r\v\f\0\b\u0085\u00a0\u1680\u180e\u2000\u200a\u200b\u2028\u2029\u202f\u205f\u3000\ufeffé😀αΩſK٣";

const atom = fc.constantFrom(...ATOMS);
const piece = fc.oneof(
  atom,
  fc.tuple(atom, fc.constantFrom("*", "+", "?", "{1,2}", "*?")).map(([a, q]) => `(?:${a})${q}`),
  fc.tuple(atom, atom).map(([a, b]) => `(?:${a}|${b})`),
);
const pattern = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(""));
const text = fc.array(fc.constantFrom(...TEXTS), { maxLength: 4 }).map((characters) => characters.join(""));

/** Undefined for a name that is given to two groups of one branch. */
function nativeOf(source: string): RegExp | undefined {
  try {
    return new RegExp(source, "u");
  } catch {
    return undefined;
  }
}

describe("patterns", () => {
  it("mean what ECMAScript says that they mean", () => {
    fc.assert(
      fc.property(pattern, text, (source, subject) => {
        const native = nativeOf(source);
        fc.pre(native !== undefined);
        expect(compilePattern(source).test(subject)).toBe(native?.test(subject));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    "(?=a)",
    "(?!a)",
    "(?<=a)",
    "(?<!a)",
    "(a)\\1",
    "(?<n>a)\\k<n>",
    "(?i:a)",
    "a{1001}",
    "\\-",
    "(",
    "\\p{No_Such}",
  ])("as %s are refused", (source) => {
    expect(() => compilePattern(source)).toThrow();
  });
});
