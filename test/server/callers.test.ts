import { once } from "node:events";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ErrorInfoSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { Grants } from "../../src/auth/grants.ts";
import type { Authenticate, Authentication } from "../../src/auth/principal.ts";
import { AdaptiveLimit } from "../../src/server/adaptive-limit.ts";
import { PrincipalLimits } from "../../src/server/principal-limits.ts";
import { clientOf, connect, grpcHeaders, protocols, received, Step, session, start } from "./support.ts";

const read = "/test.v1.TestService/Read";

/** Everybody is who the header says. */
const byName: Authenticate = ({ authorization }) =>
  authorization === undefined
    ? { refused: "say who you are" }
    : { principal: { id: authorization, grants: new Grants([]), isCurrent: () => true } };
const as = (authorization: string) => ({ headers: { authorization } });
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => ConnectError.from(error),
  );

describe("a caller", () => {
  it.each(protocols)("that nobody knows is told so in its own protocol: %s", async (protocol) => {
    const { url } = await start({ authenticate: byName });
    const client = clientOf(protocol, url);
    const error = await codeOf(client.read({ value: "x" }));
    expect(error?.code).toBe(Code.Unauthenticated);
    expect(error?.findDetails(ErrorInfoSchema)[0]).toMatchObject({
      reason: "UNAUTHENTICATED",
      metadata: { applied: "no" },
    });
    expect((await client.read({ value: "x" }, as("somebody"))).value).toBe("x");
  });

  it("is looked up once for a header on a connection, and again when what let it in is over", async () => {
    const asked: (string | undefined)[] = [];
    let current = true;
    const authenticate: Authenticate = ({ authorization }) => {
      asked.push(authorization);
      if (!current || authorization === undefined) return { refused: "it is over" };
      return { principal: { id: authorization, grants: new Grants([]), isCurrent: () => current } };
    };
    const { url } = await start({ authenticate });
    const [one, other] = [clientOf("gRPC", url), clientOf("gRPC", url)];
    for (const client of [one, one, other]) await client.read({ value: "x" }, as("a"));
    expect(asked).toEqual(["a", "a"]);
    await one.read({ value: "x" }, as("b"));
    await one.read({ value: "x" }, as("a"));
    expect(asked).toEqual(["a", "a", "b", "a"]);
    expect((await codeOf(one.read({ value: "x" })))?.code).toBe(Code.Unauthenticated);
    current = false;
    for (const client of [one, other]) {
      expect((await codeOf(client.read({ value: "x" }, as("a"))))?.code).toBe(Code.Unauthenticated);
    }
  });

  it("is refused before its body is read", async () => {
    const { url } = await start({ authenticate: byName });
    const stream = (await session(url)).request(grpcHeaders(read));
    stream.write(Buffer.from([0, 0, 0, 1, 0]));
    const [headers] = await once(stream, "response");
    const trailers =
      headers["grpc-status"] === undefined ? (await once(stream.resume(), "trailers"))[0] : headers;
    expect(trailers["grpc-status"]).toBe(String(Code.Unauthenticated));
    stream.on("error", () => {});
  });

  it("keeps its HTTP/1 connection when the rest of a refused call's body arrives after the answer", async () => {
    const { port } = await start({ authenticate: byName });
    const head = `POST ${read} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`;
    const refused = async () => {
      const socket = await connect(port);
      socket.write(`${head}1\r\n{\r\n`);
      await once(socket, "data");
      return socket;
    };
    const socket = await refused();
    socket.write("1\r\n}\r\n0\r\n\r\n");
    // The end of one that never completes its body shows that the time for late ones has passed.
    await received(await refused());
    socket.write("GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    expect(await received(socket)).toMatch(/^HTTP\/1\.1 200/);
  });

  it("may be looked up for a while, and counts for nothing when it left meanwhile", async () => {
    const asked = new Step();
    const left = new Step();
    let answer = (_authentication: Authentication): void => {};
    let first = true;
    const { url } = await start({
      limits: { maxInFlightPerPrincipal: 1 },
      authenticate: (credentials) => {
        if (!first) return byName(credentials);
        first = false;
        asked.reach();
        return new Promise((resolve) => {
          answer = resolve;
        });
      },
    });
    const stream = (await session(url)).request({ ...grpcHeaders(read), authorization: "a" });
    stream.on("error", () => {});
    stream.once("close", left.reach);
    await asked.wait();
    stream.close();
    await left.wait();
    // Whoever calls on the same connection after the reset calls after the server saw it.
    const grpc = clientOf("gRPC", url);
    await grpc.read({ value: "after" }, as("b"));
    answer(await byName({ authorization: "a", certificate: undefined }));
    expect((await grpc.read({ value: "again" }, as("a"))).value).toBe("again");
  });

  it("has limits of its own, of calls at once", async () => {
    const begun = new Step();
    const end = new Step();
    const { url } = await start({
      authenticate: byName,
      limits: { maxInFlightPerPrincipal: 1 },
      handlers: {
        read: async (message) => {
          if (message.value === "long") {
            begun.reach();
            await end.wait();
          }
          return message;
        },
      },
    });
    const client = clientOf("gRPC", url);
    const long = client.read({ value: "long" }, as("a"));
    await begun.wait();
    const error = await codeOf(client.read({ value: "x" }, as("a")));
    expect(error?.code).toBe(Code.ResourceExhausted);
    expect(error?.findDetails(ErrorInfoSchema)[0]?.reason).toBe("TOO_MANY_AT_ONCE");
    expect((await client.read({ value: "x" }, as("b"))).value).toBe("x");
    end.reach();
    await long;
    expect((await client.read({ value: "x" }, as("a"))).value).toBe("x");
  });

  it("that calls too often is told when to come back", async () => {
    const { url } = await start({
      authenticate: byName,
      limits: { ratePerPrincipal: 1, burstPerPrincipal: 2 },
    });
    const client = clientOf("Connect JSON on HTTP/1.1", url);
    await client.read({ value: "1" }, as("a"));
    await client.read({ value: "2" }, as("a"));
    const error = await codeOf(client.read({ value: "3" }, as("a")));
    expect(error?.code).toBe(Code.ResourceExhausted);
    expect(error?.findDetails(ErrorInfoSchema)[0]).toMatchObject({
      reason: "RATE_LIMITED",
      metadata: { applied: "no" },
    });
    const { seconds = 0n, nanos = 0 } = error?.findDetails(RetryInfoSchema)[0]?.retryDelay ?? {};
    expect(Number(seconds) * 1e9 + nanos).toBeGreaterThan(0);
    expect((await client.read({ value: "x" }, as("b"))).value).toBe("x");
  });
});

describe("the bucket of a caller", () => {
  it("fills at the rate, up to the burst", () => {
    let now = 0;
    const limits = { maxInFlightPerPrincipal: 9, ratePerPrincipal: 10, burstPerPrincipal: 3 };
    const principals = new PrincipalLimits(limits, () => now);
    const taken = () => principals.of("a").take();
    expect([taken(), taken(), taken()]).toEqual([undefined, undefined, undefined]);
    expect(taken()).toBe(100);
    now = 50;
    expect(taken()).toBe(50);
    now = 100;
    expect([taken(), taken()]).toEqual([undefined, 100]);
    now = 100_000;
    expect([taken(), taken(), taken()]).toEqual([undefined, undefined, undefined]);
    expect(taken()).toBe(100);
  });
});

describe("the limit of calls at work", () => {
  const limitOf = () => new AdaptiveLimit({ min: 16, max: 1000, targetMs: 50 });
  const use = (limit: AdaptiveLimit, inFlight: number) => {
    for (let n = 0; n < inFlight; n++) limit.takes(n);
  };

  it("is the greatest there may be while the thread keeps up", () => {
    const limit = limitOf();
    use(limit, 900);
    limit.observe(10, 1);
    expect(limit.current).toBe(1000);
  });

  it("is not touched while the thread rests between calls, however late the machine lets it be", () => {
    const limit = limitOf();
    use(limit, 900);
    limit.observe(200, 0.9);
    expect(limit.current).toBe(1000);
  });

  it("falls at once below what made the thread late, the more the later it is, and never below the least", () => {
    const limit = limitOf();
    use(limit, 100);
    limit.observe(55, 1);
    expect(limit.current).toBe(80);
    expect([limit.takes(79), limit.takes(80)]).toEqual([true, false]);
    use(limit, 80);
    limit.observe(500, 1);
    expect(limit.current).toBe(40);
    for (let n = 0; n < 50; n++) {
      use(limit, limit.current);
      limit.observe(200, 1);
    }
    expect(limit.current).toBe(16);
    expect([limit.takes(15), limit.takes(16)]).toEqual([true, false]);
  });

  it("rises step by step while it is used, and quickly when the load is gone", () => {
    const limit = limitOf();
    use(limit, 100);
    limit.observe(55, 1);
    use(limit, 80);
    limit.observe(40, 1);
    expect(limit.current).toBe(84);
    for (let n = 0; n < 5; n++) limit.observe(0, 0.1);
    expect(limit.current).toBe(1000);
  });
});
