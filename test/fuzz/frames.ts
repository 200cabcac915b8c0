// What is written to a bare connection: HTTP/1 heads, and HTTP/2 frames made by hand, as no client would send them.
import type { Random } from "./random.ts";

export interface Header {
  readonly name: string;
  readonly value: string;
}

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** One frame of HTTP/2 (RFC 9113, 4.1). */
function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A block of headers as literals that nobody keeps (RFC 7541, 6.2.2), each shorter than 127 bytes. */
function headerBlock(headers: readonly Header[]): Buffer {
  return Buffer.concat(
    headers.flatMap(({ name, value }) =>
      [Buffer.of(0), name, value].map((part) =>
        typeof part === "string"
          ? Buffer.concat([Buffer.of(part.length & 0x7f), Buffer.from(part, "latin1")])
          : part,
      ),
    ),
  );
}

/** The frames of a call, each by itself. */
export function callFrames(path: string, type: string, body: Uint8Array): readonly Buffer[] {
  const headers = [
    { name: ":method", value: "POST" },
    { name: ":scheme", value: "http" },
    { name: ":authority", value: "127.0.0.1" },
    { name: ":path", value: path },
    { name: "content-type", value: type },
    { name: "te", value: "trailers" },
  ];
  return [
    PREFACE,
    frame(4, 0, 0, Buffer.alloc(0)),
    frame(1, 4, 1, headerBlock(headers)),
    frame(0, 1, 1, body),
  ];
}

/** A frame that is right by its length only. */
export function oddFrame(random: Random): Buffer {
  const type = random.below(12);
  const payload = random.bytes(random.pick([0, 1, 4, 5, 6, 8, 8, 30]));
  return frame(type, random.next() & 0xff, random.pick([0, 1, 2, 3, 0x7fffffff]), payload);
}

export function http1Request(line: string, headers: readonly Header[], body: Uint8Array): Buffer {
  const lines = [line, ...headers.map(({ name, value }) => `${name}: ${value}`), "", ""];
  return Buffer.concat([Buffer.from(lines.join("\r\n"), "latin1"), body]);
}

/** One message of gRPC, gRPC-Web and Connect's streams. */
export function envelope(message: Uint8Array, flags = 0, length = message.length): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(length >>> 0, 1);
  return Buffer.concat([head, message]);
}
