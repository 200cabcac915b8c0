import { once } from "node:events";
import http2 from "node:http2";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../gen/health/v1/health_pb.ts";
import { createLimits } from "../../src/server/limits.ts";
import { createServer } from "../../src/server/server.ts";
import {
  answerOf,
  clientOf,
  closed,
  connect,
  frame,
  grpcHeaders,
  protocols,
  received,
  request,
  type Setup,
  Step,
  session,
  start,
  transports,
} from "./support.ts";

/** A server with one handler that waits for the test. */
async function held(setup: Setup = {}) {
  const entered = new Step();
  const finish = new Step();
  const running = await start({
    ...setup,
    handlers: {
      read: async (message) => {
        entered.reach();
        await finish.wait();
        return message;
      },
      ...setup.handlers,
    },
  });
  return { ...running, entered, finish };
}

describe("a drain loses no call", () => {
  it.each(protocols)(
    "a call in flight over %s ends well, and only then the port is closed",
    async (protocol) => {
      const { url, server, entered, finish } = await held();
      const answer = clientOf(protocol, url).read({ value: "a" });
      await entered.wait();
      const drained = server.close(20_000);
      finish.reach();
      expect(await answer).toMatchObject({ value: "a" });
      expect(await drained).toEqual({ cutCalls: 0, destroyedConnections: 0 });
    },
  );

  it("a peer is asked to go at once, and its call in flight is not disturbed by that", async () => {
    const entered = new Step();
    const finish = new Step();
    const { port, url, server } = await start({
      handlers: {
        write: async (_message, { signal }) => {
          entered.reach();
          await finish.wait();
          return { value: signal.aborted ? "disturbed" : "undisturbed" };
        },
      },
    });
    const idle = await connect(port);
    idle.write("GET /livez HTTP/1.1\r\nHost: test\r\n\r\n");
    await once(idle, "data");
    const client = await session(url);
    const stream = client.request({
      ...grpcHeaders("/test.v1.TestService/Write"),
      "content-type": "application/json",
    });
    stream.end('""');
    const answer = answerOf(stream);
    await entered.wait();
    const goaway = once(client, "goaway");
    const idleEnd = received(idle);
    const drained = server.close(20_000);
    // Both happen while the call is still in flight.
    await Promise.all([goaway, idleEnd]);
    finish.reach();
    expect((await answer).body).toBe('"undisturbed"');
    expect(await drained).toEqual({ cutCalls: 0, destroyedConnections: 0 });
  });

  it("an HTTP/1 answer during the drain says that the connection is given up", async () => {
    const { url, server, entered, finish } = await held();
    const answer = request(`${url}/test.v1.TestService/Read?encoding=json&message=%22a%22`, {
      headers: { connection: "keep-alive" },
    });
    await entered.wait();
    const drained = server.close(20_000);
    finish.reach();
    expect((await answer).headers.connection).toBe("close");
    await drained;
  });

  it("readiness goes first: watchers are told, then their stream ends with UNAVAILABLE", async () => {
    const { url, server, readiness } = await start();
    const told: Status[] = [];
    const watching = (async () => {
      for await (const { status } of createClient(Health, transports.gRPC(url)).watch({})) {
        told.push(status);
        if (status === Status.SERVING) void server.close(20_000);
      }
    })();
    await expect(watching).rejects.toMatchObject({ code: Code.Unavailable });
    expect(told).toEqual([Status.SERVING, Status.NOT_SERVING]);
    expect(readiness.state).toEqual({ ready: false, reason: "shutting down" });
  });

  it("new connections are refused", async () => {
    const { url, server } = await start();
    await server.close(20_000);
    await expect(request(`${url}/livez`, {})).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});

describe("what would hold the port is ended", () => {
  it("an idle HTTP/2 client gets GOAWAY without an error and is closed", async () => {
    const { url, server } = await start();
    const client = await session(url);
    const goaway = once(client, "goaway");
    const result = await server.close(20_000);
    expect((await goaway)[0]).toBe(http2.constants.NGHTTP2_NO_ERROR);
    await closed(client);
    expect(result.destroyedConnections).toBe(0);
  });

  it("an idle HTTP/1 connection and one that has said nothing are closed", async () => {
    const { port, server } = await start();
    const silent = received(await connect(port));
    const idle = await connect(port);
    idle.write("GET /livez HTTP/1.1\r\nHost: test\r\n\r\n");
    await once(idle, "data");
    const rest = received(idle);
    await server.close(20_000);
    expect([await silent, await rest]).toEqual(["", ""]);
  });

  it.each(protocols)("an endless stream over %s ends with UNAVAILABLE", async (protocol) => {
    const { url, server } = await start({
      handlers: {
        async *count() {
          yield { value: "first" };
          // A handler that does not look at its signal.
          await new Promise(() => {});
        },
      },
    });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { value } of clientOf(protocol, url).count({})) {
        seen.push(value);
        void server.close(20_000);
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: Code.Unavailable });
    expect(seen).toEqual(["first"]);
    expect(await server.close(20_000)).toEqual({ cutCalls: 0, destroyedConnections: 0 });
  });

  it("an HTTP/1 connection that was to be kept is closed after the stream that it carried", async () => {
    const { port, server } = await start({
      handlers: {
        async *count(_message, { signal }) {
          yield { value: "first" };
          await once(signal, "abort");
        },
      },
    });
    const socket = await connect(port);
    const body = frame(Buffer.from('""'));
    socket.write(
      "POST /test.v1.TestService/Count HTTP/1.1\r\nHost: test\r\n" +
        `Content-Type: application/connect+json\r\nContent-Length: ${body.byteLength}\r\n\r\n`,
    );
    socket.write(body);
    await once(socket, "data");
    const rest = received(socket);
    expect(await server.close(5_000)).toEqual({ cutCalls: 0, destroyedConnections: 0 });
    expect(await rest).toContain('"unavailable"');
  });

  it("a stream that a handler ends at the signal does not look complete", async () => {
    const { url, server } = await start({
      handlers: {
        async *count(_message, { signal }) {
          yield { value: "first" };
          await once(signal, "abort");
        },
      },
    });
    const reading = (async () => {
      for await (const _ of clientOf("gRPC", url).count({})) void server.close(20_000);
    })();
    await expect(reading).rejects.toMatchObject({ code: Code.Unavailable });
  });

  it("a long poll is ended as soon as the work in flight is done", async () => {
    const [polling, working, finish] = [new Step(), new Step(), new Step()];
    const order: string[] = [];
    const { url, server } = await start({
      deadlineFor: (path) =>
        path.endsWith("/Poll") ? { defaultMs: 60_000, maxMs: 60_000, waits: true } : undefined,
      handlers: {
        poll: async (_message, { signal }) => {
          polling.reach();
          await once(signal, "abort");
          order.push("poll ended");
          throw signal.reason;
        },
        read: async (message) => {
          working.reach();
          await finish.wait();
          order.push("work done");
          return message;
        },
      },
    });
    const client = clientOf("gRPC", url);
    const poll = client.poll({}).catch(ConnectError.from);
    const work = client.read({ value: "work" });
    await Promise.all([polling.wait(), working.wait()]);
    const drained = server.close(20_000);
    finish.reach();
    expect(await work).toMatchObject({ value: "work" });
    expect(await poll).toMatchObject({ code: Code.Unavailable });
    await drained;
    expect(order).toEqual(["work done", "poll ended"]);
  });

  it("a handler that does not end is answered with UNAVAILABLE within the bound", async () => {
    const { url, server, entered } = await held({ limits: { settleMs: 20 } });
    const answer = clientOf("gRPC", url).read({}).catch(ConnectError.from);
    await entered.wait();
    expect(await server.close(400)).toEqual({ cutCalls: 0, destroyedConnections: 0 });
    expect(await answer).toMatchObject({ code: Code.Unavailable });
  });

  it("what is left at the bound is cut", async () => {
    const { url, server } = await start({ handlers: { read: () => ({ value: "x".repeat(1_000_000) }) } });
    const client = await session(url);
    const stream = client.request(grpcHeaders("/test.v1.TestService/Read"));
    stream.on("error", () => {});
    stream.end(frame(Buffer.of()));
    // Nothing is read, so flow control keeps the answer from ending.
    await once(stream, "response");
    expect(await server.close(200)).toEqual({ cutCalls: 1, destroyedConnections: 1 });
    await closed(client);
  });

  it("a second close waits for the first", async () => {
    const { server } = await start();
    expect(server.close(20_000)).toBe(server.close(1));
    await server.close(1);
  });
});

describe("listening", () => {
  it("an address in use is an error", async () => {
    const { port, readiness } = await start();
    const second = await createServer({
      routes: () => {},
      interceptors: [],
      limits: createLimits(),
      readiness,
      log: { info: () => {}, error: () => {} },
      unaryLane: true,
      errorDomain: "test",
    });
    await expect(second.listen("127.0.0.1", port)).rejects.toMatchObject({ code: "EADDRINUSE" });
    await second.close(100);
  });
});
