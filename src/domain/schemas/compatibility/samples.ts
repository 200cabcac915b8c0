/** Scalars from which documents are made to try: the values at the edges of what two schemas say. */
import type { Json } from "../../../json.ts";
import type { Conjunction } from "./conjunction.ts";
import { samplesOf } from "./pattern-samples.ts";
import { BOOLEAN, FRACTION, INTEGER, NULL, STRING, type Types } from "./types.ts";

/** Longer texts and arrays make no document that anybody would read. */
export const MAX_LENGTH = 300;

/** What formats look like. */
const BY_FORMAT: Readonly<Record<string, string>> = {
  date: "2024-02-29",
  "date-time": "2024-02-29T12:00:00Z",
  duration: "P1D",
  email: "a@example.com",
  hostname: "example.com",
  "idn-email": "a@example.com",
  "idn-hostname": "example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  iri: "https://example.com/",
  "iri-reference": "/a",
  "json-pointer": "/a",
  regex: "^a$",
  "relative-json-pointer": "0",
  time: "12:00:00Z",
  uri: "https://example.com/",
  "uri-reference": "/a",
  "uri-template": "/{a}",
  uuid: "00000000-0000-4000-8000-000000000000",
};
const TEXTS = ["", "a", "abc", "A", "0", "1.5", "-", " ", "a-b", "Abc 123", "\u00e9"];

/** Scalars of one type, the more telling first. */
export function scalars(type: Types, p: Conjunction, q: Conjunction): readonly Json[] {
  switch (type) {
    case NULL:
      return [null];
    case BOOLEAN:
      return [true, false];
    case INTEGER:
      return numbers(p, q).filter(Number.isInteger);
    case FRACTION:
      return numbers(p, q).filter((value) => !Number.isInteger(value));
    case STRING:
      return texts(p, q);
    default:
      return [];
  }
}

function numbers(p: Conjunction, q: Conjunction): readonly number[] {
  const found = new Set<number>();
  const add = (value: number) => Number.isFinite(value) && found.add(value);
  for (const { lower, upper, multiples } of [q.numbers, p.numbers]) {
    for (const { value } of [lower, upper]) {
      for (const step of [0, 1, -1, 0.5, -0.5]) add(value + step);
      for (const whole of [Math.floor(value), Math.ceil(value)]) add(whole);
    }
    for (const factor of multiples) {
      for (const times of [1, 2, 3, 5, 7]) add(factor * times);
      const least = [p.numbers.lower.value, q.numbers.lower.value].filter(Number.isFinite);
      for (const value of least) {
        add(Math.ceil(value / factor) * factor);
        add((Math.ceil(value / factor) + 1) * factor);
      }
    }
  }
  for (const value of [0, 1, -1, 7, 0.5, -1.5, 1.25, 1e6, -1e6, 1e9 + 7, 3.7]) add(value);
  return [...found];
}

function texts(p: Conjunction, q: Conjunction): readonly string[] {
  const found = new Set<string>();
  const seeds: string[] = [];
  for (const { patterns } of [p.strings, q.strings]) seeds.push(...patterns.flatMap(samplesOf));
  for (const { formats } of [p.strings, q.strings])
    seeds.push(...formats.flatMap((name) => BY_FORMAT[name] ?? []));
  for (const { values } of [p, q]) {
    for (const value of values ?? []) if (typeof value === "string") seeds.push(value);
  }
  for (const seed of seeds) found.add(seed);
  const lengths = [q.strings, p.strings].flatMap(({ min, max }) => [
    min - 1,
    min,
    min + 1,
    max - 1,
    max,
    max + 1,
  ]);
  for (const length of lengths) {
    if (length < 0 || length > MAX_LENGTH) continue;
    found.add("a".repeat(length));
    for (const seed of seeds.slice(0, 4))
      if (seed.length < length) found.add(seed.padEnd(length, seed.at(-1) ?? "a"));
  }
  for (const text of TEXTS) found.add(text);
  return [...found];
}
