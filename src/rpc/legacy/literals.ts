/** Values that clients wrote as text: as JSON, or as Python prints them (`True`, `['a', 'b']`). */
import type { Json } from "../../json.ts";

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const TOKEN = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|True|False|None|[^'"]/gsu;
const PYTHON_WORDS: ReadonlyMap<string, string> = new Map([
  ["True", "true"],
  ["False", "false"],
  ["None", "null"],
]);

export function readNumber(text: string): number | undefined {
  const value = NUMBER.test(text.trim()) ? Number(text) : Number.NaN;
  // `+ 0` because JSON has one zero.
  return Number.isFinite(value) ? value + 0 : undefined;
}

export function readBoolean(text: string): boolean | undefined {
  const word = text.trim().toLowerCase();
  return word === "true" ? true : word === "false" ? false : undefined;
}

export function readJson(text: string): Json | undefined {
  return parse(text) ?? parse(pythonToJson(text));
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function pythonToJson(text: string): string {
  return (text.match(TOKEN) ?? [])
    .map((token) => (token.startsWith("'") ? requote(token) : (PYTHON_WORDS.get(token) ?? token)))
    .join("");
}

/** A text in single quotes, in double ones. */
function requote(token: string): string {
  const inner = token.slice(1, -1).replace(/\\'|"/g, (found) => (found === '"' ? '\\"' : "'"));
  return `"${inner}"`;
}
