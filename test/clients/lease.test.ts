// A cache entry that one of many makes, by the TypeScript client.
import { Code } from "@connectrpc/connect";
import { describe, expect, it, onTestFinished } from "vitest";
import { connectNode } from "../../clients/typescript/src/node.ts";
import { LeaseOutcome } from "../../gen/dbconn/v1/cache_pb.ts";
import { startServer } from "../support/server-process.ts";
import { clientOf, failure, script } from "./support.ts";

const text = (value: string) => ({ case: "text", value }) as const;

describe("getOrMake", () => {
  it("makes an entry once for all who ask at once, and not again while it lives", async () => {
    const server = await startServer();
    onTestFinished(async () => void (await server.stop()));
    const clients = Array.from({ length: 3 }, () => connectNode({ url: server.url }));
    onTestFinished(() => {
      for (const { close } of clients) close();
    });
    let made = 0;
    const make = async () => ({ value: text(`made ${++made}`), ttlMs: 60_000 });
    const all = await Promise.all(
      Array.from({ length: 30 }, (_, at) => clients[at % 3]?.getOrMake({ key: "k" }, make)),
    );
    expect(all).toEqual(Array.from({ length: 30 }, () => text("made 1")));
    expect(await clients[0]?.getOrMake({ key: "k" }, make)).toEqual(text("made 1"));
    expect(made).toBe(1);
  });

  it("tells what kept the value from being made, and leaves the lease to its time", async () => {
    const { getOrMake } = clientOf({
      cache: { leaseEntry: () => ({ outcome: LeaseOutcome.GRANTED, leaseToken: "t" }) },
    });
    const make = () => Promise.reject(new Error("the source is away"));
    await expect(getOrMake({ key: "k" }, make)).rejects.toThrow("the source is away");
  });

  it("answers a stale value at once, shows it to the maker, and keeps a value whose lease was over", async () => {
    const entry = { key: "k", value: text("old") };
    const outcome = script(LeaseOutcome.STALE, LeaseOutcome.GRANTED);
    const { getOrMake } = clientOf({
      cache: {
        leaseEntry: () => ({ outcome: outcome(), entry, leaseToken: "t" }),
        setEntry() {
          throw failure(Code.Aborted, "LEASE_LOST", { applied: "no" });
        },
      },
    });
    const make = async (_signal: AbortSignal, stale: unknown) => ({
      value: text(`new, after ${JSON.stringify(stale)}`),
    });
    expect(await getOrMake({ key: "k" }, make)).toEqual(text("old"));
    expect(await getOrMake({ key: "k" }, make)).toMatchObject({ value: expect.stringContaining("old") });
  });

  it("waits as long as it is told, and gives up at its deadline", async () => {
    const { getOrMake, pauses } = clientOf({
      cache: {
        leaseEntry: () => ({ outcome: LeaseOutcome.WAIT, retryAfter: { seconds: 4n, nanos: 0 } }),
      },
    });
    const make = () => Promise.reject(new Error("not mine to make"));
    await expect(getOrMake({ key: "k" }, make, { timeoutMs: 10_000 })).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
    });
    expect(pauses).toEqual([4_000, 4_000, 4_000]);
  });
});
