import type { LevelWithSilent } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CallLines } from "../../src/observability/call-lines.ts";
import type { CallLine } from "../../src/observability/calls.ts";
import { createLogger } from "../../src/observability/log.ts";

const CALL: CallLine = {
  method: "test.v1.Service/Method",
  protocol: "grpc",
  code: "OK",
  ms: 1.25,
  principal: undefined,
  requestId: "here-1",
  traceId: undefined,
};
const PIECE = 1024;

function lines({ level = "info", bindings = {} }: { level?: LevelWithSilent; bindings?: object } = {}) {
  const pieces: string[] = [];
  const destination = { write: (text: string) => void pieces.push(text) };
  return { pieces, log: new CallLines(createLogger(level, destination).child(bindings), destination, PIECE) };
}

describe("the lines of calls", () => {
  it("are what pino itself would write", () => {
    const { pieces, log } = lines({ bindings: { worker: 2 } });
    const full = { ...CALL, principal: "service a", traceId: "0af7651916cd43dd8448eb211c80319c" };
    log.info(CALL);
    log.warn(full);
    log.flush();
    const ours = pieces.join("").split("\n");
    pieces.length = 0;
    const pino = createLogger("info", { write: (text: string) => void pieces.push(text) }).child({
      worker: 2,
    });
    for (const [level, { requestId: request_id, traceId: trace_id, ...fields }] of [
      ["info", CALL],
      ["warn", full],
    ] as const) {
      pino[level]({ ...fields, request_id, trace_id }, "call");
    }
    const withoutTime = (line: string) => line.replace(/"time":[0-9]+/, "");
    expect(ours.map(withoutTime)).toEqual(pieces.join("").split("\n").map(withoutTime));
  });

  it("hold whatever a caller is named, and stay one line each", () => {
    const principal = 'a"b\\c\nd\u2028e\u0000';
    const { pieces, log } = lines();
    log.info({ ...CALL, principal });
    log.flush();
    const [line, rest] = pieces.join("").split("\n");
    expect(JSON.parse(line ?? "")).toMatchObject({ principal, msg: "call" });
    expect(rest).toBe("");
  });

  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("leave by themselves, in pieces that are not too large for the destination", async () => {
    const { pieces, log } = lines();
    for (let n = 0; n < 100; n++) log.info({ ...CALL, requestId: `here-${n}` });
    await vi.advanceTimersToNextTimerAsync();
    expect(pieces.every((piece) => piece.endsWith("\n") && piece.length <= PIECE)).toBe(true);
    expect(pieces.length).toBeLessThan(50);
    const ids = pieces
      .join("")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).request_id);
    expect(ids).toEqual(Array.from({ length: 100 }, (_, n) => `here-${n}`));
  });

  it("are written from the level on that is asked for", () => {
    const { pieces, log } = lines({ level: "warn" });
    log.info(CALL);
    log.warn({ ...CALL, code: "INTERNAL" });
    log.flush();
    expect(pieces).toHaveLength(1);
    expect(JSON.parse(pieces[0] ?? "")).toMatchObject({ level: 40, code: "INTERNAL" });
  });
});
