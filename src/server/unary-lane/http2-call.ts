import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import { CANCEL } from "../h2/frames.ts";
import type { Stream, StreamHandler } from "../h2/stream.ts";
import { UnaryCall } from "./call.ts";
import type { Format } from "./formats.ts";
import type { LaneContext } from "./lane.ts";
import type { LaneMethod } from "./methods.ts";
import type { Reply } from "./reply.ts";

/** A unary call on a stream of HTTP/2. */
export class Http2Call extends UnaryCall implements StreamHandler {
  readonly connection: Socket;
  readonly #stream: Stream;

  constructor(
    lane: LaneContext,
    entry: LaneMethod,
    format: Format,
    headers: IncomingHttpHeaders,
    stream: Stream,
    socket: Socket,
  ) {
    super(lane, entry, format, headers);
    this.connection = socket;
    this.#stream = stream;
    stream.handler = this;
  }

  get url(): string {
    const { ":authority": authority, ":path": path, host } = this.headers;
    const scheme = "encrypted" in this.connection ? "https" : "http";
    return new URL(String(path), `${scheme}://${authority ?? host}`).toString();
  }

  /** A connection is not given up for one of its streams. */
  giveUpConnection(): void {}

  protected read(): void {
    this.#stream.read();
  }

  protected send(reply: Reply): void {
    if (this.format.protocol === "grpc") this.#stream.answer(reply);
    else this.#stream.answer({ ...reply, headers: { ...reply.headers, ...this.lane.everyHeader } });
  }

  protected reset(): void {
    this.#stream.reset(CANCEL);
  }
}
