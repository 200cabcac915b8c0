import { executionAsyncResource } from "node:async_hooks";
import { expect, it } from "vitest";
import { heldTicks } from "../../src/main/held-tick.ts";

it("what is held of a tick is an object that Node made for one, with the shape of all others", async () => {
  const other = await new Promise<object>((resolve) => {
    process.nextTick(() => resolve(executionAsyncResource()));
  });
  const [held = {}] = heldTicks;
  expect(Reflect.ownKeys(held)).toEqual(expect.arrayContaining(["callback", "args"]));
  expect(Reflect.ownKeys(held)).toEqual(Reflect.ownKeys(other));
  expect(held).not.toBe(other);
});
