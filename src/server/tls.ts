import type net from "node:net";
import tls from "node:tls";
import type { Limits } from "./limits.ts";
import { ignorePeerError } from "./raw.ts";

/** In PEM form. */
export interface TlsMaterial {
  /** The port's own certificate, followed by those that it needs on the way to its authority's. */
  readonly cert: string;
  readonly key: string;
  /** Authorities of client certificates; undefined: clients are not asked for one. */
  readonly clientCa: string | undefined;
}

export interface TlsOptions {
  readonly material: TlsMaterial;
  /** Whether clear text is turned away. */
  readonly required: boolean;
  /** With a `clientCa`: nobody connects without a certificate, or those who have one show it. */
  readonly clientCert: "request" | "require";
}

/** Takes connections that begin with a TLS handshake, and hands on what is inside. */
export interface TlsLayer {
  take(socket: net.Socket): void;
  /** For handshakes from now on; connections that are open stay as they are. Throws for what does not fit together. */
  renew(material: TlsMaterial): void;
}

/** The first byte of a TLS record that holds a handshake. Neither HTTP begins so. */
export const TLS_HANDSHAKE = 0x16;

export function createTlsLayer(
  { material, clientCert }: TlsOptions,
  limits: Limits,
  secured: (socket: tls.TLSSocket, protocol: "http1" | "http2") => void,
): TlsLayer {
  const server = tls.createServer({
    ...contextOf(material),
    ALPNProtocols: ["h2", "http/1.1"],
    handshakeTimeout: limits.headersMs,
    requestCert: material.clientCa !== undefined,
    // Otherwise a certificate that nobody vouches for counts as none.
    rejectUnauthorized: clientCert === "require",
  });
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  server.on("secureConnection", (socket) => {
    socket.on("error", ignorePeerError);
    secured(socket, socket.alpnProtocol === "h2" ? "http2" : "http1");
  });
  return {
    take: (socket) => void server.emit("connection", socket),
    renew: (renewed) => server.setSecureContext(contextOf(renewed)),
  };
}

/** Throws for a certificate and a key that do not belong together. */
export function checkTlsMaterial(material: TlsMaterial): void {
  tls.createSecureContext(contextOf(material));
}

function contextOf({ cert, key, clientCa }: TlsMaterial): tls.SecureContextOptions {
  return { cert, key, minVersion: "TLSv1.2", ...(clientCa === undefined ? {} : { ca: clientCa }) };
}

const PLAIN_ANSWER = "this port speaks TLS only\n";

/** Tells a client that speaks clear text where it must not; a browser or curl shows it. */
export function turnAway(socket: net.Socket): void {
  socket.end(
    "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: text/plain\r\n" +
      `content-length: ${PLAIN_ANSWER.length}\r\n\r\n${PLAIN_ANSWER}`,
    () => socket.destroy(),
  );
}
