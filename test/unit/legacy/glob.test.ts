import { describe, expect, it } from "vitest";
import { parseGlob } from "../../../src/rpc/legacy/glob.ts";

describe("patterns as Redis takes them", () => {
  it.each([
    ["*", "", true],
    ["*", "anything", true],
    ["", "", true],
    ["", "a", false],
    ["h?llo", "hello", true],
    ["h?llo", "hllo", false],
    ["h*llo", "heeeello", true],
    ["h**llo", "hllo", true],
    ["h[ae]llo", "hallo", true],
    ["h[ae]llo", "hillo", false],
    ["h[^e]llo", "hallo", true],
    ["h[^e]llo", "hello", false],
    ["h[a-c]llo", "hbllo", true],
    ["h[c-a]llo", "hbllo", true],
    ["h[a-c]llo", "hdllo", false],
    ["h[a\\-c]llo", "h-llo", true],
    ["h[a\\-c]llo", "hbllo", false],
    ["h[\\]]llo", "h]llo", true],
    ["h[]llo", "hallo", false],
    ["h[ab", "ha", true],
    ["a\\*b", "a*b", true],
    ["a\\*b", "axb", false],
    ["a\\?b", "a?b", true],
    ["a\\[b]", "a[b]", true],
    ["a\\\\b", "a\\b", true],
    ["a\\", "a\\", true],
    ["?", "ñ", true],
    ["[à-ü]", "ñ", true],
    ["user:*:name", "user:1:2:name", true],
    ["user:*:name", "user:1:names", false],
    ["a.c", "abc", false],
    ["*a*b*c*", "xxaxxbxxcxx", true],
    ["*a*b*c*", "xxcxxbxxaxx", false],
  ])("%s against %s: %s", (pattern, text, expected) => {
    expect(parseGlob(pattern).matches(text)).toBe(expected);
  });

  it.each([
    ["user:*", "user:"],
    ["a\\*b*", "a*b"],
    ["a[b]c", "a"],
    ["abc", "abc"],
    ["*", ""],
  ])("what every match of %s begins with is %s", (pattern, prefix) => {
    expect(parseGlob(pattern).prefix).toBe(prefix);
  });

  it("many stars cost no more than the product of the lengths", () => {
    const { matches } = parseGlob(`${"*a".repeat(500)}b`);
    expect(matches("a".repeat(512))).toBe(false);
  });
});
