import type { IncomingHttpHeaders } from "node:http";
import { constants } from "node:http2";
import { type BodyBound, boundedBody } from "./body.ts";
import { shortenToTimer, tellDeadline } from "./deadline.ts";
import type { ServerErrors } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import type { Limits } from "./limits.ts";
import { connectionOf, isHttp2Request, isHttp2Response, type RawRequest, type RawResponse } from "./raw.ts";

/** An exchange on what Node hands to Fastify, answered by Connect's adapter. */
export class RawExchange implements Exchange {
  readonly headers: IncomingHttpHeaders;
  readonly connection: Exchange["connection"];
  readonly #request: RawRequest;
  readonly #response: RawResponse;
  readonly #limits: Limits;
  readonly #errors: ServerErrors;
  #bound: BodyBound | undefined;
  resumed: Exchange["resumed"];
  #bodyBytes = 0;
  /** Whether Connect waits for more of the body: it calls a handler before it has seen the end. */
  #isAwaited = false;

  constructor(request: RawRequest, response: RawResponse, limits: Limits, errors: ServerErrors) {
    this.headers = request.headers;
    this.connection = connectionOf(request);
    this.#request = request;
    this.#response = response;
    this.#limits = limits;
    this.#errors = errors;
  }

  get idleBytes(): number | undefined {
    if (this.#response.writableEnded) return this.#response.writableLength;
    return this.#isAwaited ? this.#bodyBytes : undefined;
  }

  onClose(listener: () => void): void {
    this.#response.once("close", listener);
  }

  bound(body: BodyBound, deadlineMs: number | undefined): void {
    this.#bound = body;
    if (deadlineMs === undefined) {
      shortenToTimer(this.headers);
      this.#resetWhenStalled(this.#limits.streamStallMs);
    } else {
      tellDeadline(this.headers, deadlineMs);
      this.#resetAfter(deadlineMs + this.#limits.overrunMs);
    }
  }

  giveUpConnection(): void {
    const response = this.#response;
    if (!isHttp2Response(response) && !response.headersSent) response.setHeader("connection", "close");
  }

  /** The body, under its time limit. */
  async *body(): AsyncIterable<Uint8Array> {
    const bound: BodyBound = this.#bound ?? { ms: this.#limits.bodyMs, of: "whole" };
    const chunks = boundedBody(this.#request, bound, () => {
      // The rest of the body would be taken for the next request.
      this.giveUpConnection();
      return this.#errors.bodyTimeout(bound.ms);
    });
    try {
      this.#isAwaited = true;
      for await (const chunk of chunks) {
        this.#bodyBytes += chunk.length;
        this.#goOn();
        yield chunk;
        this.#isAwaited = true;
      }
    } finally {
      this.#goOn();
    }
  }

  #goOn(): void {
    this.#isAwaited = false;
    // Not for each byte: mostly Connect asks for more at once.
    if (this.resumed !== undefined) setImmediate(() => this.#isAwaited || this.resumed?.());
  }

  /** Frees what a call holds when its answer has not left in time: a peer that does not read, or a lost handler. */
  #resetAfter(boundMs: number): void {
    const timer = setTimeout(() => this.#reset(), boundMs);
    this.onClose(() => clearTimeout(timer));
  }

  /** Resets a stream whose peer took nothing of what was buffered during a whole interval. */
  #resetWhenStalled(boundMs: number): void {
    const response = this.#response;
    let buffered = false;
    const timer = setInterval(() => {
      if (buffered && response.writableLength > 0) this.#reset();
      buffered = response.writableLength > 0;
    }, boundMs);
    response.on("drain", () => {
      buffered = false;
    });
    this.onClose(() => clearInterval(timer));
  }

  #reset(): void {
    const request = this.#request;
    if (isHttp2Request(request)) request.stream.close(constants.NGHTTP2_CANCEL);
    else request.socket.destroy();
  }
}
