import type { IncomingHttpHeaders } from "node:http";
import { constants, type Http2Session, type ServerHttp2Stream } from "node:http2";
import { UnaryCall } from "./call.ts";
import type { Format } from "./formats.ts";
import type { LaneContext } from "./lane.ts";
import type { LaneMethod } from "./methods.ts";
import type { Reply } from "./reply.ts";

/** A unary call on a stream of HTTP/2. */
export class Http2Call extends UnaryCall {
  readonly #stream: ServerHttp2Stream;

  constructor(
    lane: LaneContext,
    entry: LaneMethod,
    format: Format,
    headers: IncomingHttpHeaders,
    stream: ServerHttp2Stream,
  ) {
    super(lane, entry, format, headers);
    this.#stream = stream;
    stream.once("close", () => this.closed());
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
    this.#stream.on("data", (chunk: Buffer) => this.received(chunk));
    this.#stream.once("end", () => this.receivedAll());
  }

  protected send({ status, headers, body, trailers }: Reply): void {
    const stream = this.#stream;
    if (stream.closed || stream.destroyed) return;
    const waitForTrailers = trailers !== undefined || !this.complete;
    stream.respond({ ":status": status, ...headers, ...this.lane.everyHeader }, { waitForTrailers });
    if (waitForTrailers) {
      stream.once("wantTrailers", () => {
        stream.sendTrailers(trailers ?? {});
        // All data has left, and a reset at once would overtake the trailers.
        if (!this.complete) setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
      });
    }
    stream.end(body);
  }

  protected reset(): void {
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }
}
