import { describe, expect, it } from "vitest";
import { Semaphore, Turns } from "../../../src/consistency/turns.ts";

const overloaded = expect.objectContaining({ kind: "resource_exhausted", reason: "OVERLOADED" });

describe("a semaphore", () => {
  it("turns away more waiting callers than its line holds, and takes others once there is room", async () => {
    const semaphore = new Semaphore(1, 1);
    const first = Promise.withResolvers<string>();
    const held = semaphore.hold(() => first.promise);
    const waiting = semaphore.hold(async () => "second");
    await expect(semaphore.hold(async () => "third")).rejects.toEqual(overloaded);
    first.resolve("first");
    expect(await Promise.all([held, waiting])).toEqual(["first", "second"]);
    expect(await semaphore.hold(async () => "fourth")).toBe("fourth");
  });

  it("answers a waiting caller whose signal fires, at once, and gives its place to another", async () => {
    const semaphore = new Semaphore(1, 1);
    const first = Promise.withResolvers<void>();
    const held = semaphore.hold(() => first.promise);
    const gone = new AbortController();
    const waiting = semaphore.hold(async () => "never", gone.signal);
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ applied: "no" });
    const next = semaphore.hold(async () => "next");
    first.resolve();
    await held;
    expect(await next).toBe("next");
  });
});

it("the line of one key is bounded, and no other key waits in it", async () => {
  const turns = new Turns(1);
  const first = Promise.withResolvers<void>();
  const held = turns.take("a", () => first.promise);
  const waiting = turns.take("a", async () => "second");
  await expect(turns.take("a", async () => "third")).rejects.toEqual(overloaded);
  expect(await turns.take("b", async () => "other")).toBe("other");
  first.resolve();
  await held;
  expect(await waiting).toBe("second");
});
