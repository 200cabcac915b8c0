import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";

/** What Node hands to the handler: Fastify's types say HTTP/1, but the port serves both. */
export type RawRequest = IncomingMessage | Http2ServerRequest;
export type RawResponse = ServerResponse | Http2ServerResponse;

export const isHttp2Request = (request: RawRequest): request is Http2ServerRequest => "stream" in request;
export const isHttp2Response = (response: RawResponse): response is Http2ServerResponse =>
  "stream" in response;

/** For 'error' events that mean only that the peer went away: without a listener they end the process. */
export const ignorePeerError = (): void => {};
