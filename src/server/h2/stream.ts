import {
  DATA,
  END_STREAM,
  FIRST_WINDOW,
  FLOW_CONTROL_ERROR,
  HEAD_BYTES,
  headerBytes,
  headerFrames,
  MAX_PAYLOAD,
  MAX_WINDOW,
  NO_ERROR,
  numbersFrame,
  PROTOCOL_ERROR,
  putHead,
  putHeaders,
  STREAM_CLOSED,
  WINDOW_UPDATE,
} from "./frames.ts";
import { type Fields, HeaderBlocks } from "./header-blocks.ts";
import type { Outbox, Sender } from "./outbox.ts";
import type { PeerSettings } from "./peer-settings.ts";
import type { ReceiveWindow } from "./receive-window.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Fields;
  readonly body: Uint8Array;
  /** Undefined: the answer ends with its body. */
  readonly trailers: Fields | undefined;
}

/** Who serves a stream. */
export interface StreamHandler {
  received(chunk: Buffer): void;
  receivedAll(): void;
  /** All of the answer has been handed to the socket, or the stream was given up by either side. */
  closed(): void;
}

/** What a stream needs of its connection. */
export interface StreamOwner {
  readonly outbox: Outbox;
  readonly peer: Pick<PeerSettings, "window" | "smallTable">;
  readonly window: ReceiveWindow;
  /** The stream has ended; with a code: by a reset. */
  ended(stream: Stream, code: number | undefined): void;
}

/** Where data that has been taken is worth a frame of its own that says so. */
const WORTH_TELLING = FIRST_WINDOW >> 1;
const answers = new HeaderBlocks();
const ends = new HeaderBlocks();

/** A request and its answer on a connection of HTTP/2. The answer is whole when it comes. */
export class Stream implements Sender {
  readonly id: number;
  readonly #owner: StreamOwner;
  handler: StreamHandler | undefined;
  /** What the peer may send. */
  #receiveWindow = FIRST_WINDOW;
  #untold = 0;
  #sendWindow: number;
  /** What came before anybody wanted to read it. */
  #held: Buffer[] | undefined = [];
  #complete = false;
  #closed = false;
  /** Bytes that the body must have, where the peer has said so. */
  #expected: number | undefined;
  #body: Uint8Array | undefined;
  #sent = 0;
  #trailers: Fields | undefined;

  constructor(id: number, owner: StreamOwner, contentLength: string | undefined) {
    this.id = id;
    this.#owner = owner;
    this.#sendWindow = owner.peer.window;
    this.#expected = contentLength === undefined ? undefined : Number(contentLength);
  }

  /** @param flowBytes what counts against the window: padding, too */
  data(chunk: Buffer, flowBytes: number): void {
    if (this.#complete) {
      this.#breakOff(STREAM_CLOSED, flowBytes);
      return;
    }
    this.#receiveWindow -= flowBytes;
    if (this.#receiveWindow < 0) {
      this.#breakOff(FLOW_CONTROL_ERROR, flowBytes);
      return;
    }
    if (this.#expected !== undefined) {
      this.#expected -= chunk.length;
      if (this.#expected < 0) {
        this.#breakOff(PROTOCOL_ERROR, flowBytes);
        return;
      }
    }
    if (this.#held !== undefined && chunk.length > 0) {
      this.#held.push(chunk);
      if (flowBytes > chunk.length) this.#take(flowBytes - chunk.length);
      return;
    }
    this.#take(flowBytes);
    if (chunk.length > 0) this.handler?.received(chunk);
  }

