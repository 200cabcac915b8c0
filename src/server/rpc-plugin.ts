import type { DescMethod, DescService } from "@bufbuild/protobuf";
import {
  type ConnectError,
  type ConnectRouter,
  type ConnectRouterOptions,
  type ContextValues,
  createContextKey,
  createContextValues,
  type Interceptor,
} from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { fastifyConnectPlugin } from "@connectrpc/connect-fastify";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Health } from "../../gen/health/v1/health_pb.ts";
import { observeCalls } from "../rpc/interceptors/observe.ts";
import { boundedCall } from "./bounded-call.ts";
import type { ServerErrors } from "./errors.ts";
import { addHealth } from "./health.ts";
import type { Limits } from "./limits.ts";
import type { Readiness } from "./readiness.ts";
import { addReflection } from "./reflection.ts";
import { MethodTable } from "./unary-lane/methods.ts";
import { createUnreadCalls, type UnreadCalls } from "./unread-calls.ts";

export interface RpcPluginOptions {
  readonly routes: (router: ConnectRouter) => void;
  readonly interceptors: readonly Interceptor[];
  readonly limits: Limits;
  readonly readiness: Readiness;
  /** Aborted with the error that clients are to see. */
  readonly shutdownSignal: AbortSignal;
  readonly errors: ServerErrors;
}

/** The Connect plugin, and what the hooks before it must know of it. */
export interface RpcPlugin {
  readonly plugin: (app: FastifyInstance) => Promise<void>;
  /** The method at a path, once the plugin is registered. */
  methodAt(path: string): DescMethod | undefined;
  /** Whether the method at a path can be called with a body of the type. */
  takes(path: string, contentType: string | undefined): boolean;
  /** The unary ones for a faster way beside the plugin. */
  readonly methods: MethodTable;
  /** Completes an error that was made before or after a handler. */
  readonly completeError: UnreadCalls["complete"];
  /**
   * Gives the call of a request what its interceptors may know. With a refusal, Connect answers with that, in the
   * request's protocol and without reading the body.
   */
  prepare(request: FastifyRequest, values: ContextValues, refusal: ConnectError | undefined): void;
}

const refusalKey = createContextKey<ConnectError | undefined>(undefined);

export function createRpcPlugin(options: RpcPluginOptions): RpcPlugin {
  const { routes, interceptors, limits, readiness, shutdownSignal, errors } = options;
  const unread = createUnreadCalls(errors);
  const handlers = new Map<string, UniversalHandler>();
  const prepared = new WeakMap<FastifyRequest, ContextValues>();

  const around = [observeCalls, ...interceptors];
  const { readMaxBytes, writeMaxBytes } = limits;
  const { jsonOptions, complete: completeError } = unread;
  const methods = new MethodTable({ interceptors: around, jsonOptions, readMaxBytes, writeMaxBytes });

  const allRoutes = (adapter: ConnectRouter): void => {
    const router = methods.beside(adapter);
    routes(router);
    const services: DescService[] = [...new Set(router.handlers.map((handler) => handler.service))];
    addHealth(
      router,
      readiness,
      services.map((service) => service.typeName),
    );
    addReflection(router, [...services, Health]);
    unread.know(services);
    for (const handler of router.handlers) handlers.set(handler.requestPath, handler);
  };
  const routerOptions: ConnectRouterOptions = {
    interceptors: [...around, boundedCall(limits.settleMs)],
    readMaxBytes,
    writeMaxBytes,
    jsonOptions,
    shutdownSignal,
    requestGate: (context) => {
      const refusal = context.values.get(refusalKey);
      if (refusal !== undefined) throw refusal;
      unread.watch(context);
    },
  };
  return {
    plugin: async (app) => {
      await app.register(fastifyConnectPlugin, {
        ...routerOptions,
        routes: allRoutes,
        contextValues: (request) => prepared.get(request) ?? createContextValues(),
      });
    },
    methodAt: (path) => handlers.get(path)?.method,
    takes: (path, contentType) => handlers.get(path)?.supportedContentType(contentType ?? null) === true,
    methods,
    completeError,
    prepare: (request, values, refusal) => prepared.set(request, values.set(refusalKey, refusal)),
  };
}
