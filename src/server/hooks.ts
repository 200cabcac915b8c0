import { Code, ConnectError, cors } from "@connectrpc/connect";
import fastifyCors from "@fastify/cors";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { CallObserver } from "../observability/calls.ts";
import { codeName, methodName } from "../rpc/observed-call.ts";
import type { Admit, Admitted } from "./admission.ts";
import { endUnreadBody } from "./body.ts";
import type { ServerErrors } from "./errors.ts";
import type { Limits } from "./limits.ts";
import type { ServerLog } from "./log.ts";
import { EVERY_HEADER, protocolOf } from "./protocol.ts";
import { isHttp2Request, nameFailedWrites } from "./raw.ts";
import { RawExchange } from "./raw-exchange.ts";
import type { RpcPlugin } from "./rpc-plugin.ts";
import { sendError } from "./send-error.ts";
import { type CheckMessage, checkedBody } from "./value-limit.ts";

/** How long (s) a browser may remember a preflight's answer. */
const preflightMaxAgeS = 7_200;

export interface HookOptions {
  readonly admit: Admit;
  readonly rpc: Pick<RpcPlugin, "methodAt" | "takes" | "prepare">;
  readonly checkMessage: CheckMessage;
  /** The error to answer a page with that is not for everybody. */
  readonly admitPage: (
    path: string,
    request: FastifyRequest,
  ) => ConnectError | undefined | Promise<ConnectError | undefined>;
  readonly limits: Limits;
  readonly errors: ServerErrors;
  readonly log: ServerLog;
  readonly corsOrigins: readonly string[];
  /** Whether the port is closing, so that kept HTTP/1 connections are given up with their next answer. */
  readonly closing: () => boolean;
  readonly observer: CallObserver | undefined;
}

/** Everything that happens to a request before its handler, in order, for calls and plain pages alike. */
export async function installHooks(app: FastifyInstance, options: HookOptions): Promise<void> {
  const { admit, admitPage, rpc, checkMessage, limits, errors, log, corsOrigins, closing, observer } =
    options;
  const bodies = new WeakMap<FastifyRequest, () => AsyncIterable<Uint8Array>>();

  /** Answers what is no call of a method that is served. */
  const refuse = (
    request: FastifyRequest,
    reply: FastifyReply,
    error: ConnectError,
    status?: number,
    method = "unknown",
  ): void => {
    const { headers } = request.raw;
    observer?.refused({ method, protocol: protocolOf(headers), headers }, codeName(error.code));
    sendError(request, reply, error, status);
  };

  // Connect knows better than Fastify which content types a method takes.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null, undefined));

  app.addHook("onRequest", (request, reply, done) => {
    endUnreadBody(request.raw, reply.raw);
    if (protocolOf(request.headers) !== "grpc") reply.headers(EVERY_HEADER);
    if (closing() && !isHttp2Request(request.raw)) reply.header("connection", "close");
    done();
  });
  if (corsOrigins.length > 0) {
    await app.register(fastifyCors, {
      origin: [...corsOrigins],
      methods: [...cors.allowedMethods],
      allowedHeaders: [...cors.allowedHeaders, "Authorization"],
      exposedHeaders: [...cors.exposedHeaders],
      maxAge: preflightMaxAgeS,
    });
  }
  app.addHook("onRequest", (request, reply, done) => {
    const path = request.routeOptions.url;
    if (request.is404 || path === undefined) {
      return refuse(request, reply, errors.unknownMethod(request.url.split("?", 1)[0] ?? ""), 404);
    }
    const method = rpc.methodAt(path);
    if (method !== undefined) {
      // Connect builds a URL out of the host, and leaves the call without an answer when that fails.
      if (!hasValidAuthority(request)) {
        const error = errors.malformed("the request's host is missing or malformed", "host");
        return refuse(request, reply, error, undefined, methodName(method));
      }
      const type = request.headers["content-type"];
      if (errors.domain !== undefined && request.method === "POST" && !rpc.takes(path, type)) {
        const message = `no protocol of this method has the content-type ${type?.slice(0, 100) ?? "(none)"}`;
        return refuse(request, reply, errors.malformed(message, "content-type"), 415, methodName(method));
      }
      nameFailedWrites(reply.raw);
      const exchange = new RawExchange(request.raw, reply.raw, limits, errors);
      const settle = ({ refusal, values }: Admitted): void => {
        rpc.prepare(request, values, refusal);
        const call = { method, path, headers: request.raw.headers, checkMessage, limits, exchange };
        bodies.set(request, () => checkedBody(exchange.body(), call));
        done();
      };
      const admitted = admit(method, path, exchange);
      if (admitted instanceof Promise) admitted.then(settle, done);
      else settle(admitted);
      return;
    }
    const settle = (refusal: ConnectError | undefined): void => {
      if (refusal === undefined) done();
      else refuse(request, reply, refusal);
    };
    const refusal = admitPage(path, request);
    if (refusal instanceof Promise) refusal.then(settle, done);
    else settle(refusal);
  });
  app.addHook("preHandler", (request, _reply, done) => {
    const body = bodies.get(request);
    // The Connect plugin takes an iterable body in place of the raw request.
    if (body !== undefined) request.body = body();
    done();
  });

  app.setErrorHandler((error, request, reply) => {
    const status = statusOf(error);
    if (status < 500) {
      const message = error instanceof Error ? error.message : "bad request";
      return sendError(request, reply, errors.malformed(message), status);
    }
    log.error({ err: error, path: request.routeOptions.url }, "request failed outside of a handler");
    sendError(request, reply, new ConnectError("internal error", Code.Internal), 500);
  });
}

function hasValidAuthority({ raw }: FastifyRequest): boolean {
  const authority = isHttp2Request(raw) ? raw.authority : raw.headers.host;
  return typeof authority === "string" && URL.canParse(`http://${authority}`);
}

function statusOf(error: unknown): number {
  if (typeof error !== "object" || error === null || !("statusCode" in error)) return 500;
  return typeof error.statusCode === "number" ? error.statusCode : 500;
}
