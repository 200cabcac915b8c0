// The service that Connect's conformance suite calls: it answers as each request tells it to, and tells what it has seen.
import { setTimeout as delay } from "node:timers/promises";
import { create, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import { type Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import {
  type BidiStreamRequest,
  BidiStreamRequestSchema,
  ClientStreamRequestSchema,
  type ConformancePayload_RequestInfo,
  ConformancePayload_RequestInfoSchema,
  type ConformanceService,
  type Error as ErrorDefinition,
  type Header,
  IdempotentUnaryRequestSchema,
  ServerStreamRequestSchema,
  type StreamResponseDefinition,
  UnaryRequestSchema,
  type UnaryResponseDefinition,
} from "./gen/connectrpc/conformance/v1/service_pb.ts";

/** Sees that a client whose call goes on for long enough asked for a time. */
export const DEFAULT_DEADLINE_MS = 1_234_567;

export const conformanceService: Partial<ServiceImpl<typeof ConformanceService>> = {
  unary: (request, context) =>
    unary(request.responseDefinition, packed(UnaryRequestSchema, [request]), context),

  idempotentUnary: (request, context) =>
    unary(request.responseDefinition, packed(IdempotentUnaryRequestSchema, [request]), context),

  async clientStream(requests, context) {
    const received = await Array.fromAsync(requests);
    return unary(received[0]?.responseDefinition, packed(ClientStreamRequestSchema, received), context);
  },

  async *serverStream(request, context) {
    const { responseDefinition: definition } = request;
    if (definition === undefined) return;
    addHeaders(definition, context);
    const info = infoOf(context, packed(ServerStreamRequestSchema, [request]));
    yield* answers(definition, 0, info, context.signal);
  },

  async *bidiStream(requests, context) {
    let definition: StreamResponseDefinition | undefined;
    let unseen: BidiStreamRequest[] = [];
    let fullDuplex = false;
    let sent = 0;
    for await (const request of requests) {
      if (definition === undefined) {
        definition = request.responseDefinition;
        fullDuplex = request.fullDuplex;
        if (definition !== undefined) addHeaders(definition, context);
      }
      unseen.push(request);
      if (!fullDuplex) continue;
      const data = definition?.responseData[sent];
      if (definition === undefined || data === undefined) break;
      await pause(definition.responseDelayMs, context.signal);
      const seen = packed(BidiStreamRequestSchema, unseen);
      unseen = [];
      yield { payload: { data, requestInfo: sent === 0 ? infoOf(context, seen) : { requests: seen } } };
      sent += 1;
    }
    if (definition === undefined) return;
    const info = infoOf(context, packed(BidiStreamRequestSchema, unseen));
    yield* answers(definition, sent, info, context.signal);
  },
};

async function unary(
  definition: UnaryResponseDefinition | undefined,
  requests: Any[],
  context: HandlerContext,
): Promise<{ payload: { data?: Uint8Array; requestInfo: ConformancePayload_RequestInfo } }> {
  const requestInfo = infoOf(context, requests);
  if (definition === undefined) return { payload: { requestInfo } };
  addHeaders(definition, context);
  await pause(definition.responseDelayMs, context.signal);
  const { response } = definition;
  if (response.case === "error") throw failure(response.value, requestInfo);
  return { payload: { requestInfo, ...(response.case === "responseData" && { data: response.value }) } };
}

/** The answers of a stream from the given one on. */
async function* answers(
  { responseData, responseDelayMs, error }: StreamResponseDefinition,
  sent: number,
  requestInfo: ConformancePayload_RequestInfo,
  signal: AbortSignal,
) {
  for (const [index, data] of responseData.entries()) {
    if (index < sent) continue;
    await pause(responseDelayMs, signal);
    yield { payload: { data, ...(index === 0 && { requestInfo }) } };
  }
  if (error !== undefined)
    throw failure(error, responseData.length === 0 && sent === 0 ? requestInfo : undefined);
}

/** Rejects with the signal's own reason, which is the error to answer with. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}

function failure(
  { code, message, details }: ErrorDefinition,
  requestInfo: ConformancePayload_RequestInfo | undefined,
): ConnectError {
  const error = new ConnectError(message ?? "", code as number as Code);
  const all =
    requestInfo === undefined
      ? details
      : [...details, anyPack(ConformancePayload_RequestInfoSchema, requestInfo)];
  error.details = all.map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
    value,
  }));
  return error;
}

function infoOf(context: HandlerContext, requests: Any[]): ConformancePayload_RequestInfo {
  const { requestHeader, requestMethod, url } = context;
  const timeoutMs = context.timeoutMs();
  const query = [...new URL(url).searchParams];
  return create(ConformancePayload_RequestInfoSchema, {
    requestHeaders: headersOf([...requestHeader]),
    requests,
    ...(timeoutMs !== undefined &&
      timeoutMs < DEFAULT_DEADLINE_MS - 60_000 && { timeoutMs: BigInt(timeoutMs) }),
    ...(requestMethod === "GET" && { connectGetInfo: { queryParams: headersOf(query) } }),
  });
}

const headersOf = (entries: readonly [string, string][]) =>
  entries.map(([name, value]) => ({ name, value: [value] }));

function addHeaders(
  { responseHeaders, responseTrailers }: { responseHeaders: Header[]; responseTrailers: Header[] },
  { responseHeader, responseTrailer }: HandlerContext,
): void {
  for (const { name, value } of responseHeaders) for (const each of value) responseHeader.append(name, each);
  for (const { name, value } of responseTrailers)
    for (const each of value) responseTrailer.append(name, each);
}

const packed = <Desc extends DescMessage>(desc: Desc, messages: readonly MessageShape<Desc>[]): Any[] =>
  messages.map((message) => anyPack(desc, message));
