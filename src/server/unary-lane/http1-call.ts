import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { endUnreadBody } from "../body.ts";
import { ignorePeerError } from "../raw.ts";
import { UnaryCall } from "./call.ts";
import type { Format } from "./formats.ts";
import type { LaneContext } from "./lane.ts";
import type { LaneMethod } from "./methods.ts";
import type { Reply } from "./reply.ts";

/** A unary call on HTTP/1.1. */
export class Http1Call extends UnaryCall {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #reply: Reply | undefined;
  #last = false;

  constructor(
    lane: LaneContext,
    entry: LaneMethod,
    format: Format,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    super(lane, entry, format, request.headers);
    this.#request = request;
    this.#response = response;
    response.once("close", () => this.closed());
    response.on("error", ignorePeerError);
  }

  get connection(): Socket {
    return this.#request.socket;
  }

  get url(): string {
    const scheme = "encrypted" in this.connection ? "https" : "http";
    return new URL(this.#request.url ?? "", `${scheme}://${this.headers.host}`).toString();
  }

  giveUpConnection(): void {
    this.#last = true;
  }

  protected read(): void {
    this.#request.on("data", (chunk: Buffer) => this.received(chunk));
    this.#request.once("end", () => this.receivedAll());
  }

  protected send(reply: Reply): void {
    this.#reply = reply;
    this.lane.turn.atEnd(this);
  }

  /** Writes the answer. */
  flush(): void {
    const response = this.#response;
    if (this.#reply === undefined || response.destroyed) return;
    const { status, headers, body } = this.#reply;
    if (!this.complete) endUnreadBody(this.#request, response);
    const all = { ...headers, ...this.lane.everyHeader };
    if (this.#last || this.lane.closing()) all.connection = "close";
    response.writeHead(status, all);
    response.end(body);
  }

  protected reset(): void {
    this.#request.socket.destroy();
  }
}
