import type http from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import type http2 from "node:http2";
import type { UnaryLane } from "./lane.ts";

/**
 * Asks a lane about each request before the server's handler does. On HTTP/2 that handler stands behind Node's listener
 * for streams, which makes a request and a response out of each; the lane stands before that.
 */
export function putBefore(
  lane: UnaryLane,
  http1: http.Server,
  h2: http2.Http2Server | http2.Http2SecureServer,
): void {
  const handle = http1.listeners("request").at(-1);
  const [adapt] = h2.listeners("stream");
  if (handle === undefined || adapt === undefined) throw new Error("the servers have no handler yet");
  http1.off("request", handle as http.RequestListener);
  http1.on("request", (request, response) => {
    if (!lane.takeRequest(request, response)) handle.call(http1, request, response);
  });
  h2.removeAllListeners("stream");
  h2.on("stream", (stream, headers: IncomingHttpHeaders, ...rest: unknown[]) => {
    if (!lane.takeStream(stream, headers)) adapt.call(h2, stream, headers, ...rest);
  });
}
