import type { IncomingHttpHeaders } from "node:http";
import type { Http2Session } from "node:http2";
import type { Socket } from "node:net";
import type { BodyBound } from "./body.ts";

/** A request and its answer as admission sees them, whichever way they are served. */
export interface Exchange {
  readonly headers: IncomingHttpHeaders;
  /** What is the same for all requests of a connection; undefined once that is gone. */
  readonly connection: Socket | Http2Session | undefined;
  /**
   * What it holds while it waits for its peer: for the rest of a request, or for its answer to be taken. Undefined while
   * something is done for it.
   */
  readonly idleBytes: number | undefined;
  /** Called, if there is one, as soon as it does not wait for the request any more. */
  resumed: (() => void) | undefined;
  /** Calls back when the answer has left, or will not any more. */
  onClose(listener: () => void): void;
  /** Starts the limits in time. @param deadlineMs of a unary call; a stream may go on as long as its peer reads. */
  bound(body: BodyBound, deadlineMs: number | undefined): void;
  /** HTTP/1: the answer, if it has not begun, is to be the last on its connection. */
  giveUpConnection(): void;
}

/** The socket of a connection, on HTTP/2 without what only the session may do with it. */
export function socketOf(connection: Exchange["connection"]): Socket | undefined {
  if (connection === undefined) return undefined;
  return "socket" in connection ? connection.socket : connection;
}
