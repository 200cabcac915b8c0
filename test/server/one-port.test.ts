import { once } from "node:events";
import http2 from "node:http2";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  aborted,
  answerOf,
  connect,
  frame,
  grpcHeaders,
  received,
  request,
  Step,
  session,
  start,
} from "./support.ts";

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const get = "GET /livez HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";

describe("the port tells protocols apart by their first bytes", () => {
  it("an HTTP/2 preface that arrives byte by byte is understood", async () => {
    const { port } = await start();
    const socket = await connect(port);
    socket.setNoDelay(true);
    for (const byte of preface) await new Promise((sent) => socket.write(byte, sent));
    // An empty SETTINGS frame; the server's own SETTINGS (type 4 on stream 0) come back.
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.readUInt8(3)).toBe(4);
  });

  it("an HTTP/1 request that begins like the preface is understood", async () => {
    const { port } = await start();
    const socket = await connect(port);
    const answer = received(socket);
    for (const part of ["P", "R", "OPFIND /livez HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"]) {
      await new Promise((sent) => socket.write(part, sent));
    }
    expect(await answer).toMatch(/^HTTP\/1\.1 404 /);
  });

  it("an HTTP/1 client that closes its side has left, and its handler is told", async () => {
    const entered = new Step();
    const told = new Step();
    const { port } = await start({
      handlers: {
        read: async (message, { signal }) => {
          entered.reach();
          await aborted(signal);
          told.reach();
          return message;
        },
      },
    });
    const socket = await connect(port);
    socket.write("GET /test.v1.TestService/Read?encoding=json&message=%22%22 HTTP/1.1\r\nHost: test\r\n\r\n");
    await entered.wait();
    socket.end();
    await told.wait();
    await received(socket);
  });

  it("bytes of no protocol are answered with 400 and closed", async () => {
    const { port } = await start();
    const socket = await connect(port);
    socket.write("\x00\x01garbage\r\n\r\n");
    expect(await received(socket)).toMatch(/^HTTP\/1\.1 400 Bad Request/);
  });

  it("bytes of no protocol behind a whole call end the connection after the call's answer", async () => {
    const { port } = await start();
    const socket = await connect(port);
    const head =
      "POST /test.v1.TestService/Write HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n";
    socket.write(`${head}Content-Length: 3\r\n\r\n"a"garbage`);
    const answers = await received(socket);
    expect(answers).toMatch(/^HTTP\/1\.1 200 /);
    expect(answers).toMatch(/connection: close/i);
    expect(answers.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  it("a body that is none is answered with 400 in place of the call", async () => {
    const { port } = await start();
    const socket = await connect(port);
    const head =
      "POST /test.v1.TestService/Write HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n";
    socket.write(`${head}Transfer-Encoding: chunked\r\n\r\nno size\r\n`);
    expect(await received(socket)).toMatch(/^HTTP\/1\.1 400 Bad Request/);
  });

  it("garbage after the preface closes the connection", async () => {
    const { port } = await start();
    const socket = await connect(port);
    socket.write(`${preface}GET / HTTP/1.1\r\n\r\n`);
    await received(socket);
  });

  it("an HTTP/2 client that closes its side is let go", async () => {
    const { port } = await start();
    const socket = await connect(port);
    socket.end(preface);
    await received(socket);
  });
});

describe("a silent peer holds nothing", () => {
  it("a connection that sends nothing is closed", async () => {
    const { port } = await start({ limits: { firstBytesMs: 50 } });
    expect(await received(await connect(port))).toBe("");
  });

  it("a connection that stops within the preface is closed", async () => {
    const { port } = await start({ limits: { firstBytesMs: 50 } });
    const socket = await connect(port);
    socket.write("PRI * HTTP/2.0\r\n");
    expect(await received(socket)).toBe("");
  });

  it("a header block that does not end is answered with 408", async () => {
    const { port } = await start({ limits: { headersMs: 50 } });
    const socket = await connect(port);
    socket.write("GET /livez HTTP/1.1\r\nHost: test\r\n");
    expect(await received(socket)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("an idle HTTP/1 connection is closed", async () => {
    const { port } = await start({ limits: { keepAliveMs: 50 } });
    const socket = await connect(port);
    socket.write("GET /livez HTTP/1.1\r\nHost: test\r\n\r\n");
    expect(await received(socket)).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  it("connections above the cap are dropped", async () => {
    const { port, url } = await start({ limits: { maxConnections: 1 } });
    const first = await connect(port);
    expect(await received(await connect(port))).toBe("");
    first.write(get);
    expect(await received(first)).toMatch(/^HTTP\/1\.1 200 OK/);
    await once(first.destroy(), "close");
    expect((await request(`${url}/livez`, {})).status).toBe(200);
  });

  it("a header block above the limit is refused with 431 on HTTP/1", async () => {
    const { url } = await start({ limits: { maxHeaderBytes: 2048 } });
    const answer = await request(`${url}/livez`, { headers: { "x-long": "x".repeat(4096) } });
    expect(answer.status).toBe(431);
  });
});

describe("a peer's reset never ends the process", () => {
  it("a connection reset before, within and after its first bytes", async () => {
    const { port, url } = await start();
    for (const bytes of ["", "PRI", preface, "POST /test.v1.TestService/Write HTTP/1.1\r\nHost: t\r\n"]) {
      const socket = await connect(port);
      if (bytes !== "") await new Promise((sent) => socket.write(bytes, sent));
      socket.resetAndDestroy();
      await once(socket, "close");
    }
    expect((await request(`${url}/livez`, {})).status).toBe(200);
  });

  it("a stream reset while its handler is at work aborts the handler", async () => {
    const started = new Step();
    const stopped = new Step();
    const { url } = await start({
      handlers: {
        write: async (message, { signal }) => {
          started.reach();
          await aborted(signal);
          stopped.reach();
          return message;
        },
      },
    });
    const client = await session(url);
    const stream = client.request(grpcHeaders("/test.v1.TestService/Write"));
    stream.on("error", () => {});
    stream.end(frame(new Uint8Array()));
    await started.wait();
    stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
    await stopped.wait();
    expect((await answerOf(client.request({ ":path": "/livez" }))).status).toBe(200);
  });

  it.each(["HTTP/1.1", "HTTP/2"])("a connection reset while a stream is written over %s", async (version) => {
    const printed = vi.spyOn(console, "error");
    onTestFinished(() => printed.mockRestore());
    const stopped = new Step();
    const { port, url } = await start({
      handlers: {
        async *count(_message, { signal }) {
          try {
            for (;;) {
              signal.throwIfAborted();
              yield { value: "x".repeat(10_000) };
            }
          } finally {
            stopped.reach();
          }
        },
      },
    });
    if (version === "HTTP/2") {
      const client = await session(url);
      const stream = client.request(grpcHeaders("/test.v1.TestService/Count"));
      stream.on("error", () => {});
      stream.end(frame(new Uint8Array()));
      await once(stream, "data");
      client.destroy();
    } else {
      const socket = await connect(port);
      const body = frame(Buffer.from('""'));
      socket.write(
        "POST /test.v1.TestService/Count HTTP/1.1\r\nHost: test\r\n" +
          `Content-Type: application/connect+json\r\nContent-Length: ${body.byteLength}\r\n\r\n`,
      );
      socket.write(body);
      await once(socket, "data");
      socket.resetAndDestroy();
    }
    await stopped.wait();
    expect((await request(`${url}/livez`, {})).status).toBe(200);
    // A peer must not be able to fill the log at will.
    expect(printed).not.toHaveBeenCalled();
  });
});
