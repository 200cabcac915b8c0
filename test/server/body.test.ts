import { PassThrough } from "node:stream";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type BodyBound, boundedBody } from "../../src/server/body.ts";

const timedOut = () => new ConnectError("late", Code.DeadlineExceeded);

describe("a body under a bound of 100 ms", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function open(of: BodyBound["of"]) {
    const request = new PassThrough();
    return { request, body: boundedBody(request, { ms: 100, of }, timedOut) };
  }

  it.each(["whole", "pause"] as const)("ends with the request when that is in time (%s)", async (of) => {
    const { request, body } = open(of);
    request.end("a");
    expect((await body.next()).value?.toString()).toBe("a");
    expect((await body.next()).done).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("as a whole is late however steadily it comes", async () => {
    const { request, body } = open("whole");
    for (let n = 0; n < 3; n++) {
      const next = body.next();
      request.write("a");
      await next;
      vi.advanceTimersByTime(30);
    }
    const last = body.next();
    vi.advanceTimersByTime(10);
    await expect(last).rejects.toMatchObject({ code: Code.DeadlineExceeded });
  });

  it("by its pauses may last, and is late after one that is too long", async () => {
    const { request, body } = open("pause");
    for (let n = 0; n < 5; n++) {
      const next = body.next();
      vi.advanceTimersByTime(90);
      request.write("a");
      expect((await next).done).toBe(false);
    }
    const last = body.next();
    vi.advanceTimersByTime(100);
    await expect(last).rejects.toMatchObject({ code: Code.DeadlineExceeded });
  });

  it("by its pauses does not count the time that its reader takes", async () => {
    const { request, body } = open("pause");
    request.write("a");
    await body.next();
    vi.advanceTimersByTime(1_000);
    request.write("b");
    expect((await body.next()).value?.toString()).toBe("b");
  });

  it("leaves the request open when its reader leaves early", async () => {
    const { request, body } = open("whole");
    request.write("a");
    await body.next();
    await body.return(undefined);
    expect(request.destroyed).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});
