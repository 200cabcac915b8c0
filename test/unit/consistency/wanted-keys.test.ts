import { expect, it } from "vitest";
import { WantedKeys } from "../../../src/consistency/wanted-keys.ts";

it("a key is wanted while somebody wants it, those that begin so, or all", () => {
  const wanted = new WantedKeys();
  expect(wanted.mayWant("a/1")).toBe(false);
  const interests = [{ key: "a/1" }, { key: "a/1" }, { prefix: "b/" }, {}];
  for (const interest of interests) wanted.add(interest);
  expect(wanted.mayWant("c/1")).toBe(true);
  wanted.remove({});
  expect(["a/1", "a/11", "b/1", "c/1"].map((key) => wanted.mayWant(key))).toEqual([true, false, true, false]);
  wanted.remove({ key: "a/1" });
  expect(wanted.mayWant("a/1")).toBe(true);
  for (const interest of [{ key: "a/1" }, { prefix: "b/" }]) wanted.remove(interest);
  expect(["a/1", "b/1"].map((key) => wanted.mayWant(key))).toEqual([false, false]);
});
