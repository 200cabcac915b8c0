import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { DescMethod } from "@bufbuild/protobuf";
import type { ConnectError, ContextValues } from "@connectrpc/connect";
import { type Compression, compressionNegotiate } from "@connectrpc/connect/protocol";
import { WatchList } from "../../watch-list.ts";
import type { Admit } from "../admission.ts";
import type { CallTable } from "../calls.ts";
import { COMPRESSIONS } from "../envelope.ts";
import type { ServerErrors } from "../errors.ts";
import type { Stream } from "../h2/stream.ts";
import type { Limits } from "../limits.ts";
import { EVERY_HEADER } from "../protocol.ts";
import type { CheckMessage } from "../value-limit.ts";
import { UnaryCall } from "./call.ts";
import { type Format, formatOf } from "./formats.ts";
import { Http1Call } from "./http1-call.ts";
import { Http2Call } from "./http2-call.ts";
import type { LaneMethod, MethodTable } from "./methods.ts";
import { Turn } from "./turn.ts";

/** How long a call is left alone by its limits in time. */
const GRACE_MS = 50;

/** Ways to ask for compression that are remembered; clients have few. */
const MAX_REMEMBERED = 100;

export interface LaneOptions {
  readonly methods: MethodTable;
  readonly calls: CallTable;
  readonly admit: Admit;
  readonly checkMessage: CheckMessage;
  readonly limits: Limits;
  readonly errors: ServerErrors;
  readonly completeError: (error: ConnectError, method: DescMethod, values: ContextValues) => void;
  readonly shutdownSignal: AbortSignal;
  /** Whether HTTP/1 connections are given up with their next answer. */
  readonly closing: () => boolean;
  /** Whether there are browsers' pages to answer: what they send goes to the adapter. */
  readonly cors: boolean;
}

/** What a call needs of its lane. */
export interface LaneContext extends Omit<LaneOptions, "methods" | "calls" | "cors"> {
  /** Headers of every answer but gRPC's. */
  readonly everyHeader: Readonly<Record<string, string>>;
  compressionFor(accepted: string): Compression | undefined;
  readonly watchList: WatchList;
  readonly turn: Turn;
}

/**
 * A short way for unary calls of gRPC and Connect, past all that only streams need. What it does not take is for
 * Connect's adapter, which answers in the same words.
 */
export interface UnaryLane {
  /** Takes the call on a stream, which has yet to begin; undefined: it is for the adapter. */
  takeStream(stream: Stream, headers: IncomingHttpHeaders, socket: Socket): Http2Call | undefined;
  /** Whether the call was taken. */
  takeRequest(request: IncomingMessage, response: ServerResponse): boolean;
}

export function createUnaryLane(options: LaneOptions): UnaryLane {
  const { methods, calls, shutdownSignal, cors } = options;
  shutdownSignal.addEventListener("abort", () => {
    for (const { exchange } of calls)
      if (exchange instanceof UnaryCall) exchange.abort(shutdownSignal.reason);
  });
  const context: LaneContext = {
    ...options,
    everyHeader: { ...EVERY_HEADER, ...(cors ? { vary: "Origin" } : {}) },
    compressionFor: rememberCompressions(),
    watchList: new WatchList(GRACE_MS),
    turn: new Turn(),
  };
  let lastAuthority = "";

  const formatFor = (headers: IncomingHttpHeaders, authority: string | undefined): Format | undefined => {
    const format = formatOf(headers["content-type"]);
    if (format === undefined || headers.expect !== undefined) return undefined;
    if (cors && headers.origin !== undefined) return undefined;
    const encoding = headers[format.encodingHeader];
    if (encoding !== undefined && encoding !== "identity") return undefined;
    // Most calls of a connection, and mostly all of them, name the same host.
    if (authority === undefined) return undefined;
    if (authority !== lastAuthority) {
      if (!URL.canParse(`http://${authority}`)) return undefined;
      lastAuthority = authority;
    }
    return format;
  };
  const entryFor = (method: string | undefined, path: string | undefined): LaneMethod | undefined =>
    method === "POST" && path !== undefined ? methods.at(path) : undefined;

  return {
    takeStream(stream, headers, socket) {
      const {
        ":method": method,
        ":path": path,
        ":authority": authority,
        host,
      } = headers as Record<string, string | undefined>;
      const entry = entryFor(method, path);
      if (entry === undefined) return undefined;
      const format = formatFor(headers, authority ?? host);
      if (format === undefined) return undefined;
      return new Http2Call(context, entry, format, headers, stream, socket);
    },
    takeRequest(request, response) {
      const entry = entryFor(request.method, request.url);
      if (entry === undefined) return false;
      const format = formatFor(request.headers, request.headers.host);
      if (format === undefined || format.protocol === "grpc") return false;
      new Http1Call(context, entry, format, request, response).begin();
      return true;
    },
  };
}

function rememberCompressions(): (accepted: string) => Compression | undefined {
  const known = new Map<string, Compression | undefined>();
  return (accepted) => {
    if (known.has(accepted)) return known.get(accepted);
    const compression = compressionNegotiate(COMPRESSIONS, null, accepted, "").response ?? undefined;
    if (known.size < MAX_REMEMBERED) known.set(accepted, compression);
    return compression;
  };
}
