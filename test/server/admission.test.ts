import { once } from "node:events";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ErrorInfoSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { Health } from "../../gen/health/v1/health_pb.ts";
import {
  aborted,
  answerOf,
  clientOf,
  connect,
  frame,
  grpcHeaders,
  protocols,
  received,
  request,
  Step,
  session,
  start,
  transports,
} from "./support.ts";

const write = "/test.v1.TestService/Write";

describe("a body that does not end does not hold the call", () => {
  it("over gRPC the stream ends with DEADLINE_EXCEEDED and is reset", async () => {
    const { url } = await start({ limits: { bodyMs: 50, overrunMs: 600_000 } });
    const stream = (await session(url)).request(grpcHeaders(write));
    const gone = once(stream, "close");
    stream.write(Buffer.from([0, 0, 0, 0, 9]));
    expect((await answerOf(stream)).trailers["grpc-status"]).toBe("4");
    await gone;
  });

  it("the client's shorter timeout counts", async () => {
    const { url } = await start();
    const stream = (await session(url)).request({ ...grpcHeaders(write), "grpc-timeout": "50m" });
    stream.write(Buffer.from([0, 0, 0, 0, 9]));
    expect((await answerOf(stream)).trailers["grpc-status"]).toBe("4");
  });

  it("over HTTP/1 the answer is 504 and the connection is closed", async () => {
    const { port } = await start({ limits: { bodyMs: 50 } });
    const socket = await connect(port);
    socket.write(
      `POST ${write} HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"a`,
    );
    const answer = await received(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 504 /);
    expect(answer).toMatch(/connection: close/i);
    expect(answer).toContain("BODY_TIMEOUT");
  });

  it("a body that trickles in is measured as a whole", async () => {
    const { url } = await start({ limits: { bodyMs: 100 } });
    const stream = (await session(url)).request(grpcHeaders(write));
    stream.write(Buffer.from([0, 0, 0, 0xff, 0xff]));
    const trickle = setInterval(() => stream.write(Buffer.of(0)), 10);
    const answer = await answerOf(stream);
    clearInterval(trickle);
    expect(answer.trailers["grpc-status"]).toBe("4");
  });
});

describe("load above the limit is shed before a body is read", () => {
  /** A server with room for one call, and that call in flight. */
  async function full() {
    const entered = new Step();
    const finish = new Step();
    const running = await start({
      limits: { maxInFlight: 1 },
      handlers: {
        poll: async (message) => {
          entered.reach();
          await finish.wait();
          return message;
        },
      },
    });
    const held = clientOf("gRPC", running.url).poll({ value: "held" });
    await entered.wait();
    return { ...running, held, finish };
  }

  it.each(protocols)("a call over %s gets RESOURCE_EXHAUSTED with RetryInfo", async (protocol) => {
    const { url, held, finish } = await full();
    const error = ConnectError.from(
      await clientOf(protocol, url)
        .read({})
        .catch((reason: unknown) => reason),
    );
    expect(error.code).toBe(Code.ResourceExhausted);
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
      { reason: "OVERLOADED", domain: "test", metadata: { applied: "no" } },
    ]);
    expect(error.findDetails(RetryInfoSchema)).toHaveLength(1);
    finish.reach();
    expect(await held).toMatchObject({ value: "held" });
  });

  it("the refusal does not wait for the body", async () => {
    const { url, held, finish } = await full();
    const stream = (await session(url)).request(grpcHeaders(write));
    expect((await answerOf(stream)).trailers["grpc-status"]).toBe("8");
    finish.reach();
    await held;
  });

  it("health and readiness are always answered", async () => {
    const { url, held, finish } = await full();
    const health = createClient(Health, transports.gRPC(url));
    expect((await health.check({})).status).toBe(1);
    expect((await request(`${url}/readyz`, {})).status).toBe(200);
    finish.reach();
    await held;
  });

  it("streams take no room from calls, and have a limit of their own", async () => {
    const entered = new Step();
    const finish = new Step();
    const { url } = await start({
      limits: { maxInFlight: 1, maxWaiting: 1 },
      handlers: {
        count: async function* (message) {
          entered.reach();
          await finish.wait();
          yield message;
        },
      },
    });
    const client = clientOf("gRPC", url);
    const stream = client.count({ value: "held" })[Symbol.asyncIterator]();
    const held = stream.next();
    await entered.wait();
    expect(await client.read({ value: "x" })).toMatchObject({ value: "x" });
    const second = client.count({})[Symbol.asyncIterator]().next();
    const error = ConnectError.from(await second.catch((reason: unknown) => reason));
    expect(error.code).toBe(Code.ResourceExhausted);
    finish.reach();
    expect(await held).toMatchObject({ value: { value: "held" } });
    expect(await stream.next()).toMatchObject({ done: true });
  });

  it("the calls of one service leave room for those of others", async () => {
    const finish = new Step();
    let held = 0;
    const allHeld = new Step();
    const { url } = await start({
      limits: { maxInFlight: 4 },
      handlers: {
        poll: async (message) => {
          if (++held === 3) allHeld.reach();
          await finish.wait();
          return message;
        },
      },
    });
    const client = clientOf("gRPC", url);
    const polls = [1, 2, 3].map((n) => client.poll({ value: `${n}` }));
    await allHeld.wait();
    const error = ConnectError.from(await client.read({}).catch((reason: unknown) => reason));
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: "OVERLOADED" }]);
    finish.reach();
    await Promise.all(polls);
    expect(await client.read({ value: "x" })).toMatchObject({ value: "x" });
  });

  it("the room is free again after a call, however it ended", async () => {
    const entered = new Step();
    const left = new Step();
    const { url } = await start({
      limits: { maxInFlight: 1 },
      handlers: {
        poll: async (message, { signal }) => {
          entered.reach();
          await aborted(signal);
          left.reach();
          return message;
        },
      },
    });
    const client = await session(url);
    const stream = client.request(grpcHeaders("/test.v1.TestService/Poll"));
    stream.on("error", () => {});
    stream.end(frame(Buffer.of()));
    await entered.wait();
    client.destroy();
    await left.wait();
    expect(await clientOf("gRPC", url).write({ value: "free" })).toMatchObject({ value: "free" });
  });
});

describe("an answer that is not taken does not hold the call", () => {
  it("a unary answer is reset some time after its deadline", async () => {
    const { url } = await start({
      limits: { defaultDeadlineMs: 50, overrunMs: 50 },
      handlers: { read: () => ({ value: "x".repeat(1_000_000) }) },
    });
    const stream = (await session(url)).request(grpcHeaders("/test.v1.TestService/Read"));
    stream.on("error", () => {});
    stream.end(frame(Buffer.of()));
    // Nothing is read, so flow control stops the answer.
    await once(stream, "response");
    if (!stream.closed) await new Promise((resolve) => stream.once("close", resolve));
    expect(stream.rstCode).not.toBe(0);
  });

  it("a server stream whose peer takes nothing is reset, and its handler ends", async () => {
    const ended = new Step();
    const { url } = await start({
      limits: { streamStallMs: 50 },
      handlers: {
        async *count() {
          try {
            for (;;) yield { value: "x".repeat(100_000) };
          } finally {
            ended.reach();
          }
        },
      },
    });
    const stream = (await session(url)).request(grpcHeaders("/test.v1.TestService/Count"));
    stream.on("error", () => {});
    stream.end(frame(Buffer.of()));
    await once(stream, "response");
    await ended.wait();
  });
});
