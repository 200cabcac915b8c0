/** Rules of numbers and strings. */

import type { Obstacle } from "../../../ports/schema-comparer.ts";
import type { Conjunction } from "./conjunction.ts";
import { lengthOf } from "./evaluate.ts";
import { matches, matchesAll } from "./match.ts";
import type { Bound, Node, NumberRules, StringRules } from "./node.ts";
import { at } from "./pointer.ts";
import { INTEGER, NUMBER, type Types } from "./types.ts";

export function numberObstacle(a: Conjunction, rules: NumberRules, b: Node): Obstacle | undefined {
  const place = (keyword: string, reason: string, sure = true): Obstacle => ({
    pointer: at(b.pointer, keyword),
    keyword,
    reason,
    sure,
  });
  const isInteger = (a.types & NUMBER) === INTEGER;
  const exact = (bound: Bound, direction: 1 | -1) => (isInteger ? ofIntegers(bound, direction) : bound);
  const values = a.values?.filter((value) => typeof value === "number");
  const own = (bound: Bound, pick: (...values: number[]) => number): Bound =>
    values === undefined ? bound : { value: pick(...values), exclusive: false };
  const [least, wantedLeast] = [exact(own(a.numbers.lower, Math.min), 1), exact(rules.lower, 1)];
  if (isLess(least, wantedLeast)) {
    return place(rules.lower.exclusive ? "exclusiveMinimum" : "minimum", "refuses smaller numbers");
  }
  const [most, wantedMost] = [exact(own(a.numbers.upper, Math.max), -1), exact(rules.upper, -1)];
  if (isLess(negative(most), negative(wantedMost))) {
    return place(rules.upper.exclusive ? "exclusiveMaximum" : "maximum", "refuses greater numbers");
  }
  const { multipleOf } = rules;
  if (multipleOf === undefined || a.numbers.multiples.includes(multipleOf)) return undefined;
  if (values?.every((value) => isMultiple(value, multipleOf))) return undefined;
  // How far a quotient of fractions may be off is the validator's to say, so only whole numbers are reasoned about.
  if (isInteger && [1, ...a.numbers.multiples].some((factor) => isMultiple(factor, multipleOf))) {
    return undefined;
  }
  const reason = "refuses numbers that are no multiple of it";
  return place("multipleOf", reason, a.numbers.multiples.length === 0);
}

export function numberIsEmpty(a: Conjunction, type: Types): boolean {
  const { lower, upper } = a.numbers;
  if (type === INTEGER) return ofIntegers(lower, 1).value > ofIntegers(upper, -1).value;
  if (lower.value !== upper.value) return lower.value > upper.value;
  return lower.exclusive || upper.exclusive || Number.isInteger(lower.value);
}

export function stringObstacle(a: Conjunction, rules: StringRules, b: Node): Obstacle | undefined {
  const place = (keyword: string, reason: string, sure: boolean): Obstacle => ({
    pointer: at(b.pointer, keyword),
    keyword,
    reason,
    sure,
  });
  const { min, max, patterns, formats } = a.strings;
  const values = a.values?.filter((value) => typeof value === "string");
  const lengths = values?.map(lengthOf);
  // A pattern may say more about the length than can be seen here.
  const isPlain = patterns.length === 0 && formats.length === 0;
  if ((lengths === undefined ? min : Math.min(...lengths)) < rules.min) {
    return place("minLength", "refuses shorter text", isPlain);
  }
  if ((lengths === undefined ? max : Math.max(...lengths)) > rules.max) {
    return place("maxLength", "refuses longer text", isPlain);
  }
  const { pattern, format } = rules;
  const isMatched = (text: string) =>
    matchesAll(text) || patterns.includes(text) || values?.every((value) => matches(text, value) === true);
  if (pattern !== undefined && !isMatched(pattern)) {
    return place("pattern", "is another pattern; whether one includes the other is not judged", isPlain);
  }
  if (format !== undefined && !formats.includes(format)) {
    return place("format", "is another format; whether one includes the other is not judged", isPlain);
  }
  return undefined;
}

/** Among integers, the first that a bound lets through; `direction` leads away from the bound. */
function ofIntegers({ value, exclusive }: Bound, direction: 1 | -1): Bound {
  const whole = direction === 1 ? Math.ceil(value) : Math.floor(value);
  if (whole !== value || !exclusive) return { value: whole, exclusive: false };
  // Past what doubles can tell apart the next integer is the same number.
  return Number.isSafeInteger(whole) ? { value: whole + direction, exclusive: false } : { value, exclusive };
}

function isLess(a: Bound, b: Bound): boolean {
  if (a.value !== b.value) return a.value < b.value;
  return b.exclusive && !a.exclusive;
}

function negative({ value, exclusive }: Bound): Bound {
  return { value: -value, exclusive };
}

function isMultiple(value: number, of: number): boolean {
  return Number.isSafeInteger(value) && Number.isSafeInteger(of) && value % of === 0;
}
