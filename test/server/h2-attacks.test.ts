import { once } from "node:events";
import http2 from "node:http2";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  ACK,
  DATA,
  END_STREAM,
  ENHANCE_YOUR_CALM,
  GOAWAY,
  HEADERS,
  INITIAL_WINDOW_SIZE,
  MAX_WINDOW,
  numbersFrame,
  PING,
  PREFACE,
  RST_STREAM,
  SETTINGS,
  STREAM_CLOSED,
  WINDOW_UPDATE,
} from "../../src/server/h2/frames.ts";
import { CHAT, COUNT, message, RawClient, raw, rawClient, settings, WRITE } from "./h2-raw.ts";
import { aborted, answerOf, connect, grpcHeaders, received, Step, session, start } from "./support.ts";

const WIDE = settings([INITIAL_WINDOW_SIZE, MAX_WINDOW]);
const widerConnection = numbersFrame(WINDOW_UPDATE, 0, 0, 2 ** 30);

describe("a peer that means harm, or is unusual", () => {
  it("and never reads is sent no more than there is room for, however wide its windows", async () => {
    let made = 0;
    const ended = new Step();
    const { port, url } = await start({
      handlers: {
        async *count(_message, { signal }) {
          signal.addEventListener("abort", ended.reach);
          for (; made < 20_000; made++) yield { value: "x".repeat(10_000) };
        },
      },
    });
    const socket = await connect(port);
    const client = new RawClient(socket, WIDE);
    socket.pause();
    client.send(widerConnection, client.headers(1, undefined, COUNT), raw(DATA, END_STREAM, 1, message(1)));
    const other = await session(url);
    for (let before = -1; before !== made || made === 0; ) {
      before = made;
      for (let n = 0; n < 50; n++) await answerOf(other.request({ ":path": "/livez" }));
    }
    expect(made).toBeLessThan(5000);
    socket.destroy();
    await ended.wait();
  });

  it.each([0, 100, 1000])("and has a table of %s bytes for headers is served", async (headerTableSize) => {
    const { url } = await start();
    const client = http2.connect(url, { settings: { headerTableSize } });
    client.on("error", () => {});
    onTestFinished(() => client.destroy());
    await once(client, "localSettings");
    const stream = client.request(grpcHeaders(WRITE));
    stream.end(message(1));
    expect((await answerOf(stream)).trailers["grpc-status"]).toBe("0");
    expect((await answerOf(client.request({ ":path": "/livez" }))).status).toBe(200);
  });

  it("and begins a call as it is sent away does no harm to those that are open", async () => {
    const started = new Step();
    const finish = new Step();
    const { port, server } = await start({
      handlers: {
        write: async (said) => {
          started.reach();
          await finish.wait();
          return said;
        },
        async *count(said) {
          yield said;
          await finish.wait();
          yield said;
        },
      },
    });
    const client = await rawClient(port);
    client.send(client.headers(1, undefined, COUNT), raw(DATA, END_STREAM, 1, message(1)));
    client.send(client.headers(3), raw(DATA, END_STREAM, 3, message(1)));
    await started.wait();
    await client.hears(({ type, stream }) => type === DATA && stream === 1);
    const done = server.close(5000);
    const ping = await client.hears(({ type }) => type === PING);
    client.send(raw(PING, ACK, 0, ping.payload));
    await client.hears(({ type, payload }) => type === GOAWAY && payload.readUInt32BE(0) === 3);
    client.send(client.headers(5), raw(DATA, END_STREAM, 5, message(1)), raw(PING, 0, 0, Buffer.alloc(8, 7)));
    await client.hears(({ type, flags, payload }) => type === PING && flags === ACK && payload[0] === 7);
    finish.reach();
    for (const id of [1, 3]) {
      await client.hears(
        ({ type, stream, flags }) => type === HEADERS && stream === id && (flags & END_STREAM) !== 0,
      );
    }
    expect(await done).toMatchObject({ cutCalls: 0, destroyedConnections: 0 });
  });

  it("and makes the server reset its streams is sent away as one that resets them itself", async () => {
    const { port } = await start({
      limits: { streamResetBurst: 20, streamResetPerSecond: 1 },
      handlers: { write: async (_said, { signal }) => aborted(signal).then(() => ({})) },
    });
    const client = await rawClient(port);
    for (let id = 1; id < 100; id += 2) {
      client.send(
        client.headers(id),
        raw(DATA, END_STREAM, id, message(1)),
        numbersFrame(WINDOW_UPDATE, 0, id, 0),
      );
    }
    expect(await client.goneWith()).toBe(ENHANCE_YOUR_CALM);
  });

  it("and does not widen the connection's window can still send, and change its settings", async () => {
    const { port } = await start({
      handlers: {
        async *count() {
          for (let n = 0; n < 100; n++) yield { value: "x".repeat(10_000) };
        },
        async *chat(said) {
          let bytes = 0;
          for await (const { value } of said) bytes += value.length;
          yield { value: `${bytes}` };
        },
      },
    });
    const client = await rawClient(port, WIDE);
    client.send(client.headers(1, undefined, COUNT), raw(DATA, END_STREAM, 1, message(1)));
    const dataOf = (id: number) =>
      client.heard
        .filter(({ type, stream }) => type === DATA && stream === id)
        .reduce((sum, { payload }) => sum + payload.length, 0);
    await client.hears(() => dataOf(1) === 65_535);
    client.send(client.headers(3, undefined, CHAT));
    for (let n = 0; n < 6; n++) client.send(raw(DATA, 0, 3, message(10_000)));
    await client.hears(({ type, stream }) => type === WINDOW_UPDATE && stream === 3);
    client.heard.length = 0;
    client.send(raw(SETTINGS, 0, 0, settings([INITIAL_WINDOW_SIZE, 1000])));
    await client.hears(({ type, flags }) => type === SETTINGS && flags === ACK);
    client.send(raw(DATA, END_STREAM, 3), numbersFrame(WINDOW_UPDATE, 0, 0, 2_000_000));
    client.send(numbersFrame(WINDOW_UPDATE, 0, 1, 2_000_000));
    for (const id of [1, 3]) {
      await client.hears(
        ({ type, stream, flags }) => type === HEADERS && stream === id && (flags & END_STREAM) !== 0,
      );
    }
    expect(dataOf(1)).toBeGreaterThan(900_000);
  });

  it("and sends data after its end has its call reset", async () => {
    const started = new Step();
    const { port } = await start({
      handlers: {
        write: async (_said, { signal }) => {
          started.reach();
          return aborted(signal).then(() => ({}));
        },
      },
    });
    const client = await rawClient(port);
    client.send(client.headers(1), raw(DATA, END_STREAM, 1, message(1)));
    await started.wait();
    client.send(raw(DATA, 0, 1, message(1)));
    const reset = await client.hears(({ type, stream }) => type === RST_STREAM && stream === 1);
    expect(reset.payload.readUInt32BE(0)).toBe(STREAM_CLOSED);
  });

  it("and sends its message byte by byte is understood", async () => {
    const { port } = await start();
    const client = await rawClient(port);
    const body = message(3000);
    client.send(client.headers(1), ...Array.from(body, (byte) => raw(DATA, 0, 1, Buffer.from([byte]))));
    client.send(raw(DATA, END_STREAM, 1));
    const { payload } = await client.hears(({ type, stream }) => type === DATA && stream === 1);
    expect(payload).toEqual(body);
  });

  it.each([
    ["a ping", raw(PING, 0, 0, Buffer.alloc(8))],
    ["a confirmation", raw(SETTINGS, ACK, 0)],
  ])("and begins with %s, not with its settings, is told so", async (_, first) => {
    const { port } = await start();
    const socket = await connect(port);
    socket.write(Buffer.concat([PREFACE, first]));
    await received(socket);
  });
});
