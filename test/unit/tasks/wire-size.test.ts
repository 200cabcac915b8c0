import { fromJson, toBinary } from "@bufbuild/protobuf";
import { StructSchema, ValueSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { expect, it } from "vitest";
import { structBytes, valueBytes } from "../../../src/rpc/wire-size.ts";
import { jsonObject, jsonValue } from "./json-arbitrary.ts";

// `as never`: the library's own JSON type has arrays that may be written.
it("the size of a Struct and of a Value is known without writing them", () => {
  fc.assert(
    fc.property(jsonObject, jsonValue, (object, value) => {
      expect(structBytes(object)).toBe(
        toBinary(StructSchema, fromJson(StructSchema, object as never)).length,
      );
      expect(valueBytes(value)).toBe(toBinary(ValueSchema, fromJson(ValueSchema, value as never)).length);
    }),
    { numRuns: 1_000 },
  );
});

it.each([0, 100, 127, 128, 16_383, 16_384, 2_097_152])(
  "lengths around %i take as many bytes as they do",
  (length) => {
    for (const text of ["x".repeat(length), "x".repeat(Math.max(0, length - 8))]) {
      const message = fromJson(StructSchema, { k: [text] });
      expect(structBytes({ k: [text] })).toBe(toBinary(StructSchema, message).length);
    }
  },
);
