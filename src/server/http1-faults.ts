import type { Server, ServerResponse } from "node:http";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** Where it is not 400. */
const STATUS_BY_FAULT: ReadonlyMap<unknown, number> = new Map([
  ["HPE_HEADER_OVERFLOW", 431],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", 413],
  ["ERR_HTTP_REQUEST_TIMEOUT", 408],
]);

/**
 * Ends an HTTP/1 connection on which something came that is no request. What was whole before that gets its answer first,
 * since Node's own refusal would be taken for that answer, though the call was made.
 */
export function endAfterFaults(http1: Server): void {
  const latest = new WeakMap<Duplex, ServerResponse>();
  http1.prependListener("request", ({ socket }, response) => void latest.set(socket, response));
  http1.on("clientError", (error: Error & { readonly code?: unknown }, socket) => {
    const response = latest.get(socket);
    const underWay = response?.closed === false;
    if (underWay && response.req.complete) {
      if (!response.headersSent) response.setHeader("connection", "close");
      response.once("close", () => socket.end());
      return;
    }
    if (socket.writable && !(underWay && response.headersSent)) {
      const status = STATUS_BY_FAULT.get(error.code) ?? 400;
      socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`);
    }
    socket.destroy();
  });
}
