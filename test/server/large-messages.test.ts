import { create } from "@bufbuild/protobuf";
import { StringValueSchema } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { createServerErrors } from "../../src/server/errors.ts";
import { LargeMessages } from "../../src/server/large-messages.ts";
import { createLimits } from "../../src/server/limits.ts";
import { createMessageCheck } from "../../src/server/value-limit.ts";
import { describeFailure } from "../protocol/failures.ts";
import { clientOf, protocols, start } from "./support.ts";
import { TestService } from "./test-service.ts";

const LARGE = 64 * 1024;
const MIB = 1024 * 1024;

describe("large messages", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate", "performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** @param workMs what it takes to decode each */
  function setup(workMs = 0) {
    let workedMs = 0;
    const large = new LargeMessages(() => performance.now() + workedMs);
    /** Names of those that were decoded, and of those that were refused. */
    const decoded: string[] = [];
    const refused: string[] = [];
    const gone = new Map<string, () => void>();
    const come = (name: string, { sender = {}, bytes = LARGE }: { sender?: object; bytes?: number } = {}) => {
      const turn = large.turn({ bytes, sender, onGone: (listener) => void gone.set(name, listener) });
      const decode = () => {
        decoded.push(name);
        workedMs += workMs;
      };
      if (turn === undefined) decode();
      else void turn.then((taken) => (taken ? decode() : refused.push(name)));
    };
    const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
    return { large, decoded, refused, gone, come, pass };
  }

  it("are decoded as they come where nobody else calls", async () => {
    const { decoded, come, pass } = setup();
    for (const name of ["a", "b", "c"]) {
      come(name, { bytes: 4 * MIB });
      expect(decoded.at(-1)).toBe(name);
      await pass(1);
    }
  });

  it("take turns with a pause while others call", async () => {
    const { large, decoded, come, pass } = setup();
    large.passed();
    come("a", { bytes: MIB });
    await pass(1);
    come("b", { bytes: MIB });
    await pass(60);
    expect(decoded).toEqual(["a"]);
    await pass(100);
    expect(decoded).toEqual(["a", "b"]);
  });

  it("come to their turn within a second, whatever the one before took", async () => {
    const { large, decoded, come, pass } = setup(2_000);
    come("a");
    large.passed();
    await pass(1);
    come("b");
    await pass(990);
    expect(decoded).toEqual(["a"]);
    await pass(20);
    expect(decoded).toEqual(["a", "b"]);
  });

  it("of one sender do not keep back another's only one", async () => {
    const { large, decoded, come, pass } = setup();
    const busy = {};
    come("first", { sender: busy });
    large.passed();
    for (const name of ["second", "third", "fourth"]) come(name, { sender: busy });
    come("only");
    for (let n = 0; n < 4; n++) {
      large.passed();
      await pass(1_000);
    }
    expect(decoded).toEqual(["first", "only", "second", "third", "fourth"]);
  });

  it("are refused when their turn does not come", async () => {
    const { large, decoded, refused, come, pass } = setup(100);
    const names = Array.from({ length: 10 }, (_, n) => `${n}`);
    large.passed();
    for (const name of names) come(name);
    for (let n = 0; n < 60; n++) {
      large.passed();
      await pass(100);
    }
    expect(refused.length).toBeGreaterThan(0);
    expect(decoded.length).toBeGreaterThan(1);
    expect([...decoded, ...refused].toSorted()).toEqual(names);
  });

  it("of one sender give way to another's where too many wait", async () => {
    const { large, decoded, refused, come, pass } = setup();
    const busy = {};
    large.passed();
    for (let n = 0; n < 66; n++) come(`busy ${n}`, { sender: busy });
    expect(decoded).toEqual(["busy 0"]);
    come("only");
    await pass(0);
    expect(refused).toEqual(["busy 64"]);
    await pass(250);
    expect(refused).toEqual(["busy 64", "busy 65"]);
    expect(decoded).toContain("only");
  });

  it("that nobody waits for any more leave their turn to others", async () => {
    const { large, decoded, refused, gone, come, pass } = setup();
    come("a");
    large.passed();
    come("b");
    come("c");
    gone.get("b")?.();
    await pass(1_000);
    expect([decoded, refused]).toEqual([["a", "c"], ["b"]]);
  });

  it("are refused with a time to try again when too much of them waits", async () => {
    const check = createMessageCheck({
      limits: createLimits({ maxValues: 100 * MIB }),
      errors: createServerErrors("test"),
      valuesFor: () => undefined,
      takesTurns: (path) => path === "/large",
      now: () => performance.now(),
    });
    const exchange = { connection: undefined, onClose: () => {} };
    const come = (bytes: number, path = "/large") =>
      check(new Uint8Array(bytes), { method: TestService.method.write, path, json: false, exchange });
    expect(come(LARGE)).toBeUndefined();
    expect(come(1)).toBeUndefined();
    const waits = come(64 * MIB - 1);
    const answer = Promise.resolve(come(LARGE)).catch((error: unknown) => ConnectError.from(error));
    await vi.advanceTimersByTimeAsync(250);
    const refused = await answer;
    if (!(refused instanceof ConnectError)) throw new Error("it was not refused");
    expect(describeFailure(refused)).toMatchObject({ code: "ResourceExhausted", reason: "OVERLOADED" });
    expect(refused.findDetails(RetryInfoSchema)).toHaveLength(1);
    expect(waits).toBeInstanceOf(Promise);
    expect(come(MIB, "/other")).toBeUndefined();
  });
});

describe("the port, of methods whose large messages take turns", () => {
  const takesTurns = () => true;
  const text = (name: string, bytes = LARGE) => create(StringValueSchema, { value: name.padEnd(bytes, ".") });
  const nameOf = (value: string) => value.replaceAll(".", "");

  it.each(protocols)("answers every large message, and small ones beside them, over %s", async (protocol) => {
    const { url } = await start({ takesTurns });
    const client = clientOf(protocol, url);
    const small = async () => {
      for (let n = 0; n < 20; n++) await client.read({ value: "small" });
    };
    const names = ["a", "b", "c", "d"];
    const large = Promise.all(names.map((name) => client.write(text(name, 2 * LARGE))));
    await Promise.all([small(), small()]);
    expect((await large).map(({ value }) => nameOf(value))).toEqual(names);
  });

  it("does not decode what is waited for no more", async () => {
    const seen: string[] = [];
    const write = (message: { value: string }) => {
      seen.push(nameOf(message.value));
      return message;
    };
    const { url } = await start({ takesTurns, handlers: { write } });
    const client = clientOf("gRPC", url);
    // The pause after it is longer than the next one's deadline by far.
    await client.write(text("first", 3 * MIB));
    await client.read({ value: "small" });
    await expect(client.write(text("late"), { timeoutMs: 20 })).rejects.toThrow("deadline_exceeded");
    await client.read({ value: "small" });
    await client.write(text("last"));
    expect(seen).toEqual(["first", "last"]);
  });
});
