import { once } from "node:events";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { isUnexpected } from "../../src/rpc/errors.ts";
import { clientOf, connect, frame, grpcHeaders, protocols, Step, session, start } from "./support.ts";

/** What an application's error interceptor does: sees every failure, and says it in its own words. */
function recorder(seen: unknown[]): Interceptor {
  const mapped = (reason: unknown): ConnectError => {
    seen.push(reason);
    return reason instanceof ConnectError ? reason : new ConnectError("mapped", Code.DataLoss);
  };
  async function* watched<T>(messages: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* messages;
    } catch (reason) {
      throw mapped(reason);
    }
  }
  return (next) => async (request) => {
    try {
      const response = await next(request);
      return response.stream ? { ...response, message: watched(response.message) } : response;
    } catch (reason) {
      throw mapped(reason);
    }
  };
}

const secret = new Error("a driver's text");

describe("an interceptor gets every error of a handler", () => {
  it.each(protocols)("of a unary one, over %s", async (protocol) => {
    const seen: unknown[] = [];
    const read = () => {
      throw secret;
    };
    const { url } = await start({ handlers: { read }, interceptors: [recorder(seen)] });
    const error = await clientOf(protocol, url).read({}).catch(ConnectError.from);
    expect(seen).toEqual([secret]);
    expect(error).toMatchObject({ code: Code.DataLoss, rawMessage: "mapped" });
  });

  it.each(protocols)("of a stream after its first message, over %s", async (protocol) => {
    const seen: unknown[] = [];
    const { url } = await start({
      handlers: {
        async *count() {
          yield { value: "1" };
          throw secret;
        },
      },
      interceptors: [recorder(seen)],
    });
    const reading = (async () => {
      for await (const _ of clientOf(protocol, url).count({}));
    })();
    await expect(reading).rejects.toMatchObject({ code: Code.DataLoss, rawMessage: "mapped" });
    expect(seen).toEqual([secret]);
  });

  it("a deadline that a handler did not look at, as DEADLINE_EXCEEDED", async () => {
    const seen: unknown[] = [];
    const { url } = await start({
      limits: { defaultDeadlineMs: 20, settleMs: 20 },
      handlers: { read: () => new Promise(() => {}) },
      interceptors: [recorder(seen)],
    });
    await clientOf("gRPC", url).read({}).catch(ConnectError.from);
    expect(seen).toMatchObject([{ code: Code.DeadlineExceeded }]);
  });

  it("without one, nothing of the error reaches the client", async () => {
    const { url } = await start({
      handlers: {
        read: () => {
          throw secret;
        },
      },
    });
    const error = await clientOf("gRPC", url).read({}).catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.Internal, rawMessage: "internal error" });
  });
});

describe("a stream whose client goes away while an answer is written", () => {
  const path = "/test.v1.TestService/Count";

  it.each<[string, (port: number) => Promise<void>]>([
    [
      "HTTP/1.1",
      async (port) => {
        const socket = await connect(port);
        const body = frame(Buffer.from('""'));
        const head =
          `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/connect+json\r\n` +
          `Content-Length: ${body.length}\r\n\r\n`;
        socket.write(Buffer.concat([Buffer.from(head), body]));
        await once(socket, "data");
        socket.resetAndDestroy();
      },
    ],
    [
      "HTTP/2",
      async (port) => {
        const client = await session(`http://127.0.0.1:${port}`);
        const stream = client.request(grpcHeaders(path));
        stream.on("error", () => {});
        stream.end(frame(new Uint8Array()));
        await once(stream, "data");
        client.destroy();
      },
    ],
  ])("is broken off, which is no failure of the handler (%s)", async (_, leave) => {
    const seen: unknown[] = [];
    const ended = new Step();
    const { port } = await start({
      limits: { writeMaxBytes: 2 ** 26 },
      handlers: {
        async *count() {
          try {
            // More than all buffers on the way hold.
            yield { value: "x".repeat(2 ** 25) };
          } finally {
            ended.reach();
          }
        },
      },
      interceptors: [recorder(seen)],
    });
    await leave(port);
    await ended.wait();
    expect(seen.filter(isUnexpected)).toEqual([]);
  });
});
