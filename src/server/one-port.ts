import http from "node:http";
import http2, { type ServerHttp2Session } from "node:http2";
import net from "node:net";
import type { Duplex } from "node:stream";
import { Http2Connection } from "./h2/connection.ts";
import { PREFACE } from "./h2/frames.ts";
import { closeGracefully, guardSession, guardStreams } from "./h2-session.ts";
import { endAfterFaults } from "./http1-faults.ts";
import type { Limits } from "./limits.ts";
import { clientSockets, ignorePeerError } from "./raw.ts";
import { createTlsLayer, TLS_HANDSHAKE, type TlsLayer, type TlsOptions, turnAway } from "./tls.ts";
import type { UnaryLane } from "./unary-lane/lane.ts";
import { Turn } from "./unary-lane/turn.ts";

/** How often HTTP/1 connections are checked against their time limits. */
const http1CheckMs = 500;

/** One listener for HTTP/1.1 and HTTP/2, in clear text and over TLS, and what a shutdown must know of it. */
export interface OnePort {
  /** The listener. It alone is bound to an address. */
  readonly server: net.Server;
  readonly http1: http.Server;
  /** Every open connection. */
  readonly sockets: ReadonlySet<net.Socket>;
  /** Connections that have not yet shown their protocol. */
  readonly undecided: ReadonlySet<net.Socket>;
  /** Every open connection of HTTP/2, which can be asked to go. */
  readonly http2Connections: ReadonlySet<{ closeGracefully(): void }>;
  /** Undefined: clear text only. */
  readonly tls: TlsLayer | undefined;
  /** Has it asked about the calls on HTTP/2 connections from now on. */
  useLane(lane: UnaryLane): void;
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

  const settings = {
    maxConcurrentStreams: limits.maxConcurrentStreams,
    maxHeaderListSize: limits.maxHeaderBytes,
    enablePush: false,
  };
  const packedSettings = http2.getPackedSettings(settings);
  const h2 = http2.createServer(
    {
      settings,
      // Calls beside its sessions write header blocks, too, and could not tell what the client's table holds.
      maxDeflateDynamicTableSize: 0,
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
  const connections = new Set<{ closeGracefully(): void }>();
  let lane: UnaryLane | undefined;
  const turn = new Turn();
  /** The session that Node makes of a connection, as it makes it. */
  let made: ServerHttp2Session | undefined;
  h2.on("session", (session) => {
    made = session;
  });
  const sessionOn = (stream: Duplex): ServerHttp2Session => {
    made = undefined;
    h2.emit("connection", stream);
    if (made === undefined) throw new Error("Node made no session");
    return made;
  };
  const takeHttp2 = (socket: net.Socket): void => {
    let connection: { closeGracefully(): void };
    if (lane === undefined) {
      const session = sessionOn(socket);
      guardSession(session, limits);
      connection = { closeGracefully: () => closeGracefully(session) };
    } else {
      const adapt = (pipe: Duplex): ServerHttp2Session => {
        const session = sessionOn(pipe);
        guardStreams(session);
        clientSockets.set(session, socket);
        return session;
      };
      connection = new Http2Connection(socket, {
        limits,
        lane,
        turn,
        settings: packedSettings,
        adapt,
      });
    }
    connections.add(connection);
    socket.once("close", () => connections.delete(connection));
  };
  const take = (socket: net.Socket, protocol: "http1" | "http2"): void => {
    if (protocol === "http2") takeHttp2(socket);
    else http1.emit("connection", socket);
  };

  const tls =
    tlsOptions &&
    createTlsLayer(tlsOptions, limits, (socket, protocol) => {
      // A handshake that ended after the port was closed comes too late for the drain to know of.
      if (!server.listening) socket.destroy();
      else take(socket, protocol);
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
      } else if (mayBeClear) take(socket, protocol);
      else turnAway(socket);
    });
  });
  server.maxConnections = limits.maxConnections;
  return {
    server,
    http1,
    sockets,
    undecided,
    http2Connections: connections,
    tls,
    useLane: (used) => {
      lane = used;
    },
  };
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
    const compared = Math.min(seen.length, PREFACE.length);
    const matches = seen.subarray(0, compared).equals(PREFACE.subarray(0, compared));
    if (matches && compared < PREFACE.length) return;
    stop();
    socket.unshift(seen);
    report(matches ? "http2" : "http1");
  };
  socket.on("readable", onReadable);
  socket.once("end", giveUp);
  socket.once("close", stop);
}
