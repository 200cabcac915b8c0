import { once } from "node:events";
import type http from "node:http";
import type { AddressInfo } from "node:net";
import type { ConnectRouter, Interceptor } from "@connectrpc/connect";
import Fastify from "fastify";
import { Health } from "../../gen/health/v1/health_pb.ts";
import type { Authenticate } from "../auth/principal.ts";
import type { CallObserver } from "../observability/calls.ts";
import { AdaptiveLimit, threadClock, watchEventLoop } from "./adaptive-limit.ts";
import { createAdmission } from "./admission.ts";
import { createCheckCaller } from "./caller.ts";
import { CallTable } from "./calls.ts";
import { Crowd } from "./crowd.ts";
import type { DeadlineRule } from "./deadline.ts";
import { createServerErrors } from "./errors.ts";
import { addProbes } from "./health.ts";
import { installHooks } from "./hooks.ts";
import type { Limits } from "./limits.ts";
import type { ServerLog } from "./log.ts";
import { addMetricsPage, type MetricsPage } from "./metrics-page.ts";
import { createOnePort, type OnePort } from "./one-port.ts";
import { createAdmitPage } from "./page-access.ts";
import { addPages, type Pages } from "./pages.ts";
import { PrincipalLimits } from "./principal-limits.ts";
import type { Readiness } from "./readiness.ts";
import { createRpcPlugin } from "./rpc-plugin.ts";
import { sendError } from "./send-error.ts";
import { type DrainResult, drain } from "./shutdown.ts";
import type { TlsMaterial, TlsOptions } from "./tls.ts";
import { putBefore } from "./unary-lane/beside.ts";
import { createUnaryLane } from "./unary-lane/lane.ts";
import { createMessageCheck } from "./value-limit.ts";

/** Calls at work that an overloaded process still takes. */
const MIN_IN_FLIGHT = 128;
/** Calls that one turn of the event loop takes: health, and the calls of others, wait for the end of the turn. */
const MAX_IN_TURN = 64;
/** How often it is looked which calls only wait for their peers. */
const LOOK_FOR_IDLE_MS = 20;

export interface ServerOptions {
  /** Registers the application's services. Their methods are health-checked and reflected by this alone. */
  readonly routes: (router: ConnectRouter) => void;
  /**
   * Around every method of `routes`, the first outermost; health and reflection are without. They see what a
   * handler throws, in unary calls from `next(request)` and in streams from the response's `message`, and the
   * errors of an exceeded deadline and of a shutdown. What fails before a message is there (a malformed frame,
   * bad JSON, a body that is too large or too slow, a shed call) is answered without them.
   */
  readonly interceptors: readonly Interceptor[];
  /** Whether unary calls of gRPC and Connect go a short way of their own; otherwise Connect's adapter answers all. */
  readonly unaryLane: boolean;
  readonly limits: Limits;
  /** Origins (`https://host:port`) whose pages may call; none by default. */
  readonly corsOrigins?: readonly string[];
  /** JSON documents for every known caller, by their paths, such as a description of the API; none by default. */
  readonly documents?: Readonly<Record<string, object>>;
  /** Served to browsers beside the calls; nothing by default. */
  readonly pages?: Pages | undefined;
  readonly readiness: Readiness;
  readonly log: ServerLog;
  /**
   * The `domain` of google.rpc.ErrorInfo in the errors that the port itself makes. Without it those have no details, and
   * what Connect cannot read is answered in Connect's own words.
   */
  readonly errorDomain?: string;
  /** A rule of its own for a unary method by path (`/package.Service/Method`); otherwise the limits' deadlines. */
  readonly deadlineFor?: (path: string) => DeadlineRule | undefined;
  /** How many values a method's message may hold, by path; otherwise as many as the limits say. */
  readonly valuesFor?: (path: string) => number | undefined;
  /** Whether a method's large messages make so much work that they take turns, by path; none do by default. */
  readonly takesTurns?: (path: string) => boolean;
  /** Finds out who calls; without it everybody may. Health and the probes are for everybody in any case. */
  readonly authenticate?: Authenticate;
  /** Without it the port speaks clear text only. */
  readonly tls?: TlsOptions | undefined;
  /** Told of every call, also of those that are refused or cannot be read. */
  readonly observer?: CallObserver;
  /** What /metrics answers with; without it there is no such page. */
  readonly metrics?: MetricsPage;
}

/** What the port holds at the moment. */
export interface Load {
  readonly connections: number;
  /** Calls at work. */
  readonly working: number;
  /** Calls that wait for something to happen: streams and long polls. */
  readonly waiting: number;
}

export interface Server {
  /** Binds the port; 0 takes a free one. Rejects with Node's error (EADDRINUSE, EACCES, ...). Once only. */
  listen(host: string, port: number): Promise<{ readonly host: string; readonly port: number }>;
  /** Drains and closes within the bound (ms); a repeated call returns the first one's promise. */
  close(timeoutMs: number): Promise<DrainResult>;
  /** Another certificate, for connections from now on. Throws for one that cannot be used; no effect without TLS. */
  renewTls(material: TlsMaterial): void;
  load(): Load;
}

