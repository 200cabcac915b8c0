import { gzipSync } from "node:zlib";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  answerOf,
  clientOf,
  frame,
  grpcHeaders,
  postJson,
  protocols,
  request,
  session,
  start,
} from "./support.ts";

const write = "/test.v1.TestService/Write";
const check = "/grpc.health.v1.Health/Check";
const posted = protocols.filter((protocol) => protocol !== "Connect GET");

describe("bad input gets a clear error and the server goes on", () => {
  it.each([
    ["broken JSON", "{", /JSON/],
    ["no JSON at all", "", /JSON/],
    ["an unknown field", '{"servce":""}', /servce/],
    ["a field of the wrong type", '{"service":1}', /service/],
    ["an array for an object", "[]", /HealthCheckRequest/],
  ])("%s is INVALID_ARGUMENT and the message names it", async (_name, body, names) => {
    const { url } = await start();
    const answer = await postJson(url + check, body);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({
      code: "invalid_argument",
      message: expect.stringMatching(names),
    });
  });

  it.each(["application/proto", "application/grpc-web+proto"])(
    "bytes that are no message of %s",
    async (type) => {
      const { url } = await start();
      const bytes = Buffer.from([0x0a, 0xff]);
      const options = { method: "POST", headers: { "content-type": type } };
      const answer = await request(url + write, options, (outgoing) =>
        outgoing.end(type === "application/proto" ? bytes : frame(bytes)),
      );
      expect(decodeURIComponent(answer.body)).toContain("parse binary");
    },
  );

  it.each([
    ["a frame that is shorter than it says", Buffer.from([0, 0, 0, 0, 9, 1]), [3]],
    ["a frame without a full head", Buffer.from([0, 0]), [3]],
    ["a message that is not protobuf", frame(Buffer.from([0x0a, 0xff])), [3]],
    ["two messages for a unary method", Buffer.concat([frame(Buffer.of()), frame(Buffer.of())]), [12]],
    ["no message", Buffer.of(), [12]],
    ["a compressed frame without a compression", frame(Buffer.of(1), 1), [3, 13]],
  ])("in gRPC %s is refused", async (_name, bytes, statuses) => {
    const { url } = await start();
    const stream = (await session(url)).request(grpcHeaders(write));
    stream.end(bytes);
    const { status, headers, trailers } = await answerOf(stream);
    expect(status).toBe(200);
    expect(statuses).toContain(Number(trailers["grpc-status"] ?? headers["grpc-status"]));
  });

  it("an unknown compression is refused", async () => {
    const { url } = await start();
    const answer = await postJson(url + write, '"a"', { "content-encoding": "zstd" });
    expect(JSON.parse(answer.body)).toMatchObject({ code: "unimplemented" });
  });

  it("a content type that no protocol has is 415, and a wrong HTTP method 405", async () => {
    const { url } = await start();
    expect((await postJson(url + write, "x", { "content-type": "text/plain" })).status).toBe(415);
    expect((await postJson(url + write, "x", { "content-type": "text/xml" })).status).toBe(415);
    expect((await request(url + write, { method: "PUT" })).status).toBe(405);
    expect((await request(url + write, { method: "OPTIONS" })).status).toBe(405);
  });

  it("a body of a type that no protocol has is not awaited", async () => {
    const { url } = await start();
    const stream = (await session(url)).request({ ...grpcHeaders(write), "content-type": "text/plain" });
    stream.write("the end never comes");
    expect((await answerOf(stream)).status).toBe(415);
  });

  it("a host that is no host is answered, not left hanging", async () => {
    const { url } = await start();
    expect((await postJson(url + write, '"a"', { host: "a b" })).status).toBe(400);
  });

  it("a malformed path is answered with 400", async () => {
    const { url } = await start();
    expect((await request(`${url}/%zz`, {})).status).toBe(400);
  });
});

describe("an unknown method is answered in the caller's protocol", () => {
  it("gRPC and gRPC-Web get status 12", async () => {
    const { url } = await start();
    const client = await session(url);
    for (const type of ["application/grpc", "application/grpc-web+proto"]) {
      const headers = { ...grpcHeaders("/test.v1.TestService/Nothing"), "content-type": type };
      const stream = client.request(headers);
      stream.end(frame(Buffer.of()));
      const answer = await answerOf(stream);
      expect(answer.status).toBe(200);
      expect(answer.headers["content-type"]).toBe(type);
      // gRPC-Web knows no HTTP trailers.
      const place = type === "application/grpc" ? answer.trailers : answer.headers;
      expect(place["grpc-status"]).toBe("12");
    }
  });

  it("Connect and plain HTTP get 404 and JSON", async () => {
    const { url } = await start();
    for (const answer of [
      await postJson(`${url}/test.v1.TestService/Nothing`, "{}"),
      await request(`${url}/x`, {}),
    ]) {
      expect(answer.status).toBe(404);
      expect(JSON.parse(answer.body)).toMatchObject({ code: "unimplemented" });
    }
  });

  it.each(protocols)("a method that exists without a handler is UNIMPLEMENTED over %s", async (protocol) => {
    const { url } = await start();
    const error = await clientOf(protocol, url).poll({}).catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.Unimplemented });
  });
});

describe("a message above the limit is refused", () => {
  const limits = { readMaxBytes: 10_000, writeMaxBytes: 20_000 };
  const large = "x".repeat(15_000);

  it.each(posted)("on the way in, over %s", async (protocol) => {
    const { url } = await start({ limits });
    const error = await clientOf(protocol, url).write({ value: large }).catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.ResourceExhausted });
  });

  it.each(protocols)("on the way out, over %s", async (protocol) => {
    const { url } = await start({ limits, handlers: { read: () => ({ value: large + large }) } });
    const error = await clientOf(protocol, url).read({}).catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.ResourceExhausted });
  });

  it("also when it comes in chunks of unknown length, and the answer still arrives", async () => {
    const { url } = await start({ limits });
    const headers = { "content-type": "application/json" };
    const answer = await request(url + write, { method: "POST", headers }, (outgoing) => {
      outgoing.write(`"${large}`);
    });
    expect(answer.status).toBe(429);
    expect(JSON.parse(answer.body)).toMatchObject({ code: "resource_exhausted" });
  });

  it("also when it is small until it is decompressed", async () => {
    const { url } = await start({ limits });
    const bomb = gzipSync(Buffer.from(JSON.stringify("x".repeat(1_000_000))));
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    const answer = await request(url + write, { method: "POST", headers }, (outgoing) => outgoing.end(bomb));
    expect(JSON.parse(answer.body)).toMatchObject({ code: "resource_exhausted" });
  });

  it("a frame that announces more than the limit is refused before it is sent", async () => {
    const { url } = await start({ limits });
    const stream = (await session(url)).request(grpcHeaders(write));
    stream.write(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]));
    expect((await answerOf(stream)).trailers["grpc-status"]).toBe("8");
  });

  it("the connection is good for the next call", async () => {
    const { url } = await start({ limits });
    const client = clientOf("gRPC", url);
    await client.write({ value: large }).catch(ConnectError.from);
    expect(await client.write({ value: "small" })).toMatchObject({ value: "small" });
  });
});
