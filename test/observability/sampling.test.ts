import { ROOT_CONTEXT } from "@opentelemetry/api";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Roots, takes } from "../../src/observability/sampling.ts";
import { type CallTrace, openTracing, type Tracing } from "../../src/observability/tracing.ts";
import { type Receiver, startReceiver } from "./otlp-receiver.ts";

const METHOD = "test.v1.TestService/Read";
const CLIENT_SPAN = "00f067aa0ba902b7";
const UNSAMPLED = "11111111111111111111111111111111";
const SAMPLED = "22222222222222222222222222222222";
const STORE = { role: "cache", kind: "redis" } as const;

const traceparent = (traceId: string, flags: string) => ({
  traceparent: `00-${traceId}-${CLIENT_SPAN}-${flags}`,
});

/** Traces as the SDK's variables ask for, of this process. */
async function trace(
  env: Readonly<Record<string, string>>,
): Promise<{ tracing: Tracing; receiver: Receiver }> {
  const receiver = await startReceiver();
  const variables = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    ...env,
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const tracing = await openTracing(variables, { version: "1", instanceId: "i" });
  if (tracing === undefined) throw new Error("no traces are wanted");
  return { tracing, receiver };
}

/** A call whose handler waits for a store. */
async function handle(tracing: Tracing, headers: Readonly<Record<string, string>>): Promise<CallTrace> {
  const call = tracing.startCall(METHOD, "grpc", headers);
  await call.run(async () => {
    await Promise.resolve();
    await tracing.operation(STORE, "get", undefined, () => Promise.resolve());
  });
  call.end("OK");
  return call;
}

describe("the sampler that the variables name", () => {
  const ALL = ["new", "unsampled by the client", "sampled by the client"];
  const [NEW = "", NOT = "", WANTED = ""] = ALL;
  it.each([
    [{}, [NEW, WANTED]],
    [{ OTEL_TRACES_SAMPLER: "no such sampler" }, [NEW, WANTED]],
    [{ OTEL_TRACES_SAMPLER: "always_on" }, ALL],
    [{ OTEL_TRACES_SAMPLER: "always_off" }, []],
    [{ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "1" }, ALL],
    [{ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" }, []],
    [{ OTEL_TRACES_SAMPLER: "parentbased_always_on" }, [NEW, WANTED]],
    [{ OTEL_TRACES_SAMPLER: "parentbased_always_off" }, [WANTED]],
    [{ OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "1" }, [NEW, WANTED]],
    [{ OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" }, [WANTED]],
  ])("of %o takes those calls: %o", async (env, taken) => {
    const { tracing, receiver } = await trace(env);
    const ids = new Map([
      [(await handle(tracing, {})).traceId, NEW],
      [(await handle(tracing, traceparent(UNSAMPLED, "00"))).traceId, NOT],
      [(await handle(tracing, traceparent(SAMPLED, "01"))).traceId, WANTED],
    ]);
    await tracing.close();
    const calls = receiver.spans.filter(({ kind }) => kind === 2);
    expect(calls.map(({ traceId }) => ids.get(traceId))).toEqual(taken);
    // A store's operation is under its call, or in no trace at all.
    const parents = receiver.spans.filter(({ kind }) => kind === 3).map((span) => span.parentSpanId);
    expect(parents).toEqual(calls.map(({ spanId }) => spanId));
    expect(ids.get(UNSAMPLED)).toBe(NOT);
    expect(ids.get(SAMPLED)).toBe(WANTED);
  });

  it("is asked about the very id that the call's line in the log has", async () => {
    const { tracing, receiver } = await trace({
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0.5",
    });
    const recorded: string[] = [];
    const ids = new Set<string>();
    for (let count = 0; count < 600; count++) {
      const call = tracing.startCall(METHOD, "connect", {});
      call.run(() => {
        if (tracing.isRecording()) recorded.push(call.traceId);
      });
      call.end("OK");
      ids.add(call.traceId);
    }
    await tracing.close();
    expect(ids.size).toBe(600);
    expect([...ids].filter((id) => !/^[0-9a-f]{32}$/.test(id))).toEqual([]);
    // Either would be chance of one in 2^600.
    expect(recorded.length).toBeGreaterThan(0);
    expect(recorded.length).toBeLessThan(600);
    expect(receiver.spans.map(({ traceId }) => traceId)).toEqual(recorded);
  });
});

describe("traces that are drawn ahead", () => {
  const ratios = [0, 1e-6, 0.01, 0.5, 0.999, 1].map((ratio) => new TraceIdRatioBasedSampler(ratio));
  const roots = ratios.map((root) => new ParentBasedSampler({ root }));
  it.each([...ratios, ...roots, new AlwaysOnSampler(), new AlwaysOffSampler()])(
    "are taken as %s does",
    (sampler) => {
      const drawn = new Roots();
      for (let count = 0; count < 5_000; count++) {
        const { traceId, taken } = drawn.next(sampler);
        if (taken !== takes(sampler, ROOT_CONTEXT, traceId)) expect.fail(`${traceId} is taken: ${taken}`);
      }
    },
  );
});

describe("a call that is not sampled", () => {
  it("leaves no span at the stores, whatever sampled calls go on beside it", async () => {
    const { tracing, receiver } = await trace({});
    const calls = Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? SAMPLED : UNSAMPLED));
    await Promise.all(calls.map((id) => handle(tracing, traceparent(id, id === SAMPLED ? "01" : "00"))));
    await tracing.close();
    const roots = receiver.spans.filter(({ parentSpanId }) => !parentSpanId);
    expect(roots).toEqual([]);
    const served = receiver.spans.filter(({ kind }) => kind === 2).map(({ spanId }) => spanId);
    const stored = receiver.spans.filter(({ kind }) => kind === 3).map((span) => span.parentSpanId);
    expect(served).toHaveLength(10);
    expect(new Set(stored)).toEqual(new Set(served));
    expect(stored).toHaveLength(10);
    expect(receiver.spans.filter(({ traceId }) => traceId !== SAMPLED)).toEqual([]);
  });
});
