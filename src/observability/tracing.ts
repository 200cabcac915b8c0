/**
 * Traces by OpenTelemetry, told what to do by its standard OTEL_* variables. Without them nothing of it is even loaded.
 */

/** How the port speaks with the caller. */
export type Protocol = "grpc" | "grpc_web" | "connect";

/** A request's header fields by their lower-case names, as Node gives them. */
export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** The span of a call. */
export interface CallTrace {
  /** 32 hex digits: the client's own where it sent one. */
  readonly traceId: string;
  /** Runs the handler, so that what it does on the stores shows under the call. */
  run<T>(work: () => T): T;
  /** `code` is the status code by its gRPC name, such as `OK`. Once only. */
  end(code: string): void;
}

/** The store that an operation is run on. */
export interface StoreFacts {
  /** Tasks and schemas stand on `durable` and `hot`, cache entries on `cache`. */
  readonly role: "durable" | "hot" | "cache";
  /** The kind of store behind the port, such as `redis`. */
  readonly kind: string;
}

export interface Tracing {
  /** `method` is `package.Service/Method`. The trace goes on where the headers' W3C trace context says. */
  startCall(method: string, protocol: Protocol, headers: RequestHeaders): CallTrace;
  /** Whether what runs now belongs to a call that is recorded. */
  isRecording(): boolean;
  /** Runs a store's operation as a span under the call. */
  operation<T>(
    store: StoreFacts,
    operation: string,
    collection: string | undefined,
    run: () => Promise<T>,
  ): Promise<T>;
  /** Sends what is left, if it can within 2 s. Never rejects: traces are worth no failure. */
  close(): Promise<void>;
}

export type OtelEnvironment = Readonly<Record<string, string | undefined>>;

/** Whether the variables ask for traces. */
export function wantsTraces(environment: OtelEnvironment): boolean {
  if (environment.OTEL_SDK_DISABLED?.toLowerCase() === "true") return false;
  const exporter = environment.OTEL_TRACES_EXPORTER;
  if (exporter) return exporter !== "none";
  return Boolean(environment.OTEL_EXPORTER_OTLP_ENDPOINT || environment.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
}

/** Undefined when no traces are wanted. The SDK reads the process's own environment. */
export async function openTracing(
  environment: OtelEnvironment,
  service: { readonly version: string; readonly instanceId: string },
): Promise<Tracing | undefined> {
  if (!wantsTraces(environment)) return undefined;
  const { createTracing } = await import("./otel.ts");
  return createTracing(environment, service);
}
