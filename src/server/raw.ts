import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse, Http2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Exchange } from "./exchange.ts";

/** What Node hands to the handler: Fastify's types say HTTP/1, but the port serves both. */
export type RawRequest = IncomingMessage | Http2ServerRequest;
export type RawResponse = ServerResponse | Http2ServerResponse;

export const isHttp2Request = (request: RawRequest): request is Http2ServerRequest => "stream" in request;
export const isHttp2Response = (response: RawResponse): response is Http2ServerResponse =>
  "stream" in response;

/** Sessions whose socket is not the client's. */
export const clientSockets = new WeakMap<Http2Session, Socket>();

export function connectionOf(request: RawRequest): Exchange["connection"] {
  if (!isHttp2Request(request)) return request.socket;
  const { session } = request.stream;
  return session && (clientSockets.get(session) ?? session);
}

/** For 'error' events that mean only that the peer went away: without a listener they end the process. */
export const ignorePeerError = (): void => {};

/**
 * Gives a failed write the one name by which Connect, and who maps errors, know that the peer went away: Node's own for a
 * read that this ends. A write fails for no other reason. The plugin prints every other failure (EPIPE, ECANCELED) to the
 * console, and any client can cause them at will.
 */
export function nameFailedWrites(response: ServerResponse): void {
  const write = response.write.bind(response);
  response.write = (chunk: unknown, ...rest: unknown[]): boolean => {
    const done = rest.pop();
    const encoding = rest[0] === undefined ? "utf8" : (rest[0] as BufferEncoding);
    return write(chunk, encoding, (error) => {
      if (typeof done === "function")
        done(error && Object.assign(error, { code: "ECONNRESET", message: "aborted" }));
    });
  };
}
