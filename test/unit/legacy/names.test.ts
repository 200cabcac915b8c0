import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NAME } from "../../../src/domain/validation.ts";
import { encodeName } from "../../../src/rpc/legacy/names.ts";

/** Shows that nothing is lost: what the encoding says is enough to know what was encoded. */
function decode(name: string): string {
  return decodeURIComponent(name.replace(/^x%\./, ""));
}

describe("names of old clients", () => {
  it.each(["a", "Task-1", "import_name.csv", "a:b", "0a37c6d2-9a2e-7a70-ae12-000019cc521b"])(
    "%s is the same name for old and new clients",
    (name) => {
      expect(encodeName(name)).toBe(name);
    },
  );

  it.each([
    ["a b", "a%20b"],
    ["año", "a%C3%B1o"],
    ["50%", "50%25"],
    ["a%20b", "a%2520b"],
    ["a/b", "a%2Fb"],
    ["_private", "x%._private"],
    ["", "x%."],
    ["x%._private", "x%25._private"],
    ["\u0000", "x%.%00"],
  ])("%j is named %s", (text, name) => {
    expect(encodeName(text)).toBe(name);
  });

  it("every text has a legal name of its own, from which it can be read back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 10 }), (text) => {
        const name = encodeName(text);
        expect(name).toMatch(NAME);
        expect(decode(name)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  it("texts that look like encodings do not meet what they look like", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("%", "2", "0", "x", ".", " "), maxLength: 8 }),
        (text) => {
          expect(decode(encodeName(text))).toBe(text);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
