import { expect, it } from "vitest";
import { slotOf } from "../../../src/adapters/redis/slot.ts";

it("a key's slot is the published one, that of its hash tag where it has one", () => {
  expect(slotOf("123456789")).toBe(0x31c3);
  expect(slotOf("a{123456789}b{x}")).toBe(0x31c3);
  expect(slotOf("{}a")).not.toBe(slotOf("a"));
  expect(slotOf(Buffer.from("é{é}"))).toBe(slotOf("é"));
});
