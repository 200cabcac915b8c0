import { createHook } from "node:async_hooks";
import { once } from "node:events";
import http2 from "node:http2";
import { createClient } from "@connectrpc/connect";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  ACK,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  ENHANCE_YOUR_CALM,
  FLOW_CONTROL_ERROR,
  FRAME_SIZE_ERROR,
  GOAWAY,
  HEADERS,
  INITIAL_WINDOW_SIZE,
  NO_ERROR,
  numbersFrame,
  PADDED,
  PING,
  PREFACE,
  PROTOCOL_ERROR,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS,
  STREAM_CLOSED,
  WINDOW_UPDATE,
} from "../../src/server/h2/frames.ts";
import { HeaderDecoder } from "../../src/server/h2/header-decoder.ts";
import { CHAT, COUNT, message, type RawClient, raw, rawClient, settings, WRITE } from "./h2-raw.ts";
import {
  answerOf,
  clientOf,
  closed,
  connect,
  grpcHeaders,
  heldWrite,
  Step,
  session,
  start,
  transports,
} from "./support.ts";
import { TestService } from "./test-service.ts";

const path = WRITE;

async function call(client: http2.ClientHttp2Session, body: Buffer, headers = grpcHeaders(path)) {
  const stream = client.request(headers);
  stream.end(body);
  return answerOf(stream);
}

