import type { ServerHttp2Session } from "node:http2";
import { type Duplex, duplexPair } from "node:stream";
import { ignorePeerError } from "../raw.ts";
import {
  ACK,
  ANY_PAYLOAD,
  CANCEL,
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
  numbersFrame,
  PREFACE,
  payloadFrame,
  putHead,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
  whole,
} from "./frames.ts";
import type { Field } from "./header-decoder.ts";
import { HeaderEncoder } from "./header-encoder.ts";
import type { Outbox, Sender } from "./outbox.ts";
import type { PeerSettings } from "./peer-settings.ts";
import type { ReceiveWindow } from "./receive-window.ts";

/** What it needs of the connection that it shares. */
export interface AdaptedOwner {
  readonly outbox: Outbox;
  /** The highest stream that was taken, by whomever. */
  readonly lastStream: number;
  readonly window: ReceiveWindow;
  readonly peer: Pick<PeerSettings, "plain">;
  /** What Node's session takes and gives goes through here from now on. */
  piped(pipe: Duplex): void;
  /** The peer has been told that the oldest settings of its that were not in force are now. */
  settled(): void;
  /** A stream has ended on both sides. */
  adaptedEnded(): void;
  /** Node's session, which has begun, takes no new streams. @param code why */
  goingAway(code: number): void;
  /** There is no session of Node's any more, and will be none. */
  leave(): void;
}

const ENDED_BY_PEER = 1;
const ENDED_HERE = 2;
/** The window that Node's session has: so much of its data may wait for the peer's. */
const MAX_WAITING_BYTES = 262_144;
const REFILL_BYTES = MAX_WAITING_BYTES / 4;
const encoder = new HeaderEncoder();

/**
 * A session of Node's on the other end of a pair, which has all streams of a connection that do not go the short way. It
 * sees the streams under the numbers that they have, and never hears of the others. It begins with the first frame that
 * is for it: most connections never need it.
 */
export class Adapted implements Sender {
  readonly #owner: AdaptedOwner;
  readonly #adapt: (pipe: Duplex) => ServerHttp2Session;
  #session: ServerHttp2Session | undefined;
  #pipe: Duplex | undefined;
  #gone = false;
  readonly #open = new Map<number, number>();
  readonly #reader = new FrameReader((frame) => this.#sent(frame), ANY_PAYLOAD);
  /** A header block that has not ended: nothing may come between. */
  #block: Buffer[] = [];
  #waiting: Buffer[] = [];
  #sentBytes = 0;
  /** Whether it has confirmed the settings that it was told for the peer. */
  #greeted = false;

  /** @param adapt makes a session of Node's on a pipe */
  constructor(adapt: (pipe: Duplex) => ServerHttp2Session, owner: AdaptedOwner) {
    this.#adapt = adapt;
    this.#owner = owner;
  }

  get begun(): boolean {
    return this.#pipe !== undefined;
  }

  /** What is for it is for nobody. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Its streams. */
  get size(): number {
    return this.#open.size;
  }

  has(stream: number): boolean {
    return this.#open.has(stream);
  }

  /** Ends it, and the streams that it has. */
  destroy(): void {
    this.#gone = true;
    if (this.#session?.destroyed === false) this.#session.destroy(undefined, CANCEL);
  }

  /** What the peer sent, as it came. */
  forward(frame: Frame): void {
    if (this.#gone) return;
    const { type, flags, stream } = frame;
    this.#write(whole(frame));
    if (type === RST_STREAM) this.#end(stream, ENDED_BY_PEER | ENDED_HERE);
    else if (type === DATA && (flags & END_STREAM) !== 0) this.#end(stream, ENDED_BY_PEER);
  }

  /** A header list, which opens the stream where there is none. */
  forwardHeaders(stream: number, fields: readonly Field[], last: boolean): void {
    if (this.#gone) return;
    if (!this.#open.has(stream)) this.#open.set(stream, 0);
    this.#write(headerFrames(stream, encoder.all(fields), last));
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
    // What it says as it is destroyed: the peer has been told why the connection ends.
    if (this.#gone) return;
    const { type, flags, stream, bytes, start, end } = frame;
    const { outbox } = this.#owner;
    if (type === SETTINGS) {
      this.#sentSettings(frame);
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
      const notice = Buffer.from(whole(frame));
      notice.writeUInt32BE(this.#owner.lastStream, HEAD_BYTES);
      outbox.push(notice);
      this.#owner.goingAway(bytes.readUInt32BE(start + 4));
      return;
    }
    if (type === WINDOW_UPDATE && stream === 0) this.#owner.window.allowed(bytes.readUInt32BE(start));
    // What lets the peer send waits for nothing that the peer holds back.
    if (stream === 0 || type === WINDOW_UPDATE) {
      outbox.push(Buffer.from(whole(frame)));
      return;
    }
    this.#pass(Buffer.from(whole(frame)), type === DATA ? end - start : 0);
  }

  /** Its own settings the peer has had already, and those that the session was told first are confirmed. */
  #sentSettings(frame: Frame): void {
    if ((frame.flags & ACK) === 0) this.#write(numbersFrame(SETTINGS, ACK, 0));
    else if (!this.#greeted) this.#greeted = true;
    else {
      this.#owner.outbox.push(Buffer.from(whole(frame)));
      this.#owner.settled();
    }
  }

  #write(frames: Buffer): void {
    if (this.#pipe === undefined) this.#begin(frames);
    else this.#pipe.write(frames);
  }

  #begin(first: Buffer): void {
    const [outer, inner] = duplexPair();
    outer.on("data", (chunk: Buffer) => this.#reader.read(chunk));
    // What goes to a session that has just ended is lost.
    outer.on("error", ignorePeerError);
    // Not before all that the session has left to say.
    outer.once("end", () => this.#ended());
    outer.once("close", () => this.#ended());
    this.#pipe = outer;
    this.#session = this.#adapt(inner);
    this.#owner.piped(outer);
    // Its window is not the peer's, which it shares: what it may send is seen to here.
    const widened = numbersFrame(WINDOW_UPDATE, 0, 0, MAX_WAITING_BYTES - FIRST_WINDOW);
    const { plain } = this.#owner.peer;
    if (plain === undefined) {
      // The peer's first settings, which may say what no others may (RFC 9218, 2.1): they have to be the session's first.
      this.#greeted = true;
      outer.write(Buffer.concat([PREFACE, first, widened]));
    } else outer.write(Buffer.concat([PREFACE, payloadFrame(SETTINGS, 0, 0, plain), widened, first]));
  }

  #ended(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#open.clear();
    this.#owner.leave();
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
    this.#write(numbersFrame(WINDOW_UPDATE, 0, 0, this.#sentBytes));
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
