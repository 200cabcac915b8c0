/** The ways into a port, each as the bytes that a load generator repeats. */
import type { Call } from "./calls.ts";

export interface Protocol {
  readonly name: string;
  readonly http: "1.1" | "2";
  readonly headers: Readonly<Record<string, string>>;
  /** The body of connection `n`. */
  body(call: Call, n: number): Buffer;
}

const CONNECT_JSON = {
  headers: { "content-type": "application/json", "connect-protocol-version": "1" },
  body: (call: Call, n: number) => Buffer.from(call.json(n)),
};

export const GRPC: Protocol = {
  name: "gRPC",
  http: "2",
  headers: { "content-type": "application/grpc", te: "trailers" },
  body: (call, n) => grpcFrame(call.binary(n)),
};
export const CONNECT_BINARY: Protocol = {
  name: "Connect binary, h2",
  http: "2",
  headers: { "content-type": "application/proto", "connect-protocol-version": "1" },
  body: (call, n) => Buffer.from(call.binary(n)),
};
export const CONNECT_JSON_H2: Protocol = { name: "Connect JSON, h2", http: "2", ...CONNECT_JSON };
export const CONNECT_JSON_H1: Protocol = { name: "Connect JSON, HTTP/1.1", http: "1.1", ...CONNECT_JSON };
export const CONNECT_BINARY_H1: Protocol = {
  ...CONNECT_BINARY,
  name: "Connect binary, HTTP/1.1",
  http: "1.1",
};

export const PROTOCOLS: readonly Protocol[] = [
  GRPC,
  CONNECT_BINARY,
  CONNECT_JSON_H2,
  CONNECT_JSON_H1,
  CONNECT_BINARY_H1,
];

/** The same, of callers who show more. */
export function showing(headers: Readonly<Record<string, string>>, protocol: Protocol): Protocol {
  return { ...protocol, headers: { ...protocol.headers, ...headers } };
}

/** One uncompressed message of a gRPC body. */
export function grpcFrame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
