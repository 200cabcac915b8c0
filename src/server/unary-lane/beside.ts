import type http from "node:http";
import type { UnaryLane } from "./lane.ts";

/** Asks a lane about each request of HTTP/1 before the server's handler does. */
export function putBefore(lane: UnaryLane, http1: http.Server): void {
  const handle = http1.listeners("request").at(-1);
  if (handle === undefined) throw new Error("the server has no handler yet");
  http1.off("request", handle as http.RequestListener);
  http1.on("request", (request, response) => {
    if (!lane.takeRequest(request, response)) handle.call(http1, request, response);
  });
}
