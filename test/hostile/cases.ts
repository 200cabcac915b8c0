// Schemas and documents that are meant to hang, to explode or to reach outside.
import type { Json, JsonObject } from "../../src/json.ts";

export interface HostileCase {
  readonly name: string;
  readonly schema: Json;
  /** For a schema that is taken: what is judged by it. */
  readonly document?: Json;
  /**
   * `refused`: INVALID_ARGUMENT, at this field. `too large`: RESOURCE_EXHAUSTED, before the message is read. `bounded`:
   * whatever is asked of it is answered in time, or RESOURCE_EXHAUSTED; how much of it is done depends on the machine.
   */
  readonly outcome: { readonly refused: string } | "too large" | "bounded";
}

const range = (length: number): readonly number[] => Array.from({ length }, (_, i) => i);

function named(entries: readonly (readonly [string, Json])[]): JsonObject {
  return Object.fromEntries(entries);
}

/** Each level asks the next one twice: 2^30 questions. */
const doubling = named(
  range(30).map((i) => {
    const next = i === 29 ? { type: "string" } : { $ref: `#/$defs/d${i + 1}` };
    return [`d${i}`, { allOf: [next, next] }];
  }),
);

function nested(depth: number, keyword: string): Json {
  return range(depth).reduce<Json>((inside) => ({ [keyword]: inside }), { type: "string" });
}

export const HOSTILE: readonly HostileCase[] = [
  {
    name: "references that double 30 times",
    schema: { $ref: "#/$defs/d0", $defs: doubling },
    document: 1,
    outcome: "bounded",
  },
  {
    name: "an enum of as many values as may be",
    schema: { enum: range(19_990) as Json },
    document: -1,
    outcome: "bounded",
  },
  {
    name: "an enum of more values than may be",
    schema: { enum: range(20_000) as Json },
    outcome: { refused: "document" },
  },
  {
    name: "an enum of 100,000 values",
    schema: { enum: range(100_000) as Json },
    outcome: "too large",
  },
  {
    name: "as many values as may be, each with a name",
    schema: { $defs: named(range(6_600).map((i) => [`d${i}`, { type: "string", title: `t${i}` }])) },
    document: 1,
    outcome: "bounded",
  },
  {
    name: "4,900 branches",
    schema: { oneOf: range(4_900).map((i) => ({ properties: { a: { const: i } } })) },
    document: { a: -1 },
    outcome: "bounded",
  },
  {
    name: "an allOf of 9,900",
    schema: { allOf: range(9_900).map((i) => ({ minimum: -i })) },
    document: 1,
    outcome: "bounded",
  },
  {
    name: "a pattern that backtracks",
    schema: { pattern: "^(a+)+$" },
    document: `${"a".repeat(50_000)}!`,
    outcome: "bounded",
  },
  {
    name: "a pattern with a back reference",
    schema: { pattern: "(a)\\1" },
    outcome: { refused: "document/pattern" },
  },
  {
    name: "2,000 patterns of names",
    schema: { patternProperties: named(range(2_000).map((i) => [`^(a|b)*${i}$`, {}])) },
    document: named(range(2_000).map((i) => [`${"ab".repeat(40)}${i}`, 1])),
    outcome: "bounded",
  },
  { name: "31 levels", schema: nested(31, "not"), outcome: { refused: "document" } },
  {
    name: "$data",
    schema: { properties: { a: { maximum: { $data: "1/b" } } } },
    outcome: { refused: "document/properties/a/maximum" },
  },
  {
    name: "a reference to another host",
    schema: { $ref: "http://127.0.0.1:1/a.json" },
    outcome: { refused: "document/$ref" },
  },
  {
    name: "a reference to a file",
    schema: { $ref: "file:///etc/passwd" },
    outcome: { refused: "document/$ref" },
  },
  { name: "a reference to itself", schema: { $ref: "#" }, outcome: { refused: "document/$ref" } },
  {
    name: "a loop of dynamic references",
    schema: { $dynamicAnchor: "a", $dynamicRef: "#a" },
    outcome: { refused: "document/$dynamicRef" },
  },
  {
    name: "unique items of 30,000 objects",
    schema: { uniqueItems: true },
    document: range(30_000).map((i) => ({ i })),
    outcome: "bounded",
  },
  {
    name: "unevaluated properties under 1,000 branches",
    schema: {
      anyOf: range(1_000).map((i) => ({ properties: { [`p${i}`]: true } })),
      unevaluatedProperties: false,
    },
    document: named(range(1_000).map((i) => [`p${i}`, i])),
    outcome: "bounded",
  },
];
