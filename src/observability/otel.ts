/** Traces by OpenTelemetry's SDK. Loaded only where traces are wanted (tracing.ts). */
import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as delay } from "node:timers/promises";
import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import {
  defaultResource,
  detectResources,
  envDetector,
  hostDetector,
  processDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor, type Sampler } from "@opentelemetry/sdk-trace-base";
import {
  ATTR_DB_COLLECTION_NAME,
  ATTR_DB_OPERATION_NAME,
  ATTR_DB_SYSTEM_NAME,
  ATTR_ERROR_TYPE,
  ATTR_RPC_METHOD,
  ATTR_RPC_STATUS_CODE,
  ATTR_RPC_SYSTEM_NAME,
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_VERSION,
} from "@opentelemetry/semantic-conventions";
import { ServiceError } from "../errors.ts";
import { Roots, samplerOf, takes } from "./sampling.ts";
import type { CallTrace, OtelEnvironment, Protocol, RequestHeaders, StoreFacts, Tracing } from "./tracing.ts";

/** How long the last spans may take to leave: a collector that is away must not hold up the end of the process. */
const LAST_SPANS_MS = 2_000;
const SERVICE_NAME = "database-connections";
const RPC_SYSTEMS: Readonly<Record<Protocol, string>> = {
  grpc: "grpc",
  grpc_web: "grpc",
  connect: "connectrpc",
};
/** Codes that say that the server failed, and not that the caller asked for what cannot be had. */
const SERVER_FAULTS: ReadonlySet<string> = new Set([
  "UNKNOWN",
  "DEADLINE_EXCEEDED",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
]);

const HEADERS: TextMapGetter<RequestHeaders> = {
  keys: (headers) => Object.keys(headers),
  get: (headers, name) => headers[name],
};

export function createTracing(
  environment: OtelEnvironment,
  service: { readonly version: string; readonly instanceId: string },
): Tracing {
  const roots = new Roots();
  const provider = new BasicTracerProvider({
    idGenerator: roots,
    resource: resourceOf(service),
    spanProcessors: [new BatchSpanProcessor(exporterOf(environment))],
  });
  const tracer = provider.getTracer("database-connections", service.version);
  return new OtelTracing(tracer, roots, () => provider.shutdown());
}

function exporterOf(environment: OtelEnvironment): ProtobufExporter | JsonExporter {
  const { OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: ofTraces, OTEL_EXPORTER_OTLP_PROTOCOL: ofAll } = environment;
  return (ofTraces || ofAll) === "http/json" ? new JsonExporter() : new ProtobufExporter();
}

/** What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say goes before what is known here. */
function resourceOf({ version, instanceId }: { readonly version: string; readonly instanceId: string }) {
  const known = resourceFromAttributes({
    [ATTR_SERVICE_NAME]: SERVICE_NAME,
    [ATTR_SERVICE_VERSION]: version,
    [ATTR_SERVICE_INSTANCE_ID]: instanceId,
  });
  const detectors = [hostDetector, processDetector, envDetector];
  return defaultResource().merge(known).merge(detectResources({ detectors }));
}

/** A call that the sampler did not take: there is nothing of it but the id that its line in the log has. */
class UnsampledCall implements CallTrace {
  readonly traceId: string;

  constructor(traceId: string) {
    this.traceId = traceId;
  }

  run<T>(work: () => T): T {
    return work();
  }

  end(): void {}
}

class OtelTracing implements Tracing {
  readonly #tracer: Tracer;
  readonly #sampler: Sampler;
  readonly #roots: Roots;
  readonly #shutdown: () => Promise<void>;
  readonly #propagator = new W3CTraceContextPropagator();
  /** The span of the call that is being handled, when it is recorded. */
  readonly #current = new AsyncLocalStorage<Span>();

  constructor(tracer: Tracer, roots: Roots, shutdown: () => Promise<void>) {
    this.#tracer = tracer;
    this.#sampler = samplerOf(tracer);
    this.#roots = roots;
    this.#shutdown = shutdown;
  }

  startCall(method: string, protocol: Protocol, headers: RequestHeaders): CallTrace {
    const parent = this.#parentOf(headers);
    const parentId = trace.getSpanContext(parent)?.traceId;
    const { traceId, taken } =
      parentId === undefined
        ? this.#roots.next(this.#sampler)
        : { traceId: parentId, taken: takes(this.#sampler, parent, parentId) };
    if (!taken) return new UnsampledCall(traceId);
    const attributes = { [ATTR_RPC_SYSTEM_NAME]: RPC_SYSTEMS[protocol], [ATTR_RPC_METHOD]: method };
    const span = this.#tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, parent);
    return {
      traceId,
      run: (work) => this.#current.run(span, work),
      end: (code) => endCall(span, code),
    };
  }

  isRecording(): boolean {
    // Work that a call left behind, such as a shared poll, is not the call's any more.
    return this.#current.getStore()?.isRecording() === true;
  }

  async operation<T>(
    { role, kind }: StoreFacts,
    operation: string,
    collection: string | undefined,
    run: () => Promise<T>,
  ): Promise<T> {
    const parent = this.#current.getStore();
    if (parent === undefined) return run();
    const attributes = {
      [ATTR_DB_SYSTEM_NAME]: kind,
      [ATTR_DB_OPERATION_NAME]: operation,
      "dbconn.store": role,
      ...(collection === undefined ? {} : { [ATTR_DB_COLLECTION_NAME]: collection }),
    };
    const span = this.#tracer.startSpan(
      collection === undefined ? `${operation} ${kind}` : `${operation} ${collection}`,
      { kind: SpanKind.CLIENT, attributes },
      trace.setSpan(ROOT_CONTEXT, parent),
    );
    try {
      return await run();
    } catch (error) {
      fail(span, error instanceof ServiceError ? error.kind : "internal");
      throw error;
    } finally {
      span.end();
    }
  }

  async close(): Promise<void> {
    const late = delay(LAST_SPANS_MS, undefined, { ref: false });
    await Promise.race([this.#shutdown().catch(() => undefined), late]);
  }

  #parentOf(headers: RequestHeaders): Context {
    return headers.traceparent === undefined
      ? ROOT_CONTEXT
      : this.#propagator.extract(ROOT_CONTEXT, headers, HEADERS);
  }
}

function endCall(span: Span, code: string): void {
  span.setAttribute(ATTR_RPC_STATUS_CODE, code);
  if (SERVER_FAULTS.has(code)) fail(span, code);
  span.end();
}

function fail(span: Span, type: string): void {
  span.setAttribute(ATTR_ERROR_TYPE, type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