/**
 * One port for gRPC, gRPC-Web, Connect (binary, JSON, GET), health, reflection, /livez and /readyz,
 * over HTTP/1.1 and HTTP/2,
 * in clear text and over TLS.
 */
export async function createServer(options: ServerOptions): Promise<Server> {
  const { limits, readiness, log, observer, metrics, corsOrigins = [] } = options;
  const errors = createServerErrors(options.errorDomain);
  const shutdown = new AbortController();
  let closing: Promise<DrainResult> | undefined;
  const isClosing = (): boolean => closing !== undefined;
  let onePort: OnePort | undefined;

  const app = Fastify({
    logger: false,
    // For a malformed path, which no hook sees.
    frameworkErrors: (error, request, reply) =>
      sendError(request, reply, errors.malformed(error.message), error.statusCode ?? 400),
    serverFactory: (handler) => {
      onePort = createOnePort(handler, limits, options.tls);
      // Fastify asks for no more of it than a net.Server has.
      return onePort.server as http.Server;
    },
  });
  if (onePort === undefined) throw new Error("Fastify did not make the server");
  const port: OnePort = onePort;
  const load = new AdaptiveLimit({
    min: Math.min(MIN_IN_FLIGHT, limits.maxInFlight),
    max: limits.maxInFlight,
    targetMs: limits.loopDelayMs,
  });
  const clock = threadClock();
  const calls = new CallTable(() => crowd.ended());
  const crowd = new Crowd({
    now: clock.now,
    hasRoom: (takenInTurn) => takenInTurn < MAX_IN_TURN && load.takes(calls.count(false)),
  });
  const stopWatching = watchEventLoop(load, clock);
  const lookForIdle = setInterval(() => {
    if (calls.lookForIdle(limits.maxWaiting)) crowd.ended();
  }, LOOK_FOR_IDLE_MS).unref();
  const { authenticate } = options;
  const principals = new PrincipalLimits(limits, clock.now);
  const admit = createAdmission({
    limits,
    errors,
    calls,
    crowd,
    checkCaller: createCheckCaller({ authenticate, principals, errors }),
    deadlineFor: options.deadlineFor ?? (() => undefined),
    exempt: (method) => method.parent === Health,
    observer,
  });
  const checkMessage = createMessageCheck({
    limits,
    errors,
    valuesFor: options.valuesFor ?? (() => undefined),
    takesTurns: options.takesTurns ?? (() => false),
    now: clock.now,
  });
  const rpc = createRpcPlugin({
    routes: options.routes,
    interceptors: options.interceptors,
    limits,
    readiness,
    shutdownSignal: shutdown.signal,
    errors,
  });
  await installHooks(app, {
    admit,
    admitPage: createAdmitPage(
      authenticate,
      errors,
      options.pages?.prefix,
      Object.keys(options.documents ?? {}),
    ),
    rpc,
    checkMessage,
    limits,
    errors,
    log,
    corsOrigins,
    closing: isClosing,
    observer,
  });
  addProbes(app, readiness);
  for (const [path, document] of Object.entries(options.documents ?? {})) app.get(path, () => document);
  if (options.pages !== undefined) await addPages(app, options.pages);
  if (metrics !== undefined) addMetricsPage(app, metrics);
  await app.register(rpc.plugin);
  await app.ready();
  if (options.unaryLane) {
    const lane = createUnaryLane({
      methods: rpc.methods,
      completeError: rpc.completeError,
      calls,
      admit,
      checkMessage,
      limits,
      errors,
      shutdownSignal: shutdown.signal,
      closing: isClosing,
      cors: corsOrigins.length > 0,
    });
    putBefore(lane, port.http1);
    port.useLane(lane);
  }

  const close = async (timeoutMs: number): Promise<DrainResult> => {
    const abortCalls = (error: Error): void => shutdown.abort(error);
    const result = await drain({ port, calls, readiness, errors, abortCalls, timeoutMs });
    await app.close();
    stopWatching();
    clearInterval(lookForIdle);
    log.info(result, "port closed");
    return result;
  };
  return {
    listen: async (host, portNumber) => {
      // Not Fastify's listen: that opens a second server for the other address of "localhost".
      port.server.listen(portNumber, host);
      await once(port.server, "listening");
      const address = port.server.address() as AddressInfo;
      return { host: address.address, port: address.port };
    },
    renewTls: (material) => port.tls?.renew(material),
    close: (timeoutMs) => {
      closing ??= close(timeoutMs);
      return closing;
    },
    load: () => ({
      connections: port.sockets.size,
      working: calls.count(false),
      waiting: calls.count(true),
    }),
  };
}
