import { create } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { CacheService, Condition, LeaseOutcome } from "../../../gen/dbconn/v1/cache_pb.ts";
import { BadRequestSchema, ErrorInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import { createCacheService } from "../../../src/rpc/cache-service.ts";
import { timestamp } from "../../../src/rpc/convert.ts";
import { harness } from "../cache/support.ts";
import { clientOf, errorOf } from "./support.ts";

function service() {
  const it = harness();
  return { ...it, ...clientOf(CacheService, createCacheService(it.cache)) };
}

const text = (value: string) => ({ case: "text" as const, value });
const seconds = (value: bigint, nanos = 0) => create(DurationSchema, { seconds: value, nanos });

describe("CacheService", () => {
  it("SetEntry answers the entry without its value, GetEntry with it", async () => {
    const { client, now } = service();
    const set = await client.setEntry({ key: "k", value: text("v"), ttl: seconds(5n) });
    expect(set.entry).toMatchObject({ namespace: "default", key: "k", value: { case: undefined } });
    const got = await client.getEntry({ key: "k" });
    expect(got.entry).toEqual({ ...set.entry, value: text("v"), expireTime: timestamp(now() + 5000) });
  });

  it("keeps bytes, and the empty text apart from none", async () => {
    const { client } = service();
    const data = { case: "data" as const, value: Uint8Array.of(0, 200) };
    await client.setEntry({ key: "k", value: data });
    expect((await client.getEntry({ key: "k" })).entry?.value).toEqual(data);
    await client.setEntry({ key: "k", value: text("") });
    expect((await client.getEntry({ key: "k" })).entry?.value).toEqual(text(""));
    const error = await errorOf(client.setEntry({ key: "k" }));
    expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe("value");
  });

  it("knows the conditions, and refuses a number that is none", async () => {
    const { client } = service();
    const set = (condition: Condition) => client.setEntry({ key: "k", value: text("v"), condition });
    expect((await errorOf(set(Condition.IF_PRESENT))).code).toBe(Code.FailedPrecondition);
    await set(Condition.IF_ABSENT);
    expect((await errorOf(set(Condition.IF_ABSENT))).code).toBe(Code.FailedPrecondition);
    await set(Condition.IF_PRESENT);
    const error = await errorOf(set(9 as Condition));
    expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe("condition");
  });

  it("refuses a duration that is none", async () => {
    const { client } = service();
    for (const ttl of [seconds(0n), seconds(1n, -1), seconds(0n, 2_000_000_000)]) {
      const error = await errorOf(client.setEntry({ key: "k", value: text("v"), ttl }));
      expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe("ttl");
    }
  });

  it("an etag that is not current is ABORTED, and says that nothing was applied", async () => {
    const { client } = service();
    const error = await errorOf(client.setEntry({ key: "k", value: text("v"), etag: "old" }));
    expect(error.code).toBe(Code.Aborted);
    expect(error.findDetails(ErrorInfoSchema)[0]).toMatchObject({
      reason: "ETAG_MISMATCH",
      metadata: { applied: "no" },
    });
  });

  it("TouchEntry reads and prolongs, DeleteEntry says whether it was there", async () => {
    const { client, now } = service();
    await client.setEntry({ key: "k", value: text("v"), persist: true });
    expect((await client.getEntry({ key: "k" })).entry?.expireTime).toBeUndefined();
    const touched = await client.touchEntry({ key: "k", ttl: seconds(9n) });
    expect(touched.entry).toMatchObject({ value: text("v"), expireTime: timestamp(now() + 9000) });
    expect((await client.deleteEntry({ key: "k" })).existed).toBe(true);
    expect((await client.deleteEntry({ key: "k" })).existed).toBe(false);
    expect((await errorOf(client.touchEntry({ key: "k" }))).code).toBe(Code.NotFound);
  });

  it("IncrementEntry adds 1 unless told otherwise, 0 too, and all of int64", async () => {
    const { client } = service();
    expect((await client.incrementEntry({ key: "n" })).value).toBe(1n);
    expect((await client.incrementEntry({ key: "n", delta: 0n })).value).toBe(1n);
    const large = 2n ** 63n - 2n;
    expect((await client.incrementEntry({ key: "n", delta: large, requestId: "r" })).value).toBe(
      2n ** 63n - 1n,
    );
    expect(await client.incrementEntry({ key: "n", delta: large, requestId: "r" })).toMatchObject({
      value: 2n ** 63n - 1n,
      replayed: true,
      entry: { value: text(String(2n ** 63n - 1n)) },
    });
    expect((await errorOf(client.incrementEntry({ key: "n" }))).code).toBe(Code.FailedPrecondition);
  });

  it("batches answer each item under its name or with its status", async () => {
    const { client } = service();
    const set = await client.batchSetEntries({
      requests: [
        { key: "a", value: text("1") },
        { key: "", value: text("2") },
      ],
    });
    expect(set.results.map(({ result }) => result.case)).toEqual(["entry", "status"]);
    expect(set.results[1]?.result.value).toMatchObject({ code: Code.InvalidArgument });

    const got = await client.batchGetEntries({ keys: ["a", "b"] });
    expect(got.results[0]?.result).toMatchObject({ case: "entry", value: { key: "a", value: text("1") } });
    expect(got.results[1]?.result).toMatchObject({ case: "status", value: { code: Code.NotFound } });

    const deleted = await client.batchDeleteEntries({ keys: ["a", "b", ""] });
    expect(deleted.results.map(({ result }) => result.case)).toEqual(["existed", "existed", "status"]);
    expect(deleted.deletedCount).toBe(1);
  });

  it("ListKeys answers entries when asked: with values, or with lifetimes alone", async () => {
    const { client } = service();
    for (const key of ["a1", "a2", "b"]) await client.setEntry({ key, value: text("v") });
    const keys = await client.listKeys({ pattern: "a*" });
    expect([...keys.keys].sort()).toEqual(["a1", "a2"]);
    expect(keys.entries).toEqual([]);
    const lifetimes = await client.listKeys({ pattern: "b", includeTtls: true });
    expect(lifetimes.entries).toMatchObject([{ key: "b", value: { case: undefined } }]);
    expect(lifetimes.entries[0]?.expireTime).toBeDefined();
    const values = await client.listKeys({ pattern: "b", includeValues: true });
    expect(values.entries).toMatchObject([{ key: "b", value: text("v") }]);
  });

  it("ClearCache counts, guards and clears", async () => {
    const { client } = service();
    await client.setEntry({ key: "a", value: text("v") });
    expect(await client.clearCache({ allNamespaces: true, validateOnly: true })).toMatchObject({
      clearedCount: 1n,
      sample: ["default/a"],
    });
    const refused = await errorOf(client.clearCache({ namespace: "default", expectedCount: 0n }));
    expect(refused.findDetails(ErrorInfoSchema)[0]).toMatchObject({
      reason: "COUNT_MISMATCH",
      metadata: { counted: "1", applied: "no" },
    });
    expect((await client.clearCache({ namespace: "default", expectedCount: 1n })).clearedCount).toBe(1n);
  });

  it("answers UNAVAILABLE while the hot store is away, with a time to retry", async () => {
    const { client, bypass } = service();
    bypass();
    expect((await errorOf(client.getEntry({ key: "k" }))).code).toBe(Code.Unavailable);
    expect((await errorOf(client.batchSetEntries({ requests: [{ key: "k", value: text("v") }] }))).code).toBe(
      Code.Unavailable,
    );
  });

  it("LeaseEntry grants one, tells the others to wait, and answers what the one stored", async () => {
    const { client, now } = service();
    const granted = await client.leaseEntry({ key: "k", leaseTtl: seconds(60n) });
    expect(granted).toMatchObject({
      outcome: LeaseOutcome.GRANTED,
      leaseExpireTime: timestamp(now() + 60_000),
    });
    expect([granted.entry, granted.retryAfter]).toEqual([undefined, undefined]);
    const busy = await client.leaseEntry({ key: "k", wait: seconds(0n) });
    expect(busy).toMatchObject({
      outcome: LeaseOutcome.WAIT,
      leaseToken: "",
      leaseExpireTime: timestamp(now() + 60_000),
      retryAfter: { seconds: 1n },
    });
    await client.setEntry({ key: "k", value: text("v"), leaseToken: granted.leaseToken });
    const hit = await client.leaseEntry({ key: "k" });
    expect(hit).toMatchObject({ outcome: LeaseOutcome.HIT, leaseToken: "", entry: { value: text("v") } });
    expect(hit.leaseExpireTime).toBeUndefined();
  });

  it("a stale value is answered with its past expire time, to the filler and to the others", async () => {
    const { client, advance, now } = service();
    await client.setEntry({ key: "k", value: text("old"), ttl: seconds(1n), staleTtl: seconds(60n) });
    const expired = timestamp(now() + 1000);
    advance(1500);
    const entry = { value: text("old"), expireTime: expired };
    const granted = await client.leaseEntry({ key: "k" });
    expect(granted).toMatchObject({ outcome: LeaseOutcome.GRANTED, entry });
    expect(await client.leaseEntry({ key: "k" })).toMatchObject({ outcome: LeaseOutcome.STALE, entry });
    expect((await errorOf(client.getEntry({ key: "k" }))).code).toBe(Code.NotFound);
  });

  it("a fill under a lost lease is ABORTED, and says that nothing was applied", async () => {
    const { client } = service();
    const { leaseToken } = await client.leaseEntry({ key: "k" });
    await client.setEntry({ key: "k", value: text("newer") });
    const error = await errorOf(client.setEntry({ key: "k", value: text("older"), leaseToken }));
    expect(error.code).toBe(Code.Aborted);
    expect(error.findDetails(ErrorInfoSchema)[0]).toMatchObject({
      reason: "LEASE_LOST",
      metadata: { applied: "no" },
    });
    expect((await client.getEntry({ key: "k" })).entry?.value).toEqual(text("newer"));
  });

  it.each([
    ["stale_ttl", { staleTtl: seconds(1n, -1) }],
    ["ttl_jitter", { ttlJitter: seconds(-1n) }],
  ])("a %s that is no duration, or negative, is refused", async (field, part) => {
    const { client } = service();
    const error = await errorOf(client.setEntry({ key: "k", value: text("v"), ...part }));
    expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe(field);
  });
});
