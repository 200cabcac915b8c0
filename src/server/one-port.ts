import http from "node:http";
import http2, { type ServerHttp2Session } from "node:http2";
import net from "node:net";
import { guardSession } from "./h2-session.ts";
import { endAfterFaults } from "./http1-faults.ts";
import type { Limits } from "./limits.ts";
import { ignorePeerError } from "./raw.ts";
import { createTlsLayer, TLS_HANDSHAKE, type TlsLayer, type TlsOptions, turnAway } from "./tls.ts";

/** What an HTTP/2 client with prior knowledge sends first (RFC 9113, 3.4). No HTTP/1 request can begin so. */
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
/** How often HTTP/1 connections are checked against their time limits. */
const http1CheckMs = 500;

/** One listener for HTTP/1.1 and HTTP/2, in clear text and over TLS, and what a shutdown must know of it. */
export interface OnePort {
  /** The listener. It is the only one of the three that is bound to an address. */
  readonly server: net.Server;
  readonly http1: http.Server;
  readonly http2: http2.Http2Server;
  /** Every open connection. */
  readonly sockets: ReadonlySet<net.Socket>;
  /** Connections that have not yet shown their protocol. */
  readonly undecided: ReadonlySet<net.Socket>;
  /** Every open HTTP/2 session. */
  readonly sessions: ReadonlySet<ServerHttp2Session>;
  /** Undefined: clear text only. */
  readonly tls: TlsLayer | undefined;
}

/** Builds the port over one request handler; the caller binds `server` to an address. */
export function createOnePort(
  handler: http.RequestListener,
  limits: Limits,
  tlsOptions?: TlsOptions,
): OnePort {
  const http1 = http.createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.headersMs + limits.bodyMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: http1CheckMs,
      maxHeaderSize: limits.maxHeaderBytes,
    },
    handler,
  );
  http1.maxHeadersCount = limits.maxHeaderFields;
  endAfterFaults(http1);
  // Node starts the timers behind headersTimeout and requestTimeout on this event, and this server, which is
  // fed by hand, never gets it from a socket of its own.
  http1.emit("listening");

  const h2 = http2.createServer(
    {
      settings: {
        maxConcurrentStreams: limits.maxConcurrentStreams,
        maxHeaderListSize: limits.maxHeaderBytes,
        enablePush: false,
      },
      maxHeaderListPairs: limits.maxHeaderFields,
      maxSessionMemory: limits.maxSessionMemoryMb,
      maxSessionInvalidFrames: limits.maxInvalidFrames,
      maxSessionRejectedStreams: limits.maxRejectedStreams,
      streamResetBurst: limits.streamResetBurst,
      streamResetRate: limits.streamResetPerSecond,
    },
    // Fastify's handler takes the compatibility objects of HTTP/2 as they are; only its type says HTTP/1.
    handler as unknown as (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => void,
  );
  // Node's own answer to `Expect: 100-continue` ends the process when the stream was reset meanwhile.
  h2.on("checkContinue", (request, response) => {
    if (response.stream.destroyed || response.stream.closed) return;
    response.writeContinue();
    h2.emit("request", request, response);
  });
  const sessions = new Set<ServerHttp2Session>();
  h2.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    guardSession(session, limits);
  });

  const tls =
    tlsOptions &&
    createTlsLayer(tlsOptions, limits, (socket, protocol) => {
      // A handshake that ended after the port was closed comes too late for the drain to know of.
      if (!server.listening) socket.destroy();
      else (protocol === "http2" ? h2 : http1).emit("connection", socket);
    });
  const mayBeClear = tlsOptions === undefined || !tlsOptions.required;

  const sockets = new Set<net.Socket>();
  const undecided = new Set<net.Socket>();
  const server = net.createServer({ noDelay: true, keepAlive: true }, (socket) => {
    sockets.add(socket);
    undecided.add(socket);
    socket.on("error", ignorePeerError);
    socket.once("close", () => {
      sockets.delete(socket);
      undecided.delete(socket);
    });
    detectProtocol(socket, limits.firstBytesMs, (protocol) => {
      undecided.delete(socket);
      if (protocol === "tls") {
        if (tls === undefined) socket.destroy();
        else tls.take(socket);
      } else if (mayBeClear) (protocol === "http2" ? h2 : http1).emit("connection", socket);
      else turnAway(socket);
    });
  });
  server.maxConnections = limits.maxConnections;
  return { server, http1, http2: h2, sockets, undecided, sessions, tls };
}

/**
 * Reads until the first bytes differ from the HTTP/2 preface or complete it, puts them back, and reports.
 * A connection that has not decided within the bound, or ends before, is closed without a report.
 */
function detectProtocol(
  socket: net.Socket,
  boundMs: number,
  report: (protocol: "http1" | "http2" | "tls") => void,
): void {
  let seen = Buffer.alloc(0);
  const giveUp = (): void => {
    socket.destroy();
  };
  const timer = setTimeout(giveUp, boundMs);
  const stop = (): void => {
    clearTimeout(timer);
    socket.off("readable", onReadable);
    socket.off("end", giveUp);
    socket.off("close", stop);
  };
  const onReadable = (): void => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    seen = Buffer.concat([seen, chunk]);
    if (seen[0] === TLS_HANDSHAKE) {
      stop();
      socket.unshift(seen);
      report("tls");
      return;
    }
    const compared = Math.min(seen.length, preface.length);
    const matches = seen.subarray(0, compared).equals(preface.subarray(0, compared));
    if (matches && compared < preface.length) return;
    stop();
    socket.unshift(seen);
    report(matches ? "http2" : "http1");
  };
  socket.on("readable", onReadable);
  socket.once("end", giveUp);
  socket.once("close", stop);
}
