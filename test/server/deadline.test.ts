import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { deadlineOf, tellDeadline } from "../../src/server/deadline.ts";
import { aborted, clientOf, postJson, protocols, start } from "./support.ts";

const rule = { defaultMs: 1_000, maxMs: 5_000 };

describe("the timeout header is settled before Connect reads it", () => {
  const grpc = { "content-type": "application/grpc+proto" };
  it.each([
    ["no gRPC timeout becomes the default", grpc, {}, 1_000, "1000m"],
    ["a gRPC timeout within the bound stays", grpc, { "grpc-timeout": "4S" }, 4_000, "4S"],
    ["a gRPC timeout above the bound is shortened", grpc, { "grpc-timeout": "1H" }, 5_000, "5000m"],
    ["a huge gRPC timeout is shortened", grpc, { "grpc-timeout": "99999999H" }, 5_000, "5000m"],
    ["a gRPC timeout below a millisecond stays", grpc, { "grpc-timeout": "500u" }, 0.5, "500u"],
    ["a malformed gRPC timeout is left to Connect", grpc, { "grpc-timeout": "soon" }, 5_000, "soon"],
    ["no Connect timeout becomes the default", {}, {}, 1_000, "1000"],
    ["a Connect timeout within the bound stays", {}, { "connect-timeout-ms": "77" }, 77, "77"],
    ["a Connect timeout above the bound is shortened", {}, { "connect-timeout-ms": "5001" }, 5_000, "5000"],
    ["a malformed Connect timeout is left to Connect", {}, { "connect-timeout-ms": "-1" }, 5_000, "-1"],
  ])("%s", (_name, type, timeout, inForceMs, header) => {
    const headers: Record<string, string> = { ...type, ...timeout };
    expect(deadlineOf(headers, rule)).toBe(inForceMs);
    tellDeadline(headers, inForceMs);
    expect(headers["grpc-timeout"] ?? headers["connect-timeout-ms"]).toBe(header);
  });
});

/** Answers with the time that the handler is given, "none" for no bound. */
const timeGiven = (_message: unknown, context: HandlerContext) => ({
  value: `${context.timeoutMs() ?? "none"}`,
});
const limits = { defaultDeadlineMs: 20_000, maxDeadlineMs: 30_000 };

describe("every unary call has a deadline", () => {
  it.each(protocols)("the default reaches the handler over %s", async (protocol) => {
    const { url } = await start({ limits, handlers: { read: timeGiven } });
    const { value } = await clientOf(protocol, url).read({});
    expect(Number(value)).toBeGreaterThan(0);
    expect(Number(value)).toBeLessThanOrEqual(20_000);
  });

  it.each(protocols)("a longer one is shortened, not refused, over %s", async (protocol) => {
    const { url } = await start({ limits, handlers: { read: timeGiven } });
    const { value } = await clientOf(protocol, url).read({}, { timeoutMs: 3_600_000 });
    expect(Number(value)).toBeGreaterThan(20_000);
    expect(Number(value)).toBeLessThanOrEqual(30_000);
  });

  it("a method may have a rule of its own", async () => {
    const deadlineFor = (path: string) =>
      path === "/test.v1.TestService/Poll" ? { defaultMs: 90_000, maxMs: 100_000 } : undefined;
    const { url } = await start({ limits, deadlineFor, handlers: { poll: timeGiven, write: timeGiven } });
    const client = clientOf("gRPC", url);
    expect(Number((await client.poll({})).value)).toBeGreaterThan(30_000);
    expect(Number((await client.write({})).value)).toBeLessThanOrEqual(20_000);
  });

  it("a stream has the client's deadline or none", async () => {
    const { url } = await start({
      limits,
      handlers: {
        async *count(message, context) {
          yield timeGiven(message, context);
        },
      },
    });
    const client = clientOf("gRPC", url);
    for await (const { value } of client.count({})) expect(value).toBe("none");
    for await (const { value } of client.count({}, { timeoutMs: 3_600_000 })) {
      expect(Number(value)).toBeGreaterThan(30_000);
    }
  });

  it.each(["gRPC", "Connect binary on HTTP/2"] as const)(
    "a stream whose deadline is further away than any timer goes does not end at once, over %s",
    async (protocol) => {
      const { url } = await start({
        handlers: {
          async *count({ value }) {
            yield { value };
            await new Promise((resolve) => setTimeout(resolve, 20));
            yield { value };
          },
        },
      });
      const headers: Record<string, string> =
        protocol === "gRPC" ? { "grpc-timeout": "99999999H" } : { "connect-timeout-ms": "9999999999" };
      const heard: string[] = [];
      for await (const { value } of clientOf(protocol, url).count({ value: "a" }, { headers }))
        heard.push(value);
      expect(heard).toEqual(["a", "a"]);
    },
  );

  it("a malformed timeout is INVALID_ARGUMENT", async () => {
    const { url } = await start();
    const answer = await postJson(`${url}/test.v1.TestService/Write`, '"a"', {
      "connect-timeout-ms": "soon",
    });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ code: "invalid_argument" });
  });
});

describe("a deadline ends the call", () => {
  it.each(protocols)("a handler that waits for its signal, over %s", async (protocol) => {
    const { url } = await start({
      limits: { defaultDeadlineMs: 50 },
      handlers: {
        read: async (_message, { signal }) => {
          await aborted(signal);
          throw ConnectError.from(signal.reason);
        },
      },
    });
    const error = await clientOf(protocol, url).read({}).catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.DeadlineExceeded });
  });

  it.each(protocols)("a handler that never looks at its signal, over %s", async (protocol) => {
    const { url } = await start({
      limits: { defaultDeadlineMs: 50, settleMs: 50 },
      handlers: { read: () => new Promise(() => {}) },
    });
    const error = await clientOf(protocol, url).read({}).catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.DeadlineExceeded });
  });

  it("a handler that honours its signal has the last word", async () => {
    const { url } = await start({
      limits: { defaultDeadlineMs: 50 },
      handlers: {
        write: async (_message, { signal }) => {
          await aborted(signal);
          return { value: "applied after all" };
        },
      },
    });
    expect(await clientOf("gRPC", url).write({})).toMatchObject({ value: "applied after all" });
  });
});