describe("calls and other streams share one HTTP/2 connection", () => {
  it("an answer that is larger than the client's windows comes whole, as the client reads", async () => {
    const { url } = await start();
    const client = http2.connect(url, { settings: { initialWindowSize: 1000 } });
    client.on("error", () => {});
    const bodies = await Promise.all(
      [10, 999, 70_000, 1_000_000].map((bytes) => call(client, message(bytes))),
    );
    expect(bodies.map(({ body }) => body.length)).toEqual(
      [10, 999, 70_000, 1_000_000].map((bytes) => message(bytes).length),
    );
    for (const { trailers } of bodies) expect(trailers["grpc-status"]).toBe("0");
    client.destroy();
    await closed(client);
  });

  it("an answer that waits for its window goes on when the window of all streams is made wider", async () => {
    const { url } = await start();
    const client = http2.connect(url, { settings: { initialWindowSize: 0 } });
    client.on("error", () => {});
    const stream = client.request(grpcHeaders(path));
    stream.end(message(100));
    const answer = answerOf(stream);
    await once(stream, "response");
    client.settings({ initialWindowSize: 1000 });
    expect((await answer).body).toHaveLength(message(100).length);
    client.settings({ initialWindowSize: 5 });
    await once(client, "localSettings");
    expect((await call(client, message(100))).body).toHaveLength(message(100).length);
    client.destroy();
    await closed(client);
  });

  it("uploads that are cut off, refused or read to their end leave room for the next", async () => {
    const { url } = await start({ limits: { readMaxBytes: 100_000 } });
    const client = await session(url);
    for (let n = 0; n < 20; n++) {
      // More than one window of the connection each.
      const kept = call(client, message(90_000));
      const tooLarge = call(client, message(200_000));
      const cut = client.request(grpcHeaders(path));
      cut.on("error", () => {});
      cut.write(message(30_000).subarray(0, 20_000));
      const page = client.request({ ":method": "POST", ":path": "/livez", "content-type": "text/plain" });
      page.end(Buffer.alloc(30_000));
      const other = answerOf(page);
      expect((await kept).trailers["grpc-status"]).toBe("0");
      expect((await tooLarge).trailers["grpc-status"]).toBe("8");
      cut.close(http2.constants.NGHTTP2_CANCEL);
      expect((await other).status).toBeGreaterThanOrEqual(200);
    }
  });

  it("streams of Node's session and calls do not starve each other", async () => {
    const { url } = await start({
      handlers: {
        async *count({ value }) {
          for (let n = 1; n <= Number(value); n++) yield { value: "x".repeat(10_000) };
        },
      },
    });
    const manager = transports.gRPC(url);
    const client = createClient(TestService, manager);
    const streams = Array.from({ length: 5 }, async () => {
      let bytes = 0;
      for await (const { value } of client.count({ value: "50" })) bytes += value.length;
      return bytes;
    });
    const calls = Array.from({ length: 50 }, (_, n) => client.write({ value: "y".repeat(n * 1000) }));
    expect(await Promise.all(streams)).toEqual(Array(5).fill(500_000));
    expect((await Promise.all(calls)).map(({ value }) => value.length)).toEqual(
      Array.from({ length: 50 }, (_, n) => n * 1000),
    );
  });

  it.each([
    ["shorter", "20", PROTOCOL_ERROR],
    ["longer", "3", PROTOCOL_ERROR],
  ])("a body that is %s than its content-length said is reset", async (_, length, code) => {
    const { url } = await start();
    const client = await session(url);
    const stream = client.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/json",
      "content-length": length,
    });
    stream.end('"abcde"');
    await answerOf(stream);
    if (!stream.closed) await once(stream, "close");
    expect(stream.rstCode).toBe(code);
    expect((await call(client, message(1))).trailers["grpc-status"]).toBe("0");
  });

  it("the last GOAWAY names the last stream that was taken, whoever serves it, and open calls end well", async () => {
    const { started, finish, write } = heldWrite();
    const { url, server } = await start({
      handlers: { write },
    });
    const client = await session(url);
    await answerOf(client.request({ ":path": "/livez" }));
    const last: number[] = [];
    client.on("goaway", (_code, stream) => last.push(stream));
    const answer = call(client, message(1));
    await started.wait();
    const done = server.close(5000);
    while (last.length < 2) await once(client, "goaway");
    expect(last.at(-1)).toBe(3);
    finish.reach();
    expect((await answer).trailers["grpc-status"]).toBe("0");
    expect(await done).toMatchObject({ cutCalls: 0, destroyedConnections: 0 });
  });

  it.each([0, 100])(
    "a client may make its table of headers smaller while a call is open (%s)",
    async (size) => {
      const { started, finish, write } = heldWrite();
      const { url } = await start({
        handlers: { write },
      });
      const client = await session(url);
      await answerOf(client.request({ ":path": "/livez" }));
      const answer = call(client, message(1));
      await started.wait();
      client.settings({ headerTableSize: size });
      await once(client, "localSettings");
      finish.reach();
      expect((await answer).trailers["grpc-status"]).toBe("0");
      client.settings({ headerTableSize: 4096 });
      await once(client, "localSettings");
      expect((await answerOf(client.request({ ":path": "/livez" }))).status).toBe(200);
      expect((await call(client, message(1))).trailers["grpc-status"]).toBe("0");
    },
  );

  it("a client whose headers repeat a name, or have bytes above ASCII, is served all the same", async () => {
    const { url } = await start();
    const client = await session(url);
    const repeated = { ...grpcHeaders(path), "x-many": ["a", "b"] };
    const high = { ...grpcHeaders(path), "x-high": "\u00e5" };
    for (const headers of [repeated, high]) {
      expect((await call(client, message(1), headers)).trailers["grpc-status"]).toBe("0");
    }
    for (const protocol of ["gRPC", "Connect binary on HTTP/2"] as const) {
      const answer = await clientOf(protocol, url).write({ value: "å" }, { headers: { cookie: "a=1; b=2" } });
      expect(answer.value).toBe("å");
    }
  });
});

