import { describe, expect, it, onTestFinished } from "vitest";
import { CallTable } from "../../src/server/calls.ts";
import type { Exchange } from "../../src/server/exchange.ts";
import { DATA, END_HEADERS, END_STREAM, HEADERS, INITIAL_WINDOW_SIZE } from "../../src/server/h2/frames.ts";
import { message, raw, rawClient, settings, WRITE } from "./h2-raw.ts";
import { clientOf, protocols, start } from "./support.ts";

const ROOM = 2;
const SLOW_PEERS = 6;
const TRICKLE_MS = 2;

describe("calls whose peers are slow leave the room to others", () => {
  it.each(protocols)("that send their request by the byte, to one over %s", async (protocol) => {
    const { url, port } = await start({ limits: { maxInFlight: ROOM } });
    for (let n = 0; n < SLOW_PEERS; n++) {
      const peer = await rawClient(port);
      peer.send(peer.headers(1, END_HEADERS, WRITE), raw(DATA, 0, 1, message(10_000).subarray(0, 10)));
      const trickle = setInterval(() => peer.send(raw(DATA, 0, 1, Buffer.of(97))), TRICKLE_MS);
      onTestFinished(() => clearInterval(trickle));
    }
    expect(await clientOf(protocol, url).write({ value: "served" })).toMatchObject({ value: "served" });
  });

  it.each(protocols)("that take nothing of their answer, to one over %s", async (protocol) => {
    const { url, port } = await start({ limits: { maxInFlight: ROOM } });
    for (let n = 0; n < SLOW_PEERS; n++) {
      const peer = await rawClient(port, settings([INITIAL_WINDOW_SIZE, 0]));
      peer.send(peer.headers(1, END_HEADERS, WRITE), raw(DATA, END_STREAM, 1, message(100)));
      await peer.hears(({ type, stream }) => type === HEADERS && stream === 1);
    }
    expect(await clientOf(protocol, url).write({ value: "served" })).toMatchObject({ value: "served" });
  });
});

describe("a call that is looked at", () => {
  const MANY = 1_000;
  const open = (calls: CallTable, idleBytes: number | undefined) => {
    const closed: (() => void)[] = [];
    const onClose = (listener: () => void) => void closed.push(listener);
    const exchange: Pick<Exchange, "onClose" | "resumed"> & { idleBytes: number | undefined } = {
      idleBytes,
      resumed: undefined,
      onClose,
    };
    calls.add({ exchange: exchange as Exchange, service: "test", waits: false });
    return {
      exchange,
      close: () => {
        for (const listener of closed) listener();
      },
    };
  };
  const counts = (calls: CallTable) => ({ work: calls.workingOf("test"), wait: calls.count(true) });

  it("is at work again once its request is there, and leaves nothing behind when it ends", () => {
    const calls = new CallTable();
    const { exchange, close } = open(calls, 10);
    expect(counts(calls)).toEqual({ work: 1, wait: 0 });
    expect(calls.lookForIdle(MANY)).toBe(true);
    expect(counts(calls)).toEqual({ work: 0, wait: 1 });
    exchange.idleBytes = undefined;
    exchange.resumed?.();
    expect(counts(calls)).toEqual({ work: 1, wait: 0 });
    expect(calls.lookForIdle(MANY)).toBe(false);
    expect(counts(calls)).toEqual({ work: 1, wait: 0 });
    exchange.idleBytes = 10;
    calls.lookForIdle(MANY);
    close();
    exchange.resumed?.();
    expect(counts(calls)).toEqual({ work: 0, wait: 0 });
  });

  it("counts as being at work where it holds much, and others hold as much as they may", () => {
    const calls = new CallTable();
    for (let n = 0; n < 20; n++) open(calls, 4 * 1024 * 1024);
    for (let n = 0; n < 20; n++) open(calls, 1024);
    calls.lookForIdle(MANY);
    expect(counts(calls)).toEqual({ work: 4, wait: 36 });
  });

  it("counts as being at work where as many wait as may", () => {
    const calls = new CallTable();
    for (let n = 0; n < 5; n++) open(calls, 10);
    calls.lookForIdle(3);
    expect(counts(calls)).toEqual({ work: 2, wait: 3 });
    calls.lookForIdle(3);
    expect(counts(calls)).toEqual({ work: 2, wait: 3 });
  });
});
