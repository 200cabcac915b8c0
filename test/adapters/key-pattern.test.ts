import { expect, it } from "vitest";
import { parsePattern } from "../../src/adapters/key-pattern.ts";

it("a pattern says what every match begins with, and whether that is all", () => {
  for (const [pattern, prefix, literal] of [
    ["", "", true],
    ["abc", "abc", true],
    ["a\\*c", "a*c", true],
    ["ab*c", "ab", false],
    ["\\?a?", "?a", false],
    ["*", "", false],
    ["end\\", "end\\", true],
  ] as const) {
    expect(parsePattern(pattern)).toMatchObject({ prefix, literal });
  }
});

it("a pattern made to be slow is not: a matcher that tried every way would not end", () => {
  const pattern = parsePattern(`${"*a".repeat(250)}b`);
  expect(pattern.matches("a".repeat(512))).toBe(false);
  expect(pattern.matches(`${"a".repeat(512)}b`)).toBe(true);
});