describe("a session of Node's", () => {
  /** How many there are when the test ends with this one's. */
  function countSessions(): () => number {
    let count = 0;
    const hook = createHook({
      init: (_id, type) => {
        if (type === "HTTP2SESSION") count++;
      },
    }).enable();
    onTestFinished(() => void hook.disable());
    return () => count;
  }
  const count = async function* ({ value }: { value: string }) {
    yield { value };
  };
  const acks = ({ heard }: RawClient): number =>
    heard.filter(({ type, flags }) => type === SETTINGS && (flags & ACK) !== 0).length;

  it("is made for the first stream that is its own, and for no unary call, ping, settings or farewell", async () => {
    const sessions = countSessions();
    const { port, server } = await start({ handlers: { count } });
    const client = await rawClient(port, settings([0xfe03, 1], [INITIAL_WINDOW_SIZE, 70_000]));
    client.send(
      raw(SETTINGS, ACK, 0),
      raw(SETTINGS, 0, 0),
      raw(PING, 0, 0, Buffer.alloc(8)),
      client.headers(1),
      raw(DATA, END_STREAM, 1, message(1)),
    );
    await client.hears(({ stream, flags }) => stream === 1 && (flags & END_STREAM) !== 0);
    expect(acks(client)).toBe(2);
    expect(sessions()).toBe(0);
    client.send(client.headers(3, END_HEADERS, COUNT), raw(DATA, END_STREAM, 3, message(1)));
    await client.hears(({ stream, flags }) => stream === 3 && (flags & END_STREAM) !== 0);
    expect(sessions()).toBe(1);
    expect(client.heard.filter(({ type, flags }) => type === SETTINGS && (flags & ACK) === 0)).toHaveLength(
      1,
    );

    const other = await rawClient(port);
    other.send(raw(PING, 0, 0, Buffer.alloc(8)));
    await other.hears(({ type, flags }) => type === PING && (flags & ACK) !== 0);
    const done = server.close(5000);
    for (const each of [client, other]) {
      const asked = await each.hears(({ type, flags }) => type === PING && (flags & ACK) === 0);
      each.send(raw(PING, ACK, 0, asked.payload));
    }
    expect(await done).toMatchObject({ cutCalls: 0, destroyedConnections: 0 });
    expect(sessions()).toBe(1);
  });

  it("knows the settings that came before it, and each of the client's is confirmed once", async () => {
    const { port } = await start({ handlers: { count } });
    const client = await rawClient(port, settings([INITIAL_WINDOW_SIZE, 70_000]));
    client.send(raw(SETTINGS, 0, 0, settings([INITIAL_WINDOW_SIZE, 7])));
    client.send(client.headers(1, END_HEADERS, COUNT), raw(DATA, END_STREAM, 1, message(10)));
    const first = await client.hears(({ type, stream }) => type === DATA && stream === 1);
    expect(first.payload).toHaveLength(7);
    expect(acks(client)).toBe(2);
    client.send(raw(SETTINGS, 0, 0, settings([INITIAL_WINDOW_SIZE, 65_535])));
    await client.hears(({ stream, flags }) => stream === 1 && (flags & END_STREAM) !== 0);
    expect(acks(client)).toBe(3);
  });

  it("hears the client's first settings as the first, since some may not be said later", async () => {
    const NO_RFC7540_PRIORITIES = 9;
    const { port } = await start({ handlers: { count } });
    const client = await rawClient(port, settings([NO_RFC7540_PRIORITIES, 1], [INITIAL_WINDOW_SIZE, 7]));
    client.send(client.headers(1, END_HEADERS, COUNT), raw(DATA, END_STREAM, 1, message(10)));
    const first = await client.hears(({ type, stream }) => type === DATA && stream === 1);
    expect(first.payload).toHaveLength(7);
    expect(acks(client)).toBe(1);
    client.send(raw(SETTINGS, 0, 0, settings([INITIAL_WINDOW_SIZE, 65_535])));
    await client.hears(({ stream, flags }) => stream === 1 && (flags & END_STREAM) !== 0);
    expect(acks(client)).toBe(2);
  });

  it.each([
    ["short", WRITE],
    ["a stream of Node's", COUNT],
  ])(
    "or none, a client's GOAWAY lets the call that is open end and is answered with its number (%s)",
    async (_, to) => {
      const [started, finish] = [new Step(), new Step()];
      const wait = async () => {
        started.reach();
        await finish.wait();
      };
      const { port } = await start({
        handlers: {
          write: async (said) => {
            await wait();
            return said;
          },
          async *count(said) {
            await wait();
            yield said;
          },
        },
      });
      const client = await rawClient(port);
      client.send(client.headers(1, END_HEADERS, to), raw(DATA, END_STREAM, 1, message(1)));
      await started.wait();
      client.send(
        numbersFrame(GOAWAY, 0, 0, 0, NO_ERROR),
        client.headers(3, END_HEADERS, to),
        raw(PING, 0, 0, Buffer.alloc(8)),
      );
      await client.hears(({ type }) => type === PING);
      const { payload } = await client.hears(({ type }) => type === GOAWAY);
      expect([payload.readUInt32BE(0), payload.readUInt32BE(4)]).toEqual([1, NO_ERROR]);
      finish.reach();
      await client.hears(({ stream, flags }) => stream === 1 && (flags & END_STREAM) !== 0);
      await client.gone();
    },
  );
});

