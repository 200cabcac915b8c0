import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Limits } from "../limits.ts";
import type { UnaryLane } from "../unary-lane/lane.ts";
import type { Turn } from "../unary-lane/turn.ts";
import { Adapted, type AdaptedOwner } from "./adapted.ts";
import { Farewell } from "./farewell.ts";
import {
  ACK,
  CONTINUATION,
  ConnectionFault,
  DATA,
  END_STREAM,
  ENHANCE_YOUR_CALM,
  FLOW_CONTROL_ERROR,
  FRAME_SIZE_ERROR,
  type Frame,
  FrameReader,
  GOAWAY,
  HEADERS,
  MAX_WINDOW,
  NO_ERROR,
  numbersFrame,
  PING,
  PREFACE,
  PROTOCOL_ERROR,
  PUSH_PROMISE,
  payloadFrame,
  REFUSED_STREAM,
  RST_STREAM,
  SETTINGS,
  STREAM_CLOSED,
  unpadded,
  WINDOW_UPDATE,
  whole,
} from "./frames.ts";
import type { Field } from "./header-decoder.ts";
import { HeaderLists } from "./header-lists.ts";
import { Lifetime, type Mortal } from "./lifetime.ts";
import { Outbox } from "./outbox.ts";
import { PeerSettings } from "./peer-settings.ts";
import { ReceiveWindow } from "./receive-window.ts";
import { isTooLong, plainRequest } from "./request-headers.ts";
import { Resets } from "./resets.ts";
import { Stall } from "./stall.ts";
import { Stream, type StreamOwner } from "./stream.ts";

export interface ConnectionOptions {
  readonly limits: Limits;
  readonly lane: UnaryLane;
  readonly turn: Turn;
  /** The payload of the server's settings. */
  readonly settings: Buffer;
  /** Makes a session of Node's on a pipe, for all that the lane does not take. */
  readonly adapt: (pipe: Duplex) => ServerHttp2Session;
}

/**
 * One connection of HTTP/2. Unary calls that the lane takes are served here, with a fraction of what Node's streams cost;
 * the frames of all others go on to a session of Node's, and back from there.
 */
export class Http2Connection implements StreamOwner, AdaptedOwner, Mortal {
  readonly socket: Socket;
  readonly outbox: Outbox;
  readonly window: ReceiveWindow;
  readonly peer = new PeerSettings();
  /** The highest that was taken. */
  lastStream = 0;
  /** The highest that the peer has begun, and perhaps was refused. */
  #begun = 0;
  readonly #limits: Limits;
  readonly #lane: UnaryLane;
  readonly #stall: Stall;
  readonly #adapted: Adapted;
  readonly #reader = new FrameReader((frame) => this.#take(frame));
  readonly #lists = new HeaderLists((id, last, fields) => this.#takeList(id, last, fields));
  readonly #resets: Resets;
  readonly #lifetime: Lifetime;
  readonly #farewell: Farewell;
  /** The newest last: mostly it is the one that is meant. */
  readonly #streams: Stream[] = [];
  #preface: Buffer | undefined = Buffer.alloc(0);
  /** Whether the peer has said its first settings. */
  #greeted = false;
  /** Whether the peer has confirmed the server's settings. */
  #confirmed = false;
  #refused = 0;
  /** Whether what the peer begins is passed over, as it has been told. */
  #refusing = false;
  #ended = false;

