/**
 * Regular expressions of strangers, matched in linear time: ECMAScript's syntax (with its `u` flag) and meaning,
 * RE2's engine. What cannot be matched so (lookaround, back references) is refused.
 */
import { RE2JS } from "re2js";

/** Meaning differs between the two: RE2 knows ASCII white space only, and one line terminator. */
const SPACE = String.raw`\t-\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`;
const NOT_SPACE = String.raw`\x00-\x08\x0e-\x1f!-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff}`;
const DOT = String.raw`[^\n\r\x{2028}\x{2029}]`;

/** RE2 takes the short names of general categories only. */
const CATEGORIES: Readonly<Record<string, string>> = {
  Letter: "L",
  Lowercase_Letter: "Ll",
  Mark: "M",
  Number: "N",
  Decimal_Number: "Nd",
  Punctuation: "P",
  punct: "P",
  Separator: "Z",
  Space_Separator: "Zs",
  Symbol: "S",
  Titlecase_Letter: "Lt",
  Uppercase_Letter: "Lu",
};

/** One token: two escaped surrogates, an escaped property, another escape, a named group's start, any one character. */
const TOKEN = /\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\[pP]\{[^}]*\}|\\.|\(\?<[\p{ID_Continue}$]+>|[\s\S]/gu;

/** What Ajv wants of an expression; `toString` is the key under which it keeps one, so it has to tell them apart. */
export interface Pattern {
  test(text: string): boolean;
  toString(): string;
}

/** Throws when the pattern is no ECMAScript, or cannot be matched in linear time. */
export function compilePattern(source: string): Pattern {
  // The native parser decides what is valid: RE2's syntax has extensions that other validators would refuse.
  new RegExp(source, "u");
  const compiled = RE2JS.compile(translate(source));
  return { test: (text) => compiled.test(text), toString: () => `/${source}/u` };
}

function translate(source: string): string {
  let inClass = false;
  const tokens = source.match(TOKEN) ?? [];
  const rewritten = tokens.map((token, index) => {
    if (token === "[" && !inClass) inClass = true;
    else if (token === "]") inClass = false;
    else if (token === "." && !inClass) return DOT;
    else if (token === "[" && inClass) return "\\[";
    else if (token === "\\s") return inClass ? SPACE : `[${SPACE}]`;
    else if (token === "\\S") return inClass ? NOT_SPACE : `[${NOT_SPACE}]`;
    else if (token === "\\b" && inClass) return "\\x08";
    // The translation would take it for the letter.
    else if (token === "\\k") throw new Error("back references are not supported");
    // Without back references names are of no use, and two groups may share one in ECMAScript only.
    else if (token.startsWith("(?<") && !inClass) return "(";
    // A nul and a digit are two characters here, an octal number there.
    else if (token === "\\0") return "\\x00";
    else if (token === "(" && !inClass && isModifier(tokens, index)) {
      throw new Error("inline flags are not supported");
    } else if (/^\\[pP]\{/.test(token)) return property(token);
    else if (token.startsWith("\\u") && token.length > 2) return character(token);
    return token;
  });
  return RE2JS.translateRegExp(rewritten.join(""));
}

/** `(?i:...)`: its meaning under `u` (case folding) is not RE2's. */
function isModifier(tokens: readonly string[], index: number): boolean {
  return tokens[index + 1] === "?" && !/^[:=!<]$/.test(tokens[index + 2] ?? "");
}

function property(token: string): string {
  const name = token.slice(3, -1).replace(/^(?:Script|sc|General_Category|gc)=/, "");
  return `${token.slice(0, 2)}{${CATEGORIES[name] ?? name}}`;
}

/** Two escaped surrogates are one character. */
function character(token: string): string {
  const units = token.match(/[0-9a-fA-F]{4}/g) ?? [];
  const text = String.fromCharCode(...units.map((unit) => Number.parseInt(unit, 16)));
  return `\\x{${(text.codePointAt(0) ?? 0).toString(16)}}`;
}
