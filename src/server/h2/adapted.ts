import type { Duplex } from "node:stream";
import {
  ACK,
  ANY_PAYLOAD,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  FIRST_WINDOW,
  type Frame,
  FrameReader,
  GOAWAY,
  HEAD_BYTES,
  HEADERS,
  headerFrames,
  MAX_WINDOW,
  numbersFrame,
  putHead,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
  whole,
} from "./frames.ts";
import type { Field } from "./header-decoder.ts";
import { HeaderEncoder } from "./header-encoder.ts";
import type { Outbox, Sender } from "./outbox.ts";
import type { ReceiveWindow } from "./receive-window.ts";

/** What it needs of the connection that it shares. */
export interface AdaptedOwner {
  readonly outbox: Outbox;
  /** The highest stream that was taken, by whomever. */
  readonly lastStream: number;
  readonly window: ReceiveWindow;
  /** The peer has been told that the oldest settings of its that were not in force are now. */
  settled(): void;
  /** A stream has ended on both sides. */
  adaptedEnded(): void;
  /** New streams are refused from now on. @param code why */
  goingAway(code: number): void;
}

const ENDED_BY_PEER = 1;
const ENDED_HERE = 2;
/** The window that Node's session has: so much of its data may wait for the peer's. */
const MAX_WAITING_BYTES = 262_144;
const REFILL_BYTES = MAX_WAITING_BYTES / 4;
const encoder = new HeaderEncoder();

/**
 * A session of Node's on the other end of a pair, which has all streams of a connection that do not go the short way, and
 * all that is not about a stream. It sees the streams under the numbers that they have, and never hears of the others.
 */
export class Adapted implements Sender {
  readonly #pipe: Duplex;
  readonly #owner: AdaptedOwner;
  readonly #open = new Map<number, number>();
  readonly #reader = new FrameReader((frame) => this.#sent(frame), ANY_PAYLOAD);
  /** A header block that has not ended: nothing may come between. */
  #block: Buffer[] = [];
  #waiting: Buffer[] = [];
  #sentBytes = 0;
  #reading = false;
  #sending = false;

  constructor(pipe: Duplex, owner: AdaptedOwner) {
    this.#pipe = pipe;
    this.#owner = owner;
    pipe.on("data", (chunk: Buffer) => this.#reader.read(chunk));
  }

  get size(): number {
    return this.#open.size;
  }

  has(stream: number): boolean {
    return this.#open.has(stream);
  }

  /** The preface. */
  begin(preface: Buffer): void {
    this.#pipe.write(preface);
  }

  /** What the peer sent, as it came. */
  forward(frame: Frame): void {
    const { type, flags, stream } = frame;
    this.#pipe.write(whole(frame));
    if (!this.#reading) {
      // Its window is not the peer's, which it shares: what it may send is seen to here.
      this.#pipe.write(numbersFrame(WINDOW_UPDATE, 0, 0, MAX_WAITING_BYTES - FIRST_WINDOW));
      this.#reading = true;
    }
    if (type === RST_STREAM) this.#end(stream, ENDED_BY_PEER | ENDED_HERE);
    else if (type === DATA && (flags & END_STREAM) !== 0) this.#end(stream, ENDED_BY_PEER);
  }

  /** A header list, which opens the stream where there is none. */
  forwardHeaders(stream: number, fields: readonly Field[], last: boolean): void {
    if (!this.#open.has(stream)) this.#open.set(stream, 0);
    this.#pipe.write(headerFrames(stream, encoder.all(fields), last));
    if (last) this.#end(stream, ENDED_BY_PEER);
  }

  sendSome(): boolean {
    const [first] = this.#waiting;
    if (first === undefined) return false;
    const { outbox } = this.#owner;
    if (first[3] !== DATA) {
      this.#waiting.shift();
      this.#push(first, 0);
    } else {
      const dataBytes = first.length - HEAD_BYTES;
      const length = Math.min(dataBytes, outbox.window);
      if (length === dataBytes) {
        this.#waiting.shift();
        this.#push(first, length);
      } else {
        const stream = first.readUInt32BE(5);
        const part = Buffer.from(first.subarray(0, HEAD_BYTES + length));
        putHead(part, 0, length, DATA, 0, stream);
        this.#push(part, length);
        const rest = first.subarray(length);
        putHead(rest, 0, dataBytes - length, DATA, first[4] ?? 0, stream);
        this.#waiting[0] = rest;
      }
    }
    return this.#waiting.length > 0;
  }

  #sent(frame: Frame): void {
    const { type, flags, stream, bytes, start, end } = frame;
    const { outbox } = this.#owner;
    if (!this.#sending) {
      this.#sending = true;
      outbox.begin(Buffer.from(whole(frame)));
      return;
    }
    if (type === HEADERS || type === CONTINUATION) {
      this.#block.push(Buffer.from(whole(frame)));
      if ((flags & END_HEADERS) === 0) return;
      const block = Buffer.concat(this.#block);
      this.#block = [];
      this.#pass(block, 0);
      return;
    }
    if (type === GOAWAY) {
      const last = bytes.readUInt32BE(start);
      const notice = Buffer.from(whole(frame));
      if (last !== MAX_WINDOW) {
        notice.writeUInt32BE(this.#owner.lastStream, HEAD_BYTES);
        outbox.push(notice);
        this.#owner.goingAway(bytes.readUInt32BE(start + 4));
      } else outbox.push(notice);
      return;
    }
    if (type === WINDOW_UPDATE && stream === 0) this.#owner.window.allowed(bytes.readUInt32BE(start));
    // What lets the peer send waits for nothing that the peer holds back.
    if (stream === 0 || type === WINDOW_UPDATE) {
      outbox.push(Buffer.from(whole(frame)));
      if (type === SETTINGS && (flags & ACK) !== 0) this.#owner.settled();
      return;
    }
    this.#pass(Buffer.from(whole(frame)), type === DATA ? end - start : 0);
  }

  /** Hands a frame on, behind those that wait. */
  #pass(frame: Buffer, dataBytes: number): void {
    const { outbox } = this.#owner;
    if (this.#waiting.length === 0 && (dataBytes === 0 || dataBytes <= outbox.room)) {
      this.#push(frame, dataBytes);
      return;
    }
    this.#waiting.push(frame);
    if (this.#waiting.length === 1) outbox.wait(this);
  }

  /** A stream counts until the last of its frames has left, so that what waits is bounded. */
  #push(frame: Buffer, dataBytes: number): void {
    const { outbox } = this.#owner;
    outbox.sent(dataBytes);
    outbox.push(frame);
    this.#refill(dataBytes);
    const stream = frame.readUInt32BE(5);
    if (frame[3] === RST_STREAM) this.#end(stream, ENDED_BY_PEER | ENDED_HERE);
    else if (((frame[4] ?? 0) & END_STREAM) !== 0) this.#end(stream, ENDED_HERE);
  }

  #refill(bytes: number): void {
    this.#sentBytes += bytes;
    if (this.#sentBytes < REFILL_BYTES) return;
    this.#pipe.write(numbersFrame(WINDOW_UPDATE, 0, 0, this.#sentBytes));
    this.#sentBytes = 0;
  }

  #end(stream: number, side: number): void {
    const sides = this.#open.get(stream);
    if (sides === undefined) return;
    if ((sides | side) !== (ENDED_BY_PEER | ENDED_HERE)) {
      this.#open.set(stream, sides | side);
      return;
    }
    this.#open.delete(stream);
    this.#owner.adaptedEnded();
  }
}
