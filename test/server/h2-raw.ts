import type http2 from "node:http2";
import type net from "node:net";
import {
  END_HEADERS,
  type Frame,
  FrameReader,
  GOAWAY,
  HEADERS,
  PREFACE,
  payloadFrame,
  SETTINGS,
} from "../../src/server/h2/frames.ts";
import { HeaderEncoder } from "../../src/server/h2/header-encoder.ts";
import { connect, frame, grpcHeaders } from "./support.ts";

export const WRITE = "/test.v1.TestService/Write";
export const COUNT = "/test.v1.TestService/Count";
export const CHAT = "/test.v1.TestService/Chat";

export interface Heard extends Pick<Frame, "type" | "flags" | "stream"> {
  readonly payload: Buffer;
}

/** A StringValue of so many bytes, in the envelope of gRPC. */
export function message(bytes: number): Buffer {
  const length: number[] = [];
  let rest = bytes;
  for (; rest > 0x7f; rest >>= 7) length.push((rest & 0x7f) | 0x80);
  return frame(Buffer.concat([Buffer.from([10, ...length, rest]), Buffer.alloc(bytes, "a")]));
}

export function raw(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  return payloadFrame(type, flags, stream, payload);
}

/** The payload of settings, by their numbers. */
export function settings(...pairs: readonly (readonly [id: number, value: number])[]): Buffer {
  const bytes = Buffer.alloc(6 * pairs.length);
  for (const [at, [id, value]] of pairs.entries()) {
    bytes.writeUInt16BE(id, 6 * at);
    bytes.writeUInt32BE(value, 6 * at + 2);
  }
  return bytes;
}

/** A connection that speaks in frames, and what it hears. */
export class RawClient {
  readonly socket: net.Socket;
  readonly heard: Heard[] = [];
  readonly #encoder = new HeaderEncoder();
  readonly #waiting = new Set<() => void>();

  constructor(socket: net.Socket, own: Buffer = Buffer.alloc(0)) {
    this.socket = socket;
    const wake = (): void => {
      for (const listener of this.#waiting) listener();
    };
    const reader = new FrameReader(({ type, flags, stream, bytes, start, end }) => {
      this.heard.push({ type, flags, stream, payload: Buffer.from(bytes.subarray(start, end)) });
      wake();
    });
    socket.on("data", (chunk: Buffer) => reader.read(chunk));
    socket.once("end", wake);
    socket.once("close", wake);
    socket.write(Buffer.concat([PREFACE, raw(SETTINGS, 0, 0, own)]));
  }

  send(...frames: Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  block(headers: http2.OutgoingHttpHeaders = grpcHeaders(WRITE)): Buffer {
    const { ":path": to, ":method": method, ...rest } = headers;
    const fields = { ":method": method, ":scheme": "http", ":authority": "localhost", ":path": to, ...rest };
    for (const [name, value] of Object.entries(fields)) this.#encoder.field(name, String(value));
    return Buffer.from(this.#encoder.take());
  }

  headers(stream: number, flags = END_HEADERS, path = WRITE): Buffer {
    return raw(HEADERS, flags, stream, this.block(grpcHeaders(path)));
  }

  /** The first frame that matches, once it is there. Rejects where the connection ends without one. */
  async hears(matches: (frame: Heard) => boolean): Promise<Heard> {
    for (;;) {
      const found = this.heard.find(matches);
      if (found !== undefined) return found;
      if (this.socket.readableEnded || this.socket.destroyed) throw new Error("the connection has ended");
      await new Promise<void>((resolve) => {
        const listener = (): void => {
          this.#waiting.delete(listener);
          resolve();
        };
        this.#waiting.add(listener);
      });
    }
  }

  /** The code with which the connection is ended. */
  async goneWith(): Promise<number> {
    const goaway = await this.hears(({ type, payload }) => type === GOAWAY && payload.readUInt32BE(4) !== 0);
    await this.gone();
    return goaway.payload.readUInt32BE(4);
  }

  async gone(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (this.socket.readableEnded || this.socket.destroyed) resolve();
      else this.socket.once("end", resolve).once("close", () => resolve());
    });
  }
}

export const rawClient = async (port: number, own?: Buffer): Promise<RawClient> =>
  new RawClient(await connect(port), own);
