import type { CallTable } from "./calls.ts";
import type { ServerErrors } from "./errors.ts";
import type { OnePort } from "./one-port.ts";
import type { Readiness } from "./readiness.ts";

/** The most that is kept of the bound for aborted calls to tell their clients so. */
const lastWordsMs = 1_000;

export interface DrainOptions {
  readonly port: OnePort;
  readonly calls: CallTable;
  readonly readiness: Readiness;
  readonly errors: ServerErrors;
  /** Aborts the signal that every handler has, with the error its client is to see. */
  readonly abortCalls: (error: Error) => void;
  /** The one bound (ms): when it has passed, everything is closed. */
  readonly timeoutMs: number;
}

/** How a drain went. */
export interface DrainResult {
  /** Calls that did not end within the bound and were cut. */
  readonly cutCalls: number;
  /** Connections that had to be destroyed at the bound. */
  readonly destroyedConnections: number;
}

/**
 * Closes the port without losing a call: not ready, no new connections, peers are asked to go, work in flight
 * ends; then what waits (streams, long polls) and what is still at work is ended with UNAVAILABLE, and at the
 * bound every connection left is destroyed. `server.close()` alone would wait for ever for an idle HTTP/2
 * client.
 */
export async function drain(options: DrainOptions): Promise<DrainResult> {
  const { port, calls, readiness, errors, abortCalls, timeoutMs } = options;
  const end = performance.now() + timeoutMs;
  const remaining = (): number => Math.max(0, end - performance.now());

  readiness.retire("shutting down");
  const closed = new Promise<void>((resolve) => port.server.close(() => resolve()));
  for (const socket of port.undecided) socket.destroy();
  for (const connection of port.http2Connections) connection.closeGracefully();
  port.http1.closeIdleConnections();
  for (const { exchange } of calls) exchange.giveUpConnection();

  const reserveMs = Math.min(lastWordsMs, timeoutMs / 4);
  await within(
    calls.whenNone((call) => !call.waits),
    remaining() - reserveMs,
  );
  abortCalls(errors.shuttingDown());
  await within(
    calls.whenNone(() => true),
    remaining(),
  );

  const cutCalls = calls.size;
  // Closes the HTTP/1 connections that are idle by now, and ends the checks of their time limits.
  port.http1.close();
  const allClosed = await within(closed, remaining());
  const left = [...port.sockets];
  for (const socket of left) socket.destroy();
  await closed;
  return { cutCalls, destroyedConnections: allClosed ? 0 : left.length };
}

/** Whether the work was done in time. */
async function within(work: Promise<void>, boundMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, boundMs), false);
  });
  const inTime = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}