  end(): void {
    if (this.#complete) {
      this.reset(STREAM_CLOSED);
      return;
    }
    if (this.#expected !== undefined && this.#expected > 0) {
      this.reset(PROTOCOL_ERROR);
      return;
    }
    this.#complete = true;
    if (this.#held === undefined) this.handler?.receivedAll();
  }

  /** Lets the body come. */
  read(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const chunk of held) {
      this.#take(chunk.length);
      this.handler?.received(chunk);
    }
    if (this.#complete && !this.#closed) this.handler?.receivedAll();
  }

  answer({ status, headers, body, trailers }: Answer): void {
    if (this.#closed) return;
    const { outbox, peer } = this.#owner;
    const head = answers.of(headers, peer.smallTable, status);
    if (body.length > Math.min(this.#sendWindow, outbox.room, MAX_PAYLOAD)) {
      outbox.push(headerFrames(this.id, head, false));
      this.#body = body;
      this.#trailers = trailers;
      outbox.wait(this);
      return;
    }
    outbox.push(wholeAnswer(this.id, head, body, this.#tailOf(trailers)));
    outbox.sent(body.length);
    this.#finish();
  }

  sendSome(): boolean {
    const { outbox } = this.#owner;
    if (this.#closed || this.#body === undefined) return false;
    const left = this.#body.length - this.#sent;
    const length = Math.min(left, this.#sendWindow, outbox.window, MAX_PAYLOAD);
    if (length <= 0) return false;
    const last = length === left;
    const frame = Buffer.allocUnsafe(HEAD_BYTES + length);
    putHead(frame, 0, length, DATA, last && this.#trailers === undefined ? END_STREAM : 0, this.id);
    frame.set(this.#body.subarray(this.#sent, this.#sent + length), HEAD_BYTES);
    this.#sent += length;
    this.#sendWindow -= length;
    outbox.sent(length);
    outbox.push(frame);
    if (last) {
      const tail = this.#tailOf(this.#trailers);
      if (tail !== undefined) outbox.push(headerFrames(this.id, tail, true));
      this.#finish();
    }
    return !last && this.#sendWindow > 0;
  }

  /** By the peer's word for this stream alone, or for all of them. */
  widen(bytes: number): void {
    const wasShut = this.#sendWindow <= 0;
    this.#sendWindow += bytes;
    if (this.#sendWindow > MAX_WINDOW) this.reset(FLOW_CONTROL_ERROR);
    else if (wasShut && this.#sendWindow > 0 && this.#body !== undefined) this.#owner.outbox.wait(this);
  }

  reset(code: number): void {
    if (this.#closed) return;
    // The owner may end the connection over it, and has forgotten the stream by then.
    this.close();
    this.#owner.ended(this, code);
  }

  /** Of the stream is nothing left to be sent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // What was held and is not read any more makes room for others.
    for (const { length } of this.#held ?? []) this.#owner.window.taken(length);
    this.#held = undefined;
    if (this.#body !== undefined) this.#owner.outbox.leave(this);
    this.#body = undefined;
    this.handler?.closed();
    this.handler = undefined;
  }

  #tailOf(trailers: Fields | undefined): Buffer | undefined {
    return trailers && ends.of(trailers, this.#owner.peer.smallTable);
  }

  #finish(): void {
    // Nobody reads what would still come of the request.
    this.#owner.ended(this, this.#complete ? undefined : NO_ERROR);
    this.close();
  }

  #take(bytes: number): void {
    this.#owner.window.taken(bytes);
    this.#untold += bytes;
    if (this.#untold < WORTH_TELLING || this.#complete) return;
    this.#owner.outbox.push(numbersFrame(WINDOW_UPDATE, 0, this.id, this.#untold));
    this.#receiveWindow += this.#untold;
    this.#untold = 0;
  }

  #breakOff(code: number, flowBytes: number): void {
    this.#owner.window.taken(flowBytes);
    this.reset(code);
  }
}

/** @param tail the block of its trailers */
function wholeAnswer(id: number, head: Buffer, body: Uint8Array, tail: Buffer | undefined): Buffer {
  const { length } = body;
  const bodyBytes = length === 0 ? 0 : HEAD_BYTES + length;
  const tailBytes = tail === undefined ? 0 : headerBytes(tail);
  const frames = Buffer.allocUnsafe(headerBytes(head) + bodyBytes + tailBytes);
  let at = putHeaders(frames, 0, id, head, bodyBytes + tailBytes === 0);
  if (length > 0) {
    at = putHead(frames, at, length, DATA, tail === undefined ? END_STREAM : 0, id);
    frames.set(body, at);
    at += length;
  }
  if (tail !== undefined) putHeaders(frames, at, id, tail, true);
  return frames;
}