describe("frames", () => {
  it("may be padded, and come in the smallest pieces, with trailers", async () => {
    const { port } = await start();
    const client = await rawClient(port);
    const body = message(3);
    const block = client.block();
    const priority = Buffer.from([0, 0, 0, 0, 15]);
    const padded = Buffer.concat([Buffer.from([3]), priority, block, Buffer.alloc(3)]);
    const frames = Buffer.concat([
      raw(HEADERS, PADDED | 0x20 | END_HEADERS, 1, padded),
      raw(DATA, PADDED, 1, Buffer.concat([Buffer.from([2]), body, Buffer.alloc(2)])),
      raw(DATA, 0, 1),
      raw(HEADERS, END_HEADERS | END_STREAM, 1, Buffer.from([0, 1, 0x78, 1, 0x79])),
    ]);
    for (const byte of frames) client.socket.write(Buffer.from([byte]));
    const { payload } = await client.hears(({ type, stream }) => type === DATA && stream === 1);
    expect(payload).toEqual(body);
  });

  it("of one header list come one after the other", async () => {
    const { port } = await start();
    const client = await rawClient(port);
    const block = client.block();
    client.send(
      raw(HEADERS, 0, 1, block.subarray(0, 5)),
      raw(CONTINUATION, 0, 1, block.subarray(5, 9)),
      raw(CONTINUATION, END_HEADERS, 1, block.subarray(9)),
      raw(DATA, END_STREAM, 1, message(1)),
    );
    await client.hears(
      ({ type, stream, flags }) => type === HEADERS && stream === 1 && (flags & END_STREAM) !== 0,
    );
  });

  it("the first of the server's are its settings, however early a call is refused", async () => {
    const { port } = await start();
    const client = await rawClient(port);
    client.send(client.headers(1), raw(DATA, END_STREAM, 1, Buffer.from("no envelope")));
    await client.hears(({ type, stream }) => type === HEADERS && stream === 1);
    expect(client.heard[0]).toMatchObject({ type: SETTINGS, flags: 0 });
  });

  it("of headers leave the client's table as Node's session made it", async () => {
    const { port } = await start();
    const client = await rawClient(port);
    const decoder = new HeaderDecoder();
    for (let id = 1; id < 20; id += 2) {
      const page = id % 4 === 1;
      const block = client.block(page ? { ":method": "GET", ":path": "/livez" } : grpcHeaders(path));
      client.send(raw(HEADERS, END_HEADERS | (page ? END_STREAM : 0), id, block));
      if (!page) client.send(raw(DATA, END_STREAM, id, message(1)));
      await client.hears(({ stream, flags }) => stream === id && (flags & END_STREAM) !== 0);
    }
    const lists = client.heard
      .filter(({ type }) => type === HEADERS)
      .map(({ payload }) => decoder.decode(payload, 0, payload.length));
    expect(lists.length).toBeGreaterThan(10);
    for (const [first] of lists) expect([":status", "grpc-status"]).toContain(first?.name);
  });

  it.each<[string, (client: RawClient) => Buffer[], number]>([
    ["HEADERS on no stream", (c) => [c.headers(0)], PROTOCOL_ERROR],
    ["HEADERS on an even stream", (c) => [c.headers(2)], PROTOCOL_ERROR],
    ["a stream that begins twice", (c) => [c.headers(1), c.headers(1)], PROTOCOL_ERROR],
    [
      "a header list in the midst of a stream of Node's",
      (c) => [c.headers(1, END_HEADERS, COUNT), c.headers(1, END_HEADERS, COUNT)],
      PROTOCOL_ERROR,
    ],
    ["a stream below one that has begun", (c) => [c.headers(5), c.headers(3)], STREAM_CLOSED],
    ["DATA on no stream", () => [raw(DATA, 0, 0)], PROTOCOL_ERROR],
    ["DATA on a stream that has not begun", () => [raw(DATA, 0, 7)], PROTOCOL_ERROR],
    ["a reset of a stream that has not begun", () => [numbersFrame(RST_STREAM, 0, 7, 8)], PROTOCOL_ERROR],
    ["CONTINUATION of nothing", () => [raw(CONTINUATION, END_HEADERS, 1)], PROTOCOL_ERROR],
    [
      "a header list that is broken off",
      (c) => [c.headers(1, 0), raw(PING, 0, 0, Buffer.alloc(8))],
      PROTOCOL_ERROR,
    ],
    ["a header list of another stream in between", (c) => [c.headers(1, 0), c.headers(3)], PROTOCOL_ERROR],
    [
      "a header list that goes on for ever",
      (c) => [c.headers(1, 0), ...Array(100).fill(raw(CONTINUATION, 0, 1))],
      ENHANCE_YOUR_CALM,
    ],
    ["a frame that is too long", () => [raw(DATA, 0, 1, Buffer.alloc(16_385))], FRAME_SIZE_ERROR],
    [
      "a reset that is too short",
      (c) => [c.headers(1), raw(RST_STREAM, 0, 1, Buffer.alloc(3))],
      FRAME_SIZE_ERROR,
    ],
    [
      "a window's change that is too short",
      () => [raw(WINDOW_UPDATE, 0, 0, Buffer.alloc(3))],
      FRAME_SIZE_ERROR,
    ],
    ["a window's change by nothing", () => [numbersFrame(WINDOW_UPDATE, 0, 0, 0)], PROTOCOL_ERROR],
    ["a window that is too wide", () => [numbersFrame(WINDOW_UPDATE, 0, 0, 2 ** 31 - 1)], FLOW_CONTROL_ERROR],
    [
      "more padding than there is payload",
      (c) => [c.headers(1), raw(DATA, PADDED, 1, Buffer.from([9, 0]))],
      PROTOCOL_ERROR,
    ],
    ["a ping of seven bytes", () => [raw(PING, 0, 0, Buffer.alloc(7))], FRAME_SIZE_ERROR],
    ["settings that are cut off", () => [raw(SETTINGS, 0, 0, Buffer.alloc(5))], FRAME_SIZE_ERROR],
    ["settings of a stream", () => [raw(SETTINGS, 0, 1)], PROTOCOL_ERROR],
    ["settings of a call", (c) => [c.headers(1), raw(SETTINGS, 0, 1)], PROTOCOL_ERROR],
    ["a ping of a call", (c) => [c.headers(1), raw(PING, 0, 1, Buffer.alloc(8))], PROTOCOL_ERROR],
    ["GOAWAY of a call", (c) => [c.headers(1), numbersFrame(GOAWAY, 0, 1, 0, NO_ERROR)], PROTOCOL_ERROR],
    ["a promise of a client's", (c) => [c.headers(1), numbersFrame(PUSH_PROMISE, 0, 1, 2)], PROTOCOL_ERROR],
  ])("%s end the connection with the standard's code", async (_, frames, code) => {
    const { port, url } = await start();
    const client = await rawClient(port);
    client.send(...frames(client));
    expect(await client.goneWith()).toBe(code);
    expect((await call(await session(url), message(1))).trailers["grpc-status"]).toBe("0");
  });

  it("that end the connection are answered with one GOAWAY, though a stream of Node's is open", async () => {
    const { port } = await start({ handlers: { chat: (said) => said } });
    const client = await rawClient(port);
    client.send(client.headers(1, END_HEADERS, CHAT), raw(DATA, 0, 1, message(1)));
    await client.hears(({ type, stream }) => type === DATA && stream === 1);
    client.send(client.headers(2));
    await client.goneWith();
    expect(client.heard.filter(({ type }) => type === GOAWAY)).toHaveLength(1);
  });

  it("of more data than the window lets through end the connection", async () => {
    const never = new Step();
    const { port } = await start({
      authenticate: () => never.wait().then(() => ({ refusal: "none" }) as never),
    });
    const client = await rawClient(port);
    client.send(client.headers(1));
    for (let n = 0; n < 5; n++) client.send(raw(DATA, 0, 1, Buffer.alloc(16_000)));
    expect(await client.goneWith()).toBe(FLOW_CONTROL_ERROR);
  });

  it.each([
    ["pings", raw(PING, 0, 0, Buffer.alloc(8))],
    ["settings", raw(SETTINGS, 0, 0)],
  ])("a client that sends %s and never reads is not read any more, and sent away", async (_, one) => {
    const { port, server } = await start({ limits: { streamStallMs: 100 } });
    const socket = await connect(port);
    socket.pause();
    socket.write(Buffer.concat([PREFACE, raw(SETTINGS, 0, 0)]));
    const many = Buffer.concat(Array(5000).fill(one));
    const gone = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    const pour = (): void => {
      while (!socket.destroyed && socket.write(many));
      if (!socket.destroyed) socket.once("drain", pour);
    };
    pour();
    await gone;
    expect(server.load().working).toBe(0);
  });
});
