import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createServerErrors } from "../../src/server/errors.ts";
import { createLimits } from "../../src/server/limits.ts";
import type { RawRequest, RawResponse } from "../../src/server/raw.ts";
import { RawExchange } from "../../src/server/raw-exchange.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

it("a body that is left before its end leaves no timer behind, which would keep all of the call", async () => {
  const request = Object.assign(new PassThrough(), { headers: {}, socket: {} });
  const response = Object.assign(new EventEmitter(), { writableEnded: false });
  const exchange = new RawExchange(
    request as unknown as RawRequest,
    response as unknown as RawResponse,
    createLimits(),
    createServerErrors("test"),
  );
  request.write("some");
  for await (const chunk of exchange.body()) {
    expect(String(chunk)).toBe("some");
    expect(vi.getTimerCount()).toBe(1);
    break;
  }
  expect(vi.getTimerCount()).toBe(0);
});
