import { once } from "node:events";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { Health } from "../../gen/health/v1/health_pb.ts";
import {
  aborted,
  clientOf,
  frame,
  grpcHeaders,
  postJson,
  protocols,
  request,
  Step,
  session,
  start,
  transports,
} from "../server/support.ts";
import { samplesOf, watch } from "./support.ts";

const READ = "test.v1.TestService/Read";
const SECRET = "what-nobody-else-may-read";

const PROTOCOL_NAMES: Readonly<Record<string, string>> = {
  gRPC: "grpc",
  "gRPC-Web on HTTP/1.1": "grpc_web",
  "gRPC-Web on HTTP/2": "grpc_web",
};

describe("a call", () => {
  it.each(protocols)("over %s leaves one line and one point in the histogram", async (protocol) => {
    const { observer, metrics, written } = watch();
    const { url } = await start({ observer });
    await clientOf(protocol, url).read({ value: SECRET });
    const lines = await written(1);
    expect(lines).toEqual([
      {
        level: "info",
        method: READ,
        protocol: PROTOCOL_NAMES[protocol] ?? "connect",
        code: "OK",
        ms: expect.any(Number),
        request_id: expect.stringMatching(/^here-/),
      },
    ]);
    expect(await samplesOf(metrics, "dbconn_rpc_duration_seconds_count")).toEqual([
      `dbconn_rpc_duration_seconds_count{method="${READ}",code="OK"} 1`,
    ]);
  });

  it.each(protocols)(
    "over %s that fails is written down with the code that the client sees",
    async (protocol) => {
      const { observer, metrics, written } = watch();
      const handlers = {
        read: () => {
          throw new ConnectError("no", Code.NotFound);
        },
      };
      const { url } = await start({ observer, handlers });
      await expect(clientOf(protocol, url).read({ value: SECRET })).rejects.toMatchObject({
        code: Code.NotFound,
      });
      expect(await written(1)).toMatchObject([{ level: "info", code: "NOT_FOUND" }]);
      expect(await samplesOf(metrics, "dbconn_rpc_duration_seconds_count")).toEqual([
        `dbconn_rpc_duration_seconds_count{method="${READ}",code="NOT_FOUND"} 1`,
      ]);
    },
  );

  it("that the server is to blame for is a warning", async () => {
    const { observer, written } = watch();
    const handlers = {
      read: () => {
        throw new Error(SECRET);
      },
    };
    const { url } = await start({ observer, handlers });
    await expect(clientOf("gRPC", url).read({})).rejects.toMatchObject({ code: Code.Internal });
    const lines = await written(1);
    expect(lines).toMatchObject([{ level: "warn", code: "INTERNAL" }]);
    expect(JSON.stringify(lines)).not.toContain(SECRET);
  });

  it("that is given up by its client is CANCELLED", async () => {
    const { observer, written } = watch();
    const begun = new Step();
    const handlers = {
      read: async (_: unknown, { signal }: { signal: AbortSignal }) => {
        begun.reach();
        await aborted(signal);
        throw new ConnectError("gone", Code.Canceled);
      },
    };
    const { url } = await start({ observer, handlers });
    const client = new AbortController();
    const call = clientOf("gRPC", url).read({}, { signal: client.signal });
    await begun.wait();
    client.abort();
    await expect(call).rejects.toMatchObject({ code: Code.Canceled });
    expect(await written(1)).toMatchObject([{ method: READ, code: "CANCELLED" }]);
  });

  it("keeps the client's own request id and trace id, if they are well formed", async () => {
    const { observer, written } = watch();
    const { url } = await start({ observer });
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const headers = { "x-request-id": "mine-1", traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    await postJson(`${url}/${READ}`, '""', headers);
    await postJson(`${url}/${READ}`, '""', { "x-request-id": 'a"b', traceparent: "nonsense" });
    const [first, second] = await written(2);
    expect(first).toMatchObject({ request_id: "mine-1", trace_id: traceId });
    expect(second?.request_id).toMatch(/^here-/);
    expect(second).not.toHaveProperty("trace_id");
  });
});

describe("a stream", () => {
  it("counts once it has ended, well or with its error", async () => {
    const { observer, written, lines } = watch();
    const handlers = {
      async *count({ value }: { value: string }) {
        yield { value: "1" };
        if (value === "fail") throw new ConnectError("no", Code.FailedPrecondition);
      },
    };
    const { url } = await start({ observer, handlers });
    const read = async (value: string) => {
      for await (const _ of clientOf("gRPC", url).count({ value })) expect(lines).toHaveLength(value ? 1 : 0);
    };
    await read("");
    await written(1);
    await expect(read("fail")).rejects.toMatchObject({ code: Code.FailedPrecondition });
    expect(await written(2)).toMatchObject([{ code: "OK" }, { code: "FAILED_PRECONDITION" }]);
  });
});

describe("what never reaches a handler", () => {
  it("is written down too: a call that is shed", async () => {
    const { observer, written } = watch();
    const busy = new Step();
    const go = new Step();
    const handlers = {
      write: async () => {
        busy.reach();
        await go.wait();
        return {};
      },
    };
    const { url } = await start({ observer, handlers, limits: { maxInFlight: 1 } });
    const first = clientOf("gRPC", url).write({});
    await busy.wait();
    await expect(clientOf("gRPC", url).read({})).rejects.toMatchObject({ code: Code.ResourceExhausted });
    go.reach();
    await first;
    expect(await written(2)).toMatchObject([
      { method: READ, code: "RESOURCE_EXHAUSTED" },
      { method: "test.v1.TestService/Write", code: "OK" },
    ]);
  });

  it.each([
    ["JSON that is none", '{"', "INVALID_ARGUMENT"],
    ["a body that is too large", JSON.stringify("x".repeat(2000)), "RESOURCE_EXHAUSTED"],
  ])("is written down too: %s", async (_, body, code) => {
    const { observer, written } = watch();
    const { url } = await start({ observer, limits: { readMaxBytes: 1000 } });
    await postJson(`${url}/${READ}`, body);
    expect(await written(1)).toMatchObject([{ method: READ, code }]);
  });

  it("is written down too: a gRPC message that cannot be read, and a body that takes too long", async () => {
    const { observer, written } = watch();
    const { url } = await start({ observer, limits: { bodyMs: 100 } });
    const client = await session(url);
    const broken = client.request(grpcHeaders(`/${READ}`));
    broken.resume().end(frame(Buffer.from([0x0a, 0xff])));
    await once(broken, "close");
    const stalled = client.request(grpcHeaders(`/${READ}`));
    stalled.resume().write(Buffer.from([0, 0, 0, 0, 9]));
    await once(stalled, "close");
    expect(await written(2)).toMatchObject([{ code: "INVALID_ARGUMENT" }, { code: "DEADLINE_EXCEEDED" }]);
  });

  it("is written down too, under a method that is unknown or known: paths and content types", async () => {
    const { observer, written, metrics } = watch();
    const { url } = await start({ observer });
    await request(`${url}/${SECRET}`, {});
    await postJson(`${url}/${READ}`, "x", { "content-type": "text/plain" });
    const lines = await written(2);
    expect(lines).toMatchObject([
      { method: "unknown", code: "UNIMPLEMENTED" },
      { method: READ, code: "INVALID_ARGUMENT" },
    ]);
    expect(JSON.stringify(lines)).not.toContain(SECRET);
    expect(await metrics.registry.metrics()).not.toContain(SECRET);
  });
});

describe("the log", () => {
  it("leaves probes out that go well, which the metrics count", async () => {
    const { observer, lines, written, metrics } = watch();
    const { url } = await start({ observer });
    const health = createClient(Health, transports.gRPC(url));
    await health.check({});
    await expect(health.check({ service: "no.Such" })).rejects.toMatchObject({ code: Code.NotFound });
    await written(1);
    expect(lines).toMatchObject([{ method: "grpc.health.v1.Health/Check", code: "NOT_FOUND" }]);
    expect(await samplesOf(metrics, "dbconn_rpc_duration_seconds_count")).toContain(
      'dbconn_rpc_duration_seconds_count{method="grpc.health.v1.Health/Check",code="OK"} 1',
    );
  });

  it.each([
    [3, ["OK", "NOT_FOUND", "OK", "NOT_FOUND"]],
    [0, ["NOT_FOUND", "NOT_FOUND"]],
  ])("has every %i-th of the calls that go well, and all that fail", async (logEvery, codes) => {
    const { observer, lines, written } = watch({ logEvery });
    const end = (code: string) => observer.refused({ method: READ, protocol: "grpc", headers: {} }, code);
    for (const code of ["OK", "OK", "OK", "NOT_FOUND", "OK", "OK", "OK", "OK", "NOT_FOUND"]) end(code);
    await written(codes.length);
    expect(lines.map(({ code }) => code)).toEqual(codes);
  });
});
