import type { IncomingHttpHeaders } from "node:http";
import { constants, type Http2Session, type ServerHttp2Stream } from "node:http2";
import { UnaryCall } from "./call.ts";
import type { Format } from "./formats.ts";
import type { LaneContext } from "./lane.ts";
import type { LaneMethod } from "./methods.ts";
import type { Reply } from "./reply.ts";

/** The call that a stream carries, until that has ended. */
const carried = Symbol("carried");
type Carrier = ServerHttp2Stream & { [carried]?: Http2Call | undefined };

/** A unary call on a stream of HTTP/2. */
export class Http2Call extends UnaryCall {
  readonly #stream: Carrier;
  #trailers: Reply["trailers"];

  constructor(
    lane: LaneContext,
    entry: LaneMethod,
    format: Format,
    headers: IncomingHttpHeaders,
    stream: ServerHttp2Stream,
  ) {
    super(lane, entry, format, headers);
    this.#stream = stream;
    // Node keeps a stream until the next collection of the whole heap, and all that it holds with it: so it finds its
    // call here as long as there is one, and its listeners close over nothing.
    this.#stream[carried] = this;
    this.#stream.on("close", onClose);
  }

  get connection(): Http2Session | undefined {
    return this.#stream.session;
  }

  get url(): string {
    const { ":authority": authority, ":path": path, host } = this.headers;
    const scheme = this.connection?.encrypted === true ? "https" : "http";
    return new URL(String(path), `${scheme}://${authority ?? host}`).toString();
  }

  /** A connection is not given up for one of its streams. */
  giveUpConnection(): void {}

  protected read(): void {
    this.#stream.on("data", onData);
    this.#stream.on("end", onEnd);
  }

  protected send({ status, headers, body, trailers }: Reply): void {
    const stream = this.#stream;
    if (stream.closed || stream.destroyed) return;
    const waitForTrailers = trailers !== undefined || !this.complete;
    const every = this.format.protocol === "grpc" ? undefined : this.lane.everyHeader;
    stream.respond({ ":status": status, ...headers, ...every }, { waitForTrailers });
    if (waitForTrailers) {
      this.#trailers = trailers;
      stream.on("wantTrailers", onWantTrailers);
    }
    stream.end(body);
  }

  protected reset(): void {
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  /** What is still to be sent once all data has left. */
  finish(): void {
    const stream = this.#stream;
    stream.sendTrailers(this.#trailers ?? {});
    // A reset at once would overtake the trailers.
    if (!this.complete) setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
  }
}

function onData(this: Carrier, chunk: Buffer): void {
  this[carried]?.received(chunk);
}

function onEnd(this: Carrier): void {
  this[carried]?.receivedAll();
}

function onWantTrailers(this: Carrier): void {
  this[carried]?.finish();
}

function onClose(this: Carrier): void {
  const call = this[carried];
  this[carried] = undefined;
  call?.closed();
}
