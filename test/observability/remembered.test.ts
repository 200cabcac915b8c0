import { expect, it } from "vitest";
import { Remembered } from "../../src/observability/remembered.ts";

/** What takes `takesMs` to find, on a clock that only the finding and the test move. */
function world(takesMs: number) {
  const state = { now: 0, found: 0, fails: false };
  const remembered = new Remembered({
    find: async () => {
      state.now += takesMs;
      state.found += 1;
      if (state.fails) throw new Error("cannot be found");
      return state.found;
    },
    everyMs: 1000,
    timeoutMs: 60_000,
    monotonic: () => state.now,
  });
  return { state, remembered };
}

it("a count is not made again before its time, however often it is looked at", async () => {
  const { state, remembered } = world(0);
  expect(remembered.value).toBeUndefined();
  await remembered.settled();
  state.now = 999;
  expect([remembered.value, remembered.value]).toEqual([1, 1]);
  state.now = 1000;
  expect(remembered.value).toBe(1);
  await remembered.settled();
  expect(remembered.value).toBe(2);
  expect(state.found).toBe(2);
});

it("a count that takes long is made more rarely", async () => {
  const { state, remembered } = world(500);
  void remembered.value;
  await remembered.settled();
  state.now += 9_999;
  void remembered.value;
  await remembered.settled();
  expect(state.found).toBe(1);
  state.now += 1;
  void remembered.value;
  await remembered.settled();
  expect(state.found).toBe(2);
});

it("a count that failed is no count", async () => {
  const { state, remembered } = world(0);
  void remembered.value;
  await remembered.settled();
  state.now += 1000;
  state.fails = true;
  void remembered.value;
  await remembered.settled();
  expect(remembered.value).toBeUndefined();
});
