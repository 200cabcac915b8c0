import type { ConnectError } from "@connectrpc/connect";
import { type Compression, mergeNonProtocolHeaders } from "@connectrpc/connect/protocol";
import { codeToHttpStatus, errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { COMPRESSED, HEAD_BYTES } from "../envelope.ts";
import type { Format } from "./formats.ts";

/** As Connect's adapter has it: less is not worth it. */
const COMPRESS_MIN_BYTES = 1024;
const NOTHING = Buffer.alloc(0);

/** What is to be sent, without what every answer of the port has. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Fields>;
  readonly body: Uint8Array;
  /** Undefined where the protocol has none. */
  readonly trailers: Readonly<Fields> | undefined;
}

export type Fields = Record<string, string | string[]>;

/** What a handler or the client has asked of the answer. */
export interface ReplyOptions {
  readonly header: Headers | undefined;
  readonly trailer: Headers | undefined;
  /** That the client takes. */
  readonly compression: Compression | undefined;
}

/** @param message may change as soon as this has returned */
export function answerReply(
  format: Format,
  message: Uint8Array,
  { header, trailer, compression }: ReplyOptions,
): Reply | Promise<Reply> {
  if (format.protocol === "grpc") {
    const headers =
      header === undefined ? usualHeaders(format, compression) : named(compression, fieldsOf(header));
    const trailers = trailer === undefined ? format.answerTrailers : fieldsOf(trailer);
    if (compression === undefined || message.length < COMPRESS_MIN_BYTES) {
      return { status: 200, headers, body: envelope(0, message), trailers };
    }
    return compression
      .compress(Buffer.from(message))
      .then((compressed) => ({ status: 200, headers, body: envelope(COMPRESSED, compressed), trailers }));
  }
  const headers: Fields = header === undefined ? { "content-type": format.answerType } : fieldsOf(header);
  if (trailer !== undefined) fieldsOf(trailer, headers, "trailer-");
  return connectReply(200, headers, format.binary ? Buffer.from(message) : message, compression);
}

const usual = new Map<Format, Map<Compression | undefined, Readonly<Fields>>>();

/** Of an answer of gRPC's to which nobody added any: for the same two always the same object, which is encoded once. */
function usualHeaders(format: Format, compression: Compression | undefined): Readonly<Fields> {
  let ofFormat = usual.get(format);
  if (ofFormat === undefined) {
    ofFormat = new Map();
    usual.set(format, ofFormat);
  }
  let headers = ofFormat.get(compression);
  if (headers === undefined) {
    headers = named(compression, { "content-type": format.answerType });
    ofFormat.set(compression, headers);
  }
  return headers;
}

/** With the compression that the client takes, whether or not it is used. */
function named(compression: Compression | undefined, headers: Fields): Fields {
  if (compression !== undefined) headers["grpc-encoding"] = compression.name;
  return headers;
}

export function errorReply(
  format: Format,
  error: ConnectError,
  { header, trailer, compression }: ReplyOptions,
): Reply | Promise<Reply> {
  const own = new Headers(header);
  if (format.protocol === "grpc") {
    own.set("content-type", format.answerType);
    if (compression !== undefined) own.set("grpc-encoding", compression.name);
    const trailers = fieldsOf(setTrailerStatus(new Headers(trailer), error));
    return { status: 200, headers: fieldsOf(own), body: NOTHING, trailers };
  }
  own.set("content-type", "application/json");
  mergeNonProtocolHeaders(own, error.metadata);
  const headers = fieldsOf(own);
  if (trailer !== undefined) fieldsOf(trailer, headers, "trailer-");
  return connectReply(codeToHttpStatus(error.code), headers, errorToJsonBytes(error, undefined), compression);
}

function connectReply(
  status: number,
  headers: Fields,
  body: Uint8Array,
  compression: Compression | undefined,
): Reply | Promise<Reply> {
  if (compression === undefined || body.length < COMPRESS_MIN_BYTES) {
    headers["content-length"] = String(body.length);
    return { status, headers, body, trailers: undefined };
  }
  return compression.compress(body).then((compressed) => {
    headers["content-encoding"] = compression.name;
    headers["content-length"] = String(compressed.length);
    return { status, headers, body: compressed, trailers: undefined };
  });
}

function envelope(flags: number, message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + message.length);
  bytes[0] = flags;
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, HEAD_BYTES);
  return bytes;
}

/** Web headers as Node takes them. */
function fieldsOf(headers: Headers, into: Fields = {}, prefix = ""): Fields {
  headers.forEach((value, name) => {
    const key = prefix + name;
    const before = into[key];
    // Only cookies come one by one.
    if (before === undefined) into[key] = value;
    else into[key] = [before, value].flat();
  });
  return into;
}
