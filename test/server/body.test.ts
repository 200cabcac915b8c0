import { PassThrough } from "node:stream";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type BodyBound, boundedBody } from "../../src/server/body.ts";
import { DATA, END_HEADERS, END_STREAM, HEADERS, RST_STREAM } from "../../src/server/h2/frames.ts";
import { CHAT, raw, rawClient } from "./h2-raw.ts";
import { grpcHeaders, start } from "./support.ts";

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

describe("a client that streams on while its call is answered", () => {
  const NO_ERROR = 0;
  const CALLS = 100;
  // Connect's streams have no trailers: nothing but an empty frame of data ends them.
  const headers = { ...grpcHeaders(CHAT), "content-type": "application/connect+json" };

  it("is told to stop, but not before the answer's end", async () => {
    const { port } = await start({ handlers: { async *chat() {} } });
    const client = await rawClient(port);
    const ids = Array.from({ length: CALLS }, (_, index) => 2 * index + 1);
    // All at once, so that some end while the answers of others are being written.
    client.send(...ids.map((id) => raw(HEADERS, END_HEADERS, id, client.block(headers))));
    for (const id of ids) await client.hears(({ type, stream }) => stream === id && type === RST_STREAM);
    for (const id of ids) {
      const heard = client.heard.filter(({ stream }) => stream === id);
      const [end, reset] = heard.slice(-2);
      expect(end).toMatchObject({ type: DATA, flags: END_STREAM });
      expect(reset?.payload.readUInt32BE()).toBe(NO_ERROR);
    }
  });
});
