import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { ClientCertificate } from "../auth/principal.ts";
import { type Exchange, socketOf } from "./exchange.ts";

/** One for each connection: a certificate does not change while it lasts. */
const known = new WeakMap<object, ClientCertificate | undefined>();

/** The certificate that the connection's client showed, if the authority that the port trusts vouches for it. */
export function clientCertificateOf(connection: Exchange["connection"]): ClientCertificate | undefined {
  const socket = socketOf(connection);
  if (connection === undefined || socket === undefined) return undefined;
  if (!known.has(connection)) known.set(connection, certificateOf(socket));
  return known.get(connection);
}

/** What a socket of TLS has beside others; `in` would not find it behind the session of HTTP/2. */
type MaybeSecured = Socket & Partial<Pick<TLSSocket, "authorized" | "getPeerX509Certificate">>;

function certificateOf(socket: MaybeSecured): ClientCertificate | undefined {
  // Without a certificate, or with one that nobody vouches for, a connection is not authorized.
  if (socket.authorized !== true) return undefined;
  const certificate = socket.getPeerX509Certificate?.();
  if (certificate === undefined) return undefined;
  return {
    // Node escapes commas and control characters within the parts, which stand on lines of their own.
    subject: certificate.subject.split("\n").join(","),
    alternativeNames: alternativeNamesIn(certificate.subjectAltName ?? ""),
  };
}

/** Names with characters that could be taken for another name are in quotes, and are left out. */
export function alternativeNamesIn(text: string): readonly string[] {
  const unquoted = text.replace(/"(?:[^"\\]|\\.)*"/g, '"');
  return unquoted.split(", ").filter((name) => name !== "" && !name.includes('"'));
}
