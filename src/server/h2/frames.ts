/** The frames of HTTP/2 (RFC 9113, section 4), as far as a server that hands most of them on must know them. */
export const HEAD_BYTES = 9;
/** The longest payload that either side may send before it was told otherwise; this server never says so. */
export const MAX_PAYLOAD = 16_384;
/** The longest that a frame can have. */
export const ANY_PAYLOAD = 2 ** 24 - 1;
export const FIRST_WINDOW = 65_535;
export const MAX_WINDOW = 2 ** 31 - 1;
/** The highest stream id there is: a GOAWAY that names it refuses nothing that is already on its way. */
export const ANY_STREAM = 2 ** 31 - 1;

/** What a client with prior knowledge sends first (RFC 9113, 3.4). No HTTP/1 request can begin so. */
export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PUSH_PROMISE = 5;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

export const END_STREAM = 0x1;
export const ACK = 0x1;
export const END_HEADERS = 0x4;
export const PADDED = 0x8;
export const HAS_PRIORITY = 0x20;

export const HEADER_TABLE_SIZE = 1;
export const INITIAL_WINDOW_SIZE = 4;
export const MAX_FRAME_SIZE = 5;

export const NO_ERROR = 0;
export const PROTOCOL_ERROR = 1;
export const FLOW_CONTROL_ERROR = 3;
export const STREAM_CLOSED = 5;
export const FRAME_SIZE_ERROR = 6;
export const REFUSED_STREAM = 7;
export const CANCEL = 8;
export const COMPRESSION_ERROR = 9;
export const ENHANCE_YOUR_CALM = 11;

/** What one side did wrong; the connection ends with it. */
export class ConnectionFault extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** A frame in the bytes in which it came: its head ends where its payload starts. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** Head and payload, as they came. */
export const whole = ({ bytes, start, end }: Frame): Buffer => bytes.subarray(start - HEAD_BYTES, end);

/** Cuts what one side sends into frames. */
export class FrameReader {
  readonly #take: (frame: Frame) => void;
  readonly #maxPayload: number;
  #rest: Buffer | undefined;

  constructor(take: (frame: Frame) => void, maxPayload = MAX_PAYLOAD) {
    this.#take = take;
    this.#maxPayload = maxPayload;
  }

  /** Throws ConnectionFault for a frame that is too long, and what the taker throws. */
  read(chunk: Buffer): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    let at = 0;
    while (bytes.length - at >= HEAD_BYTES) {
      const length = bytes.readUIntBE(at, 3);
      if (length > this.#maxPayload) throw new ConnectionFault(FRAME_SIZE_ERROR, "a frame is too long");
      const start = at + HEAD_BYTES;
      const end = start + length;
      if (end > bytes.length) break;
      this.#take({
        type: bytes[at + 3] ?? 0,
        flags: bytes[at + 4] ?? 0,
        stream: bytes.readUInt32BE(at + 5) & ANY_STREAM,
        bytes,
        start,
        end,
      });
      at = end;
    }
    // A copy, since the little that is left would keep all that was read with it.
    if (at < bytes.length) this.#rest = at === 0 ? bytes : Buffer.from(bytes.subarray(at));
  }
}

/** Writes a frame's head, and returns where its payload starts. */
export function putHead(
  into: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): number {
  into.writeUIntBE(length, at, 3);
  into[at + 3] = type;
  into[at + 4] = flags;
  into.writeUInt32BE(stream, at + 5);
  return at + HEAD_BYTES;
}

/** A frame whose payload is a row of numbers of four bytes. */
export function numbersFrame(type: number, flags: number, stream: number, ...numbers: number[]): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + 4 * numbers.length);
  let at = putHead(frame, 0, 4 * numbers.length, type, flags, stream);
  for (const number of numbers) at = frame.writeUInt32BE(number, at);
  return frame;
}

export function payloadFrame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  frame.set(payload, putHead(frame, 0, payload.length, type, flags, stream));
  return frame;
}

/** Where the payload starts and ends without its padding. */
export function unpadded({ flags, bytes, start, end }: Frame): [start: number, end: number] {
  if ((flags & PADDED) === 0) return [start, end];
  const padding = start < end ? (bytes[start] ?? 0) : 0;
  if (start + 1 + padding > end) throw new ConnectionFault(PROTOCOL_ERROR, "more padding than payload");
  return [start + 1, end - padding];
}

/** What a header block's frames take. */
export function headerBytes(block: Buffer): number {
  return Math.max(1, Math.ceil(block.length / MAX_PAYLOAD)) * HEAD_BYTES + block.length;
}

/** Writes a header block in as many frames as it takes, and returns where they end. */
export function putHeaders(into: Buffer, at: number, stream: number, block: Buffer, last: boolean): number {
  let next = at;
  let start = 0;
  do {
    const end = Math.min(block.length, start + MAX_PAYLOAD);
    const type = start === 0 ? HEADERS : CONTINUATION;
    const flags = (end === block.length ? END_HEADERS : 0) | (last && start === 0 ? END_STREAM : 0);
    next = putHead(into, next, end - start, type, flags, stream);
    next += block.copy(into, next, start, end);
    start = end;
  } while (start < block.length);
  return next;
}

export function headerFrames(stream: number, block: Buffer, last: boolean): Buffer {
  const frames = Buffer.allocUnsafe(headerBytes(block));
  putHeaders(frames, 0, stream, block, last);
  return frames;
}
