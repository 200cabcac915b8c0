import { cors } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { type Answer, postJson, request, start } from "./support.ts";

const origin = "https://app.test";
const path = "/test.v1.TestService/Write";

const preflight = (url: string, from: string): Promise<Answer> =>
  request(url + path, {
    method: "OPTIONS",
    headers: { origin: from, "access-control-request-method": "POST" },
  });

const list = (header: unknown): string[] =>
  String(header)
    .split(",")
    .map((item) => item.trim().toLowerCase());

describe("pages of listed origins may call, and no others", () => {
  it("a preflight of a listed origin allows what Connect and gRPC-Web need", async () => {
    const { url } = await start({ corsOrigins: [origin] });
    const { status, headers } = await preflight(url, origin);
    expect(status).toBe(204);
    expect(headers["access-control-allow-origin"]).toBe(origin);
    expect(list(headers["access-control-allow-methods"])).toEqual(list(cors.allowedMethods));
    expect(list(headers["access-control-allow-headers"])).toEqual(
      expect.arrayContaining([...list(cors.allowedHeaders), "authorization"]),
    );
    // Bearer tokens, never cookies.
    expect(headers["access-control-allow-credentials"]).toBeUndefined();
  });

  it("an answer to a listed origin may be read, its status too", async () => {
    const { url } = await start({ corsOrigins: [origin] });
    const { status, headers } = await postJson(url + path, '"a"', { origin });
    expect(status).toBe(200);
    expect(headers["access-control-allow-origin"]).toBe(origin);
    expect(headers.vary).toMatch(/origin/i);
    expect(list(headers["access-control-expose-headers"])).toEqual(
      expect.arrayContaining(list(cors.exposedHeaders)),
    );
  });

  it("an error may be read as well", async () => {
    const { url } = await start({ corsOrigins: [origin] });
    for (const answer of [
      await postJson(url + path, "{", { origin }),
      await postJson(`${url}/test.v1.TestService/Nothing`, "{}", { origin }),
    ]) {
      expect(answer.status).not.toBe(200);
      expect(answer.headers["access-control-allow-origin"]).toBe(origin);
    }
  });

  it.each([
    ["an origin that is not listed", "https://evil.test"],
    ["an origin that only begins like a listed one", `${origin}.evil.test`],
    ["the same host on another scheme", "http://app.test"],
    ["an opaque origin", "null"],
  ])("%s is allowed nothing", async (_name, from) => {
    const { url } = await start({ corsOrigins: [origin] });
    for (const answer of [await preflight(url, from), await postJson(url + path, '"a"', { origin: from })]) {
      expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
    }
  });

  it("without a list no page is allowed anything", async () => {
    const { url } = await start();
    expect((await preflight(url, origin)).headers["access-control-allow-origin"]).toBeUndefined();
  });
});
