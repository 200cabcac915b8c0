import { once } from "node:events";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { DATA, END_STREAM, GOAWAY, numbersFrame } from "../../src/server/h2/frames.ts";
import { guardSession } from "../../src/server/h2-session.ts";
import { createLimits } from "../../src/server/limits.ts";
import { raw, rawClient } from "./h2-raw.ts";
import {
  answerOf,
  closed,
  connect,
  frame,
  grpcHeaders,
  heldWrite,
  received,
  Step,
  session,
  start,
} from "./support.ts";

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = http2.constants;
const path = "/test.v1.TestService/Write";

describe("an HTTP/2 connection has limits", () => {
  it("the limits on streams and header lists are announced, and push is off", async () => {
    const { url } = await start({ limits: { maxConcurrentStreams: 7, maxHeaderBytes: 4096 } });
    expect((await session(url)).remoteSettings).toMatchObject({
      maxConcurrentStreams: 7,
      maxHeaderListSize: 4096,
      enablePush: false,
    });
  });

  it("a header list above the limit is refused and the server goes on", async () => {
    const { url } = await start({ limits: { maxHeaderBytes: 2048 } });
    const refused = (await session(url)).request({ ":path": "/livez", "x-long": "x".repeat(8192) });
    expect((await answerOf(refused)).status).not.toBe(200);
    expect((await answerOf((await session(url)).request({ ":path": "/livez" }))).status).toBe(200);
  });

  it("too many header fields are refused", async () => {
    const { url } = await start({ limits: { maxHeaderFields: 16 } });
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`x-${n}`, "1"]));
    const refused = (await session(url)).request({ ":path": "/livez", ...many });
    expect((await answerOf(refused)).status).not.toBe(200);
  });

  it("a peer that opens and resets streams rapidly is sent away", async () => {
    const { url } = await start({ limits: { streamResetBurst: 10, streamResetPerSecond: 1 } });
    const client = await session(url);
    const gone = closed(client);
    for (let n = 0; n < 100 && !client.closed; n++) {
      const stream = client.request(grpcHeaders(path));
      stream.on("error", () => {});
      stream.close(NGHTTP2_CANCEL);
    }
    await gone;
    expect((await answerOf((await session(url)).request({ ":path": "/livez" }))).status).toBe(200);
  });

  it.each([
    ["reset at once", Buffer.from([0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8])],
    ["broken off by a frame on a stream that there is not", Buffer.from([0, 0, 1, 0, 0, 0, 0, 0, 9, 0])],
  ])("a request that waits to be continued and is %s harms nothing", async (_, after) => {
    const { port, url } = await start();
    const socket = await connect(port);
    const fields = [
      [":method", "POST"],
      [":scheme", "http"],
      [":authority", "localhost"],
      [":path", path],
      ["expect", "100-continue"],
    ];
    const block = Buffer.concat(
      fields.flatMap(([name = "", value = ""]) => [
        Buffer.from([0, name.length]),
        Buffer.from(name),
        Buffer.from([value.length]),
        Buffer.from(value),
      ]),
    );
    const head = Buffer.from([0, 0, block.length, 1, 4, 0, 0, 0, 1]);
    const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    socket.end(Buffer.concat([preface, Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]), head, block, after]));
    await received(socket);
    expect((await answerOf((await session(url)).request({ ":path": "/livez" }))).status).toBe(200);
  });

  it("a peer that sends invalid frames again and again is sent away", async () => {
    const { port } = await start({ limits: { maxInvalidFrames: 3 } });
    const socket = await connect(port);
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
    // HEADERS with a field name in upper case, which is malformed: each ends its stream, not the connection.
    const block = Buffer.from([0, 1, 0x41, 1, 0x62]);
    for (let n = 0; n < 10; n++) {
      socket.write(Buffer.concat([Buffer.from([0, 0, block.length, 1, 5, 0, 0, 0, 2 * n + 1]), block]));
    }
    await received(socket);
  });

  it("a stream's reset ends no process, also where nobody listens to the stream", async () => {
    const bare = http2.createServer();
    onTestFinished(() => {
      bare.close();
    });
    const ended = new Step();
    bare.on("session", (incoming) => guardSession(incoming, createLimits()));
    bare.on("stream", (stream) => {
      stream.once("close", ended.reach);
      stream.respond();
    });
    await once(bare.listen(0, "127.0.0.1"), "listening");
    const client = await session(`http://127.0.0.1:${(bare.address() as AddressInfo).port}`);
    const stream = client.request(grpcHeaders(path));
    stream.on("error", () => {});
    await once(stream, "response");
    stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
    await ended.wait();
  });

  it("an idle connection is asked to go and closed", async () => {
    const { url } = await start({ limits: { idleMs: 50 } });
    const client = await session(url);
    const [code] = (await once(client, "goaway")) as [number];
    expect(code).toBe(NGHTTP2_NO_ERROR);
    await closed(client);
  });

  it("a connection is not idle while a call is open, and is again after it", async () => {
    const { started, finish, write } = heldWrite();
    const { url } = await start({
      limits: { idleMs: 50 },
      handlers: { write },
    });
    const client = await session(url);
    const other = await session(url);
    const stream = client.request(grpcHeaders(path));
    stream.end(frame(new Uint8Array()));
    const answer = answerOf(stream);
    await started.wait();
    // The other connection's end shows that the time for idle ones has passed.
    await closed(other);
    expect(client.closed).toBe(false);
    const gone = closed(client);
    finish.reach();
    expect((await answer).trailers["grpc-status"]).toBe("0");
    await gone;
  });

  it("an old connection is asked to go, and its open call still ends well", async () => {
    const { started, finish, write } = heldWrite();
    const { url } = await start({
      limits: { maxAgeMs: 50 },
      handlers: { write },
    });
    const client = await session(url);
    const goaway = once(client, "goaway");
    const stream = client.request(grpcHeaders(path));
    stream.end(frame(new Uint8Array()));
    const answer = answerOf(stream);
    await started.wait();
    await goaway;
    finish.reach();
    expect((await answer).trailers["grpc-status"]).toBe("0");
  });

  it("a client that says goodbye and then breaks the protocol is gone when its connection is old", async () => {
    const { port } = await start({ limits: { maxAgeMs: 50 } });
    const client = await rawClient(port);
    client.send(
      client.headers(1),
      raw(DATA, END_STREAM, 1, frame(new Uint8Array())),
      numbersFrame(GOAWAY, 0, 0, 0, NGHTTP2_NO_ERROR),
      raw(DATA, 0, 0),
    );
    await client.gone();
  });
});
