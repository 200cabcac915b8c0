import { constants } from "node:http2";
import type { Readable } from "node:stream";
import type { ConnectError } from "@connectrpc/connect";
import { isHttp2Response, type RawRequest, type RawResponse } from "./raw.ts";

/** How long an HTTP/1 client may go on sending a body that was already answered. */
const lingerMs = 1_000;

/** Time limit of a body: for the whole of it, or for each pause where the client streams as long as it likes. */
export interface BodyBound {
  readonly ms: number;
  readonly of: "whole" | "pause";
}

/**
 * The request's bytes, ended with an error when the bound passes. Connect reads a body without looking at its
 * deadline, so a stalled one would hold the call for as long as the client likes. Leaving early does not end
 * the request's own iterator: that would destroy the request, and on HTTP/1 the socket and the answer with it.
 */
export async function* boundedBody(
  request: Readable,
  bound: BodyBound,
  timedOut: () => ConnectError,
): AsyncGenerator<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = request[Symbol.asyncIterator]();
  let timer: NodeJS.Timeout | undefined;
  let expire = (_error: ConnectError): void => {};
  const expired = new Promise<never>((_, reject) => {
    expire = reject;
  });
  expired.catch(() => {});
  const arm = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => expire(timedOut()), bound.ms);
  };
  try {
    if (bound.of === "whole") arm();
    for (;;) {
      if (bound.of === "pause") arm();
      const step = await Promise.race([chunks.next(), expired]);
      if (step.done === true) return;
      // The time that the handler takes is no pause of the client's.
      if (bound.of === "pause") clearTimeout(timer);
      yield step.value;
    }
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Ends the request side of a call whose answer is complete while the body is not: the stream on HTTP/2, and
 * on HTTP/1, where the answer may still be on its way, the connection after a moment.
 */
export function endUnreadBody(request: RawRequest, response: RawResponse): void {
  if (isHttp2Response(response)) {
    const stream = response.stream;
    if (stream.endAfterHeaders) return;
    // Neither 'finish' will do: the stream's comes before its trailers are sent, which a reset would overtake, and the
    // response's only when the stream has closed. Nor will the trailers' call: where there are none, what ends the
    // stream may still wait for a write that is under way.
    const end = (waitMs: number): void => {
      if (request.complete || stream.destroyed) return;
      if (stream.state.localClose === 1) stream.close(constants.NGHTTP2_NO_ERROR);
      else setTimeout(end, waitMs, Math.min(2 * waitMs, lingerMs));
    };
    stream.once("wantTrailers", () => setImmediate(end, 1));
    return;
  }
  response.once("finish", () => {
    if (request.complete) return;
    // A reader that has given up may still be registered, and what it does not read would not flow.
    request.removeAllListeners("readable");
    request.resume();
    const end = (): void => {
      if (!request.complete) request.socket.destroy();
    };
    // What has arrived is read first: after a busy second that may be the rest, and the next request too.
    const timer = setTimeout(() => setImmediate(end), lingerMs);
    request.once("end", () => clearTimeout(timer));
    request.once("close", () => clearTimeout(timer));
  });
}
