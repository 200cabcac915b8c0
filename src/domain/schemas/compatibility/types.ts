/** The types of JSON as a set of bits. Integers and other numbers are apart, so that the sets are disjoint. */
import type { Json } from "../../../json.ts";

export type Types = number;

export const NULL = 1;
export const BOOLEAN = 2;
export const INTEGER = 4;
export const FRACTION = 8;
export const STRING = 16;
export const ARRAY = 32;
export const OBJECT = 64;
export const NUMBER = INTEGER | FRACTION;
export const ALL = NULL | BOOLEAN | NUMBER | STRING | ARRAY | OBJECT;

const NAMES: readonly (readonly [string, Types])[] = [
  ["null", NULL],
  ["boolean", BOOLEAN],
  ["number", NUMBER],
  ["integer", INTEGER],
  ["string", STRING],
  ["array", ARRAY],
  ["object", OBJECT],
];
const BY_NAME: ReadonlyMap<Json, Types> = new Map<Json, Types>(NAMES);

/** What the keyword `type` lets through; all for what is no type. */
export function typesNamed(value: Json | undefined): Types {
  if (value === undefined) return ALL;
  const names = Array.isArray(value) ? (value as readonly Json[]) : [value];
  return names.reduce<Types>((set, name) => set | (BY_NAME.get(name) ?? 0), 0);
}

export function typeOf(value: Json): Types {
  if (value === null) return NULL;
  if (Array.isArray(value)) return ARRAY;
  switch (typeof value) {
    case "boolean":
      return BOOLEAN;
    case "number":
      return Number.isInteger(value) ? INTEGER : FRACTION;
    case "string":
      return STRING;
    default:
      return OBJECT;
  }
}

/** The set's members, each a set of one. */
export function membersOf(types: Types): readonly Types[] {
  const members: Types[] = [];
  for (let bit = 1; bit <= OBJECT; bit <<= 1) if ((types & bit) !== 0) members.push(bit);
  return members;
}

/** For people: `string or null`. */
export function describeTypes(types: Types): string {
  const words: string[] = [];
  for (const [name, bits] of NAMES) {
    if ((types & bits) === 0 || (name === "integer" && (types & FRACTION) !== 0)) continue;
    words.push(name === "number" && (types & bits) === INTEGER ? "integer" : name);
  }
  return [...new Set(words)].join(" or ");
}