  constructor(socket: Socket, { limits, lane, turn, settings, adapt }: ConnectionOptions) {
    this.socket = socket;
    this.#limits = limits;
    this.#lane = lane;
    this.outbox = new Outbox(socket, turn, () => this.#stall.begin());
    this.window = new ReceiveWindow(this.outbox);
    this.#resets = new Resets(limits);
    this.#stall = new Stall(socket, limits.streamStallMs);
    this.#adapted = new Adapted(adapt, this);
    this.#farewell = new Farewell(this.outbox, () => this.leave());
    this.outbox.push(payloadFrame(SETTINGS, 0, 0, settings));
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.once("end", () => this.#end());
    socket.once("close", () => this.#closed());
    this.#lifetime = new Lifetime(this, limits);
    socket.resume();
  }

  get idle(): boolean {
    return this.#open === 0;
  }

  get #open(): number {
    return this.#streams.length + this.#adapted.size;
  }

  /** The peer has to begin what else it wants elsewhere; what has begun here goes on to its end. */
  leave(): void {
    if (!this.#refusing) this.outbox.push(numbersFrame(GOAWAY, 0, 0, this.lastStream, NO_ERROR));
    this.#refusing = true;
    if (this.idle) this.#end();
  }

  closeGracefully(): void {
    if (!this.#refusing) this.#farewell.begin();
  }

  ended(stream: Stream, code: number | undefined): void {
    if (code !== undefined) this.outbox.push(numbersFrame(RST_STREAM, 0, stream.id, code));
    const at = this.#streams.lastIndexOf(stream);
    if (at >= 0) this.#streams.splice(at, 1);
    this.#oneLess();
    const byFault = code === PROTOCOL_ERROR || code === FLOW_CONTROL_ERROR || code === STREAM_CLOSED;
    if (byFault) this.#countReset();
  }

  adaptedEnded(): void {
    this.#oneLess();
  }

  piped(pipe: Duplex): void {
    this.#stall.watch(pipe);
  }

  goingAway(code: number): void {
    this.#refusing = true;
    if (code !== NO_ERROR) this.#end();
  }

  #read(chunk: Buffer): void {
    if (this.#ended) return;
    try {
      this.#reader.read(this.#preface === undefined ? chunk : this.#afterPreface(chunk));
    } catch (error) {
      if (!(error instanceof ConnectionFault)) throw error;
      this.#fail(error);
    }
    this.#stall.beginIfPipeIsFull();
  }

  #afterPreface(chunk: Buffer): Buffer {
    const seen = Buffer.concat([this.#preface ?? chunk, chunk]);
    const length = Math.min(seen.length, PREFACE.length);
    if (!seen.subarray(0, length).equals(PREFACE.subarray(0, length))) {
      throw new ConnectionFault(PROTOCOL_ERROR, "this is no HTTP/2");
    }
    if (length < PREFACE.length) {
      this.#preface = seen;
      return Buffer.alloc(0);
    }
    this.#preface = undefined;
    return seen.subarray(length);
  }

  #take(frame: Frame): void {
    if (this.#ended) return;
    const { type, flags, stream } = frame;
    if (!this.#greeted) {
      if (type !== SETTINGS || (flags & ACK) !== 0)
        throw new ConnectionFault(PROTOCOL_ERROR, "the first frame is not the settings");
      this.#greeted = true;
    }
    const { unfinished } = this.#lists;
    if (unfinished !== undefined && (type !== CONTINUATION || stream !== unfinished)) {
      throw new ConnectionFault(PROTOCOL_ERROR, "a header list is broken off");
    }
    if (type === HEADERS) this.#lists.begin(frame);
    else if (type === CONTINUATION) this.#lists.goOn(frame);
    else if (type === DATA) this.#takeData(frame);
    else if (type === SETTINGS && stream === 0) this.#takeSettings(frame);
    else if (type === WINDOW_UPDATE) this.#takeWindow(frame);
    else if (type === RST_STREAM) this.#takeReset(frame);
    else if (type === PING && stream === 0 && frame.end - frame.start === 8) this.#takePing(frame);
    else if (type === GOAWAY && stream === 0 && frame.end - frame.start >= 8) this.#takeGoaway(frame);
    else if (this.#isForNode(frame)) this.#adapted.forward(frame);
  }

  /** Of a stream that is served here, or not at all, nothing else means anything but what is a fault on any stream. */
  #isForNode({ type, stream }: Frame): boolean {
    if (this.#isNodes(stream)) return true;
    return type === SETTINGS || type === PUSH_PROMISE || type === PING || type === GOAWAY;
  }

  /** Whether a frame of the stream is one of Node's session, which has it or says what is wrong with it. */
  #isNodes(stream: number): boolean {
    return stream === 0 || stream > this.#begun || this.#adapted.has(stream);
  }

  #takeList(id: number, last: boolean, fields: readonly Field[]): void {
    if (id <= this.#begun) {
      const stream = this.#find(id);
      const adapted = this.#adapted.has(id);
      if (!last) {
        const code = stream !== undefined || adapted ? PROTOCOL_ERROR : STREAM_CLOSED;
        throw new ConnectionFault(code, "a stream begins twice");
      }
      if (adapted) this.#adapted.forwardHeaders(id, fields, last);
      // Trailers may come after the stream was given up here.
      else stream?.end();
      return;
    }
    if (id % 2 === 0) throw new ConnectionFault(PROTOCOL_ERROR, "clients have odd streams");
    this.#begun = id;
    // Above the last that was named to the peer, which takes it elsewhere.
    if (this.#refusing) return;
    this.lastStream = id;
    if (this.#open >= this.#limits.maxConcurrentStreams) {
      this.#refuse(id, REFUSED_STREAM);
      return;
    }
    const headers = plainRequest(fields, this.#limits);
    if (headers !== undefined) {
      const stream = new Stream(id, this, headers["content-length"]);
      const call = this.#lane.takeStream(stream, headers, this.socket);
      if (call !== undefined) {
        this.#streams.push(stream);
        call.begin();
        if (last) stream.end();
        return;
      }
    }
    if (isTooLong(fields, this.#limits)) this.#refuse(id, ENHANCE_YOUR_CALM);
    else this.#adapted.forwardHeaders(id, fields, last);
  }

  #refuse(id: number, code: number): void {
    this.outbox.push(numbersFrame(RST_STREAM, 0, id, code));
    this.#refused++;
    if (this.#refused > this.#limits.maxRejectedStreams) {
      throw new ConnectionFault(ENHANCE_YOUR_CALM, "too many streams were refused");
    }
  }

  #takeData(frame: Frame): void {
    const { flags, stream: id, bytes, start, end } = frame;
    this.window.received(end - start);
    const stream = this.#find(id);
    if (stream === undefined) {
      if (this.#isNodes(id) && !this.#adapted.gone) this.#adapted.forward(frame);
      // The rest of what was given up.
      else this.window.taken(end - start);
      return;
    }
    const [dataStart, dataEnd] = unpadded(frame);
    stream.data(bytes.subarray(dataStart, dataEnd), end - start);
    if ((flags & END_STREAM) !== 0) stream.end();
  }

  #takeSettings(frame: Frame): void {
    if ((frame.flags & ACK) !== 0) {
      if (this.#confirmed || frame.end > frame.start) this.#adapted.forward(frame);
      else this.#confirmed = true;
      return;
    }
    const plain = this.peer.ask(frame);
    if (!this.#adapted.gone && (this.#adapted.begun || !plain)) {
      // It confirms them when it acts upon them.
      this.#adapted.forward(frame);
      return;
    }
    this.outbox.push(numbersFrame(SETTINGS, ACK, 0));
    this.settled();
  }

  settled(): void {
    const by = this.peer.confirm();
    if (by !== 0) for (const stream of [...this.#streams]) stream.widen(by);
  }

  #takeWindow(frame: Frame): void {
    const { stream: id, bytes, start, end } = frame;
    if (end - start !== 4) throw new ConnectionFault(FRAME_SIZE_ERROR, "a window's change has four bytes");
    const by = bytes.readUInt32BE(start) & MAX_WINDOW;
    if (id === 0) {
      if (by === 0) throw new ConnectionFault(PROTOCOL_ERROR, "a window does not change by nothing");
      this.outbox.widen(by);
      return;
    }
    const stream = this.#find(id);
    if (stream === undefined) {
      if (this.#isNodes(id)) this.#adapted.forward(frame);
    } else if (by === 0) stream.reset(PROTOCOL_ERROR);
    else stream.widen(by);
  }

  #takeReset(frame: Frame): void {
    const { stream: id, start, end } = frame;
    if (end - start !== 4) throw new ConnectionFault(FRAME_SIZE_ERROR, "a reset has four bytes");
    const stream = this.#find(id);
    if (stream === undefined) {
      if (this.#isNodes(id)) this.#adapted.forward(frame);
    } else {
      this.ended(stream, undefined);
      stream.close();
    }
    this.#countReset();
  }

  #takePing(frame: Frame): void {
    if ((frame.flags & ACK) !== 0) {
      this.#farewell.answered();
      return;
    }
    const answer = Buffer.from(whole(frame));
    answer[4] = ACK;
    this.outbox.push(answer);
  }

  #takeGoaway({ bytes, start }: Frame): void {
    // The peer may still have begun streams, and has to be told which of them are served.
    if (bytes.readUInt32BE(start + 4) === NO_ERROR) this.leave();
    else this.#end();
  }

  #countReset(): void {
    if (this.#resets.count() || this.#ended) return;
    this.#fail(new ConnectionFault(ENHANCE_YOUR_CALM, "too many streams are reset"));
  }

  #find(id: number): Stream | undefined {
    for (let at = this.#streams.length - 1; at >= 0; at--) {
      if (this.#streams[at]?.id === id) return this.#streams[at];
    }
    return undefined;
  }

  #oneLess(): void {
    if (!this.idle) return;
    this.#lifetime.rest();
    if (this.#refusing) this.#end();
  }

  #fail({ code, message }: ConnectionFault): void {
    const why = Buffer.from(`\0\0\0\0\0\0\0\0${message}`);
    why.writeUInt32BE(code, why.writeUInt32BE(this.lastStream));
    this.outbox.push(payloadFrame(GOAWAY, 0, 0, why));
    this.#end();
  }

  /** Sends what there is to be sent, and closes. */
  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#giveUp();
    this.outbox.flush();
    this.socket.destroySoon();
    this.#stall.last(this.#limits.overrunMs);
  }

  #closed(): void {
    this.#ended = true;
    this.#lifetime.end();
    this.#farewell.end();
    this.#stall.end();
    this.#giveUp();
  }

  #giveUp(): void {
    for (const stream of this.#streams.splice(0)) stream.close();
    this.#adapted.destroy();
  }
}
