import { once } from "node:events";
import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../gen/health/v1/health_pb.ts";
import { message, WRITE } from "./h2-raw.ts";
import {
  answerOf,
  clientOf,
  grpcHeaders,
  postJson,
  protocols,
  request,
  session,
  start,
  transports,
} from "./support.ts";

describe("one port speaks every protocol", () => {
  it.each(protocols)("a unary call works over %s", async (protocol) => {
    const { url } = await start();
    const client = clientOf(protocol, url);
    expect(await client.read({ value: "å" })).toMatchObject({ value: "å" });
  });

  it.each(protocols)("a server stream works over %s", async (protocol) => {
    const { url } = await start({
      handlers: {
        async *count({ value }) {
          for (let n = 1; n <= Number(value); n++) yield { value: `${n}` };
        },
      },
    });
    const numbers: string[] = [];
    for await (const { value } of clientOf(protocol, url).count({ value: "3" })) numbers.push(value);
    expect(numbers).toEqual(["1", "2", "3"]);
  });

  it.each(["gRPC", "Connect binary on HTTP/2"] as const)("both sides stream over %s", async (protocol) => {
    const { url } = await start({
      handlers: {
        async *chat(messages) {
          yield* messages;
        },
      },
    });
    async function* said() {
      yield { value: "1" };
      yield { value: "2" };
    }
    const heard: string[] = [];
    for await (const { value } of clientOf(protocol, url).chat(said())) heard.push(value);
    expect(heard).toEqual(["1", "2"]);
  });

  it.each(protocols)("health answers over %s", async (protocol) => {
    const { url } = await start();
    const health = createClient(Health, transports[protocol](url));
    expect((await health.check({})).status).toBe(Status.SERVING);
  });

  it("a gRPC answer is compressed as its own client takes it, whatever others asked for before", async () => {
    const { url } = await start();
    const client = await session(url);
    const answerFor = async (accepted: string | undefined) => {
      const fields = accepted === undefined ? {} : { "grpc-accept-encoding": accepted };
      const stream = client.request({ ...grpcHeaders(WRITE), ...fields });
      stream.end(message(2_000));
      const [headers] = await once(stream, "response");
      const chunks = await stream.toArray();
      return { encoding: headers["grpc-encoding"], flags: Buffer.concat(chunks)[0] };
    };
    for (const accepted of [undefined, "gzip", undefined, "br", "gzip"]) {
      expect(await answerFor(accepted)).toEqual({
        encoding: accepted,
        flags: accepted === undefined ? 0 : 1,
      });
    }
  });

  it("a plain JSON POST needs no header of the protocol", async () => {
    const { url } = await start();
    const answer = await postJson(`${url}/test.v1.TestService/Write`, '"a"');
    expect(answer).toMatchObject({ status: 200, body: '"a"' });
  });

  it("a GET reaches reads only", async () => {
    const { url } = await start();
    const query = `?encoding=json&message=${encodeURIComponent('"a"')}`;
    expect(await request(`${url}/test.v1.TestService/Read${query}`, {})).toMatchObject({
      status: 200,
      body: '"a"',
    });
    expect((await request(`${url}/test.v1.TestService/Write${query}`, {})).status).toBe(405);
  });

  it("plain pages are served over both HTTP versions", async () => {
    const { url } = await start();
    expect((await request(`${url}/livez`, {})).status).toBe(200);
    const stream = (await session(url)).request({ ":path": "/livez" });
    expect((await answerOf(stream)).status).toBe(200);
  });

  it("nothing may be kept by a cache on the way", async () => {
    const { url } = await start();
    for (const path of ["/livez", "/nowhere", "/test.v1.TestService/Read?encoding=json&message=%22%22"]) {
      expect((await request(url + path, {})).headers["cache-control"]).toBe("no-store");
    }
  });
});
