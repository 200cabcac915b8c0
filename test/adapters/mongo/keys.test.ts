import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escapeKey, unescapeKey } from "../../../src/adapters/mongo/keys.ts";

const anyKey = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom("%", "_", ".", "$", "\0", "0", "2", "e", " ", "a", "\u00a0") }),
  fc.constantFrom("__proto__", "_bsontype", "constructor", "toString", "", "%_", "%a", "%2e", "%252e"),
);

describe("the escape of keys for the server", () => {
  it("gives every key back", () => {
    fc.assert(fc.property(anyKey, (key) => unescapeKey(escapeKey(key)) === key));
  });

  it("never gives two keys the same name", () => {
    fc.assert(fc.property(anyKey, anyKey, (a, b) => a === b || escapeKey(a) !== escapeKey(b)));
  });

  it("leaves nothing that means something to server or driver, nor the mark of an inner array", () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        const name = escapeKey(key);
        expect(name).not.toMatch(/[.\0]|^$|^\$|^\d+$|^\s|\s$|^_bsontype$|^%a$/);
        expect(name in Object.prototype).toBe(false);
      }),
    );
  });

  it("leaves ordinary keys as they are", () => {
    for (const key of [
      "a",
      "status",
      "a b",
      "a$b",
      "x1",
      "1x",
      "-1",
      "é",
      "camelCase",
      "snake_case",
      "_id",
    ]) {
      expect(escapeKey(key)).toBe(key);
    }
  });
});
