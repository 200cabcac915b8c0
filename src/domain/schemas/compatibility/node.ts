/**
 * One schema in a normal form that is the same for all dialects. What a keyword is absent for has the value that
 * says nothing, so that no rule has to ask.
 */
import type { Json } from "../../../json.ts";
import type { Types } from "./types.ts";

export interface Bound {
  readonly value: number;
  /** The value itself is out. */
  readonly exclusive: boolean;
}

export interface NumberRules {
  readonly lower: Bound;
  readonly upper: Bound;
  readonly multipleOf: number | undefined;
}

export interface StringRules {
  readonly min: number;
  readonly max: number;
  readonly pattern: string | undefined;
  readonly format: string | undefined;
}

export interface ContainsRule {
  readonly node: Node;
  readonly min: number;
  readonly max: number;
}

export interface ArrayRules {
  readonly prefix: readonly Node[];
  /** Of what comes after the prefix. */
  readonly rest: Node;
  readonly min: number;
  readonly max: number;
  readonly unique: boolean;
  readonly contains: ContainsRule | undefined;
}

export interface ObjectRules {
  readonly required: readonly string[];
  readonly min: number;
  readonly max: number;
  readonly properties: ReadonlyMap<string, Node>;
  readonly patterns: ReadonlyMap<string, Node>;
  /** Of names that are not in `properties` and match no pattern. */
  readonly additional: Node;
  readonly names: Node;
  /** Names and what they ask for; a name may come twice. */
  readonly dependentRequired: readonly (readonly [string, readonly string[]])[];
  readonly dependentSchemas: readonly (readonly [string, Node])[];
}

/** A keyword that lets a document take one of several ways. */
export type Choice = { readonly id: number } & (
  | { readonly kind: "anyOf" | "oneOf"; readonly branches: readonly Node[] }
  | { readonly kind: "if"; readonly if: Node; readonly met: Node; readonly unmet: Node }
);

export interface Node {
  /** Names it within one comparison. */
  readonly id: number;
  /** JSON Pointer into its document. */
  readonly pointer: string;
  /** The schema `false`. */
  readonly never: boolean;
  /** Says nothing at all. */
  readonly trivial: boolean;
  readonly types: Types;
  /** Of `enum` and `const`. */
  readonly values: readonly Json[] | undefined;
  /** Absent = no rule for the type. */
  readonly numbers: NumberRules | undefined;
  readonly strings: StringRules | undefined;
  readonly arrays: ArrayRules | undefined;
  readonly objects: ObjectRules | undefined;
  readonly allOf: readonly Node[];
  readonly choices: readonly Choice[];
  readonly not: Node | undefined;
  /** Where `$ref` leads; looked up late, for schemas may hold themselves. */
  readonly reference: (() => Node) | undefined;
  /** Keywords whose meaning cannot be judged here. */
  readonly opaque: readonly string[];
  /** Of the schema as it is written, annotations left out; undefined for one that is not written anywhere. */
  readonly form: Form | undefined;
}

/** Two schemas of one form are written alike; they mean the same where their references do. */
export interface Form {
  readonly number: number;
  /** The schemas right inside, in the order that the form gives. */
  readonly inside: readonly Node[];
  /** Holds a reference, here or deeper. */
  readonly refers: boolean;
}

const NO_RULES = {
  never: false,
  trivial: true,
  values: undefined,
  numbers: undefined,
  strings: undefined,
  arrays: undefined,
  objects: undefined,
  allOf: [],
  choices: [],
  not: undefined,
  reference: undefined,
  opaque: [],
  form: undefined,
} as const;

export const NO_LOWER: Bound = { value: Number.NEGATIVE_INFINITY, exclusive: false };
export const NO_UPPER: Bound = { value: Number.POSITIVE_INFINITY, exclusive: false };

/** A schema that says nothing. */
export function emptyNode(id: number, pointer: string, types: Types): Node {
  return { ...NO_RULES, id, pointer, types };
}
