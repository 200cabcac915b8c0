/** What is known of each call from its header to the end of its answer: one line in the log, one point in the metrics. */
import { performance } from "node:perf_hooks";
import type { Series } from "./durations.ts";
import type { Metrics } from "./metrics.ts";
import type { CallTrace, Protocol, RequestHeaders, Tracing } from "./tracing.ts";

/** What the log says of a call. */
export interface CallLine {
  readonly method: string;
  readonly protocol: Protocol;
  readonly code: string;
  /** With three digits after the point. */
  readonly ms: number;
  readonly principal: string | undefined;
  readonly requestId: string;
  readonly traceId: string | undefined;
}

/** Where calls are written down. */
export interface CallLog {
  info(call: CallLine): void;
  /** A failure of the server's. */
  warn(call: CallLine): void;
}

export interface CallObserverOptions {
  readonly log: CallLog;
  readonly metrics: Metrics;
  readonly tracing: Tracing | undefined;
  /** Names this process in the ids of requests that came without one. */
  readonly instance: string;
  /** Of the calls that went well, every n-th is logged; 0: none. */
  readonly logEvery: number;
}

/** A call as it begins. */
export interface CallStart {
  /** `package.Service/Method`, of a method that is served, or `unknown`. */
  readonly method: string;
  readonly protocol: Protocol;
  readonly headers: RequestHeaders;
  /** Probes and the like: logged only when they fail. */
  readonly quiet?: boolean;
}

/** A client's own id of its request, in letters that are safe in every log. */
const REQUEST_ID = /^[A-Za-z0-9._:/+=@-]{1,128}$/;
const TRACE_ID = /^[0-9a-f]{2}-([0-9a-f]{32})-/;
/** Failures of the server's, which somebody should look at. */
const SERVER_FAULTS: ReadonlySet<string> = new Set(["UNKNOWN", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"]);

export class CallObserver {
  readonly #options: CallObserverOptions;
  /** Ids are counted, since random ones cost more than everything else here. */
  #started = 0;
  #wentWell = 0;
  /** Of the calls that went well, by their methods. */
  readonly #well = new Map<string, Series>();

  constructor(options: CallObserverOptions) {
    this.#options = options;
  }

  start(start: CallStart): ObservedCall {
    const { instance, tracing } = this.#options;
    this.#started += 1;
    const given = start.headers["x-request-id"];
    const requestId =
      typeof given === "string" && REQUEST_ID.test(given)
        ? given
        : `${instance}-${this.#started.toString(36)}`;
    return new ObservedCall(
      start,
      requestId,
      tracing?.startCall(start.method, start.protocol, start.headers),
      this.#ended,
    );
  }

  /** A call that is answered with an error before anything of it was read. */
  refused(start: CallStart, code: string): void {
    const call = this.start(start);
    call.code = code;
    call.end();
  }

  readonly #ended = (call: ObservedCall): void => {
    const { log, metrics } = this.#options;
    const { method, code = "CANCELLED", durationMs } = call;
    let series = code === "OK" ? this.#well.get(method) : undefined;
    if (series === undefined) {
      series = metrics.calls.series({ method, code });
      if (code === "OK") this.#well.set(method, series);
    }
    series.observe(durationMs / 1000);
    if (code !== "OK") log[SERVER_FAULTS.has(code) ? "warn" : "info"](lineOf(call));
    else if (!call.quiet && this.#logsThisOne()) log.info(lineOf(call));
  };

  #logsThisOne(): boolean {
    const { logEvery } = this.#options;
    if (logEvery === 1) return true;
    this.#wentWell += 1;
    return logEvery !== 0 && this.#wentWell % logEvery === 0;
  }
}

export class ObservedCall {
  readonly method: string;
  readonly protocol: Protocol;
  readonly quiet: boolean;
  readonly requestId: string;
  readonly traceId: string | undefined;
  /** Who calls, once that is known; never a secret. */
  principal: string | undefined;
  /** The status code by its gRPC name, once it is known. A call that ends without one was given up by its client. */
  code: string | undefined;
  readonly #trace: CallTrace | undefined;
  readonly #startedAt = performance.now();
  readonly #ended: (call: ObservedCall) => void;
  #durationMs: number | undefined;

  constructor(
    { method, protocol, headers, quiet = false }: CallStart,
    requestId: string,
    trace: CallTrace | undefined,
    ended: (call: ObservedCall) => void,
  ) {
    this.method = method;
    this.protocol = protocol;
    this.quiet = quiet;
    this.requestId = requestId;
    this.#trace = trace;
    this.traceId = trace?.traceId ?? traceIdIn(headers);
    this.#ended = ended;
  }

  /** So far, or in all once the call has ended. */
  get durationMs(): number {
    return this.#durationMs ?? performance.now() - this.#startedAt;
  }

  /** Runs the handler, so that what it does on the stores shows under the call in its trace. */
  run<T>(work: () => T): T {
    return this.#trace === undefined ? work() : this.#trace.run(work);
  }

  /** The answer has left, or will not. Again: does nothing. */
  end(): void {
    if (this.#durationMs !== undefined) return;
    this.#durationMs = performance.now() - this.#startedAt;
    this.#trace?.end(this.code ?? "CANCELLED");
    this.#ended(this);
  }
}

function lineOf({
  method,
  protocol,
  code = "CANCELLED",
  durationMs,
  principal,
  requestId,
  traceId,
}: ObservedCall): CallLine {
  return { method, protocol, code, ms: Math.round(durationMs * 1000) / 1000, principal, requestId, traceId };
}

function traceIdIn({ traceparent }: RequestHeaders): string | undefined {
  return typeof traceparent === "string" ? TRACE_ID.exec(traceparent)?.[1] : undefined;
}
