import { describe, expect, it } from "vitest";
import {
  deleteEntry,
  getEntry,
  incrementEntry,
  setEntry,
  touchEntry,
} from "../../../src/domain/cache/entries.ts";
import { failure, fieldsOf, HOUR, harness, MINUTE, text } from "./support.ts";

const NAME = { namespace: "", key: "k" };

describe("an entry", () => {
  it("comes back as it was stored, in the default namespace when none is named", async () => {
    const { cache, now } = harness();
    const head = await setEntry(cache, text("k", "v"));
    expect(await getEntry(cache, NAME)).toEqual({
      namespace: "default",
      key: "k",
      value: { kind: "text", text: "v" },
      expireTime: now() + 30 * MINUTE,
      etag: head.etag,
    });
    expect(head).not.toHaveProperty("value");
  });

  it("holds bytes as bytes", async () => {
    const { cache } = harness();
    const data = Uint8Array.of(0, 255, 128);
    await setEntry(cache, text("k", "", { value: { kind: "data", data } }));
    expect((await getEntry(cache, NAME)).value).toEqual({ kind: "data", data });
  });

  it.each([
    ["user", 15 * MINUTE],
    ["schema", 6 * HOUR],
    ["constructor", 30 * MINUTE],
  ])("in the namespace %s lives %d ms by default", async (namespace, lifetime) => {
    const { cache, now, advance } = harness();
    const head = await setEntry(cache, text("k", "v", { namespace }));
    expect(head.expireTime).toBe(now() + lifetime);
    advance(lifetime - 1);
    await getEntry(cache, { namespace, key: "k" });
    advance(1);
    expect(await failure(() => getEntry(cache, { namespace, key: "k" }))).toMatchObject({
      kind: "not_found",
      reason: "ENTRY_NOT_FOUND",
    });
  });

  it("lives as long as its ttl says, and a positive ttl is never rounded to nothing", async () => {
    const { cache, now } = harness();
    expect((await setEntry(cache, text("k", "v", { ttlMs: 0.2 }))).expireTime).toBe(now() + 1);
  });

  it("stays when it persists", async () => {
    const { cache, advance } = harness();
    expect((await setEntry(cache, text("k", "v", { persist: true }))).expireTime).toBeUndefined();
    advance(1000 * HOUR);
    expect((await getEntry(cache, NAME)).expireTime).toBeUndefined();
  });

  it("gets another etag with each write, and the same one by a touch", async () => {
    const { cache, advance, now } = harness();
    const first = await setEntry(cache, text("k", "v"));
    const second = await setEntry(cache, text("k", "v"));
    expect(second.etag).not.toBe(first.etag);
    advance(MINUTE);
    const touched = await touchEntry(cache, { ...NAME, ttlMs: HOUR });
    expect(touched).toMatchObject({ etag: second.etag, expireTime: now() + HOUR });
    expect((await touchEntry(cache, { ...NAME, persist: true })).expireTime).toBeUndefined();
    expect((await touchEntry(cache, NAME)).expireTime).toBe(now() + 30 * MINUTE);
  });

  it("is gone once deleted, and delete says whether it was there", async () => {
    const { cache } = harness();
    await setEntry(cache, text("k", "v"));
    expect(await deleteEntry(cache, NAME)).toBe(true);
    expect(await deleteEntry(cache, NAME)).toBe(false);
    expect((await failure(() => touchEntry(cache, NAME))).kind).toBe("not_found");
  });

  it("is counted as a hit or a miss when read", async () => {
    const { cache } = harness();
    await setEntry(cache, text("k", "v"));
    await getEntry(cache, NAME);
    await failure(() => getEntry(cache, { namespace: "", key: "other" }));
    expect(cache.stats).toEqual({ hits: 1, misses: 1 });
  });
});

describe("a condition", () => {
  it("if_absent stores once", async () => {
    const { cache } = harness();
    await setEntry(cache, text("k", "first", { condition: "if_absent" }));
    expect(await failure(() => setEntry(cache, text("k", "x", { condition: "if_absent" })))).toMatchObject({
      kind: "failed_precondition",
      reason: "CONDITION_NOT_MET",
      applied: "no",
    });
    expect((await getEntry(cache, NAME)).value).toEqual({ kind: "text", text: "first" });
  });

  it("if_present stores only over an entry", async () => {
    const { cache } = harness();
    const refused = await failure(() => setEntry(cache, text("k", "v", { condition: "if_present" })));
    expect(refused.reason).toBe("CONDITION_NOT_MET");
    await setEntry(cache, text("k", "v"));
    await setEntry(cache, text("k", "w", { condition: "if_present" }));
    expect((await getEntry(cache, NAME)).value).toEqual({ kind: "text", text: "w" });
  });

  it("etag stores only over that very value", async () => {
    const { cache } = harness();
    const { etag } = await setEntry(cache, text("k", "v"));
    await setEntry(cache, text("k", "w", { etag }));
    expect(await failure(() => setEntry(cache, text("k", "x", { etag })))).toMatchObject({
      kind: "aborted",
      reason: "ETAG_MISMATCH",
    });
  });
});

describe("an increment", () => {
  const add = (delta: bigint, more = {}) => ({ ...NAME, delta, requestId: "", ...more });

  it("counts from 0 and sets the lifetime with the value", async () => {
    const { cache, now } = harness();
    expect(await incrementEntry(cache, add(5n))).toMatchObject({ value: 5n, replayed: false });
    const next = await incrementEntry(cache, add(-7n, { ttlMs: HOUR }));
    expect(next.entry).toMatchObject({ value: { kind: "text", text: "-2" }, expireTime: now() + HOUR });
  });

  it("is not applied again for a repeated request_id", async () => {
    const { cache } = harness();
    await incrementEntry(cache, add(1n, { requestId: "a" }));
    await incrementEntry(cache, add(1n, { requestId: "b" }));
    expect(await incrementEntry(cache, add(1n, { requestId: "a" }))).toMatchObject({
      value: 2n,
      replayed: true,
    });
  });

  it.each([
    ["a text that is no number", "1.5", 1n, "NOT_AN_INTEGER"],
    ["the largest int64", "9223372036854775807", 1n, "INTEGER_OVERFLOW"],
    ["the smallest int64", "-9223372036854775808", -1n, "INTEGER_OVERFLOW"],
  ])("of %s is refused and changes nothing", async (_what, before, delta, reason) => {
    const { cache } = harness();
    await setEntry(cache, text("k", before));
    expect(await failure(() => incrementEntry(cache, add(delta)))).toMatchObject({
      kind: "failed_precondition",
      reason,
    });
    expect((await getEntry(cache, NAME)).value).toEqual({ kind: "text", text: before });
  });
});

describe("a bad field is named, and nothing is stored", () => {
  const MIB = 1024 * 1024;
  it.each([
    ["namespace", { namespace: "Upper" }],
    ["namespace", { namespace: `a${"b".repeat(63)}` }],
    ["namespace", { namespace: "-a" }],
    ["key", { key: "" }],
    ["key", { key: "a\nb" }],
    ["key", { key: "é".repeat(257) }],
    ["key", { key: "\ud800" }],
    ["ttl", { ttlMs: 0 }],
    ["ttl", { ttlMs: -1 }],
    ["ttl", { ttlMs: Number.NaN }],
    ["ttl", { ttlMs: 11 * 366 * 24 * HOUR }],
    ["persist", { ttlMs: 1, persist: true }],
    ["value", { value: undefined }],
    ["text", { value: { kind: "text" as const, text: `${"é".repeat(MIB / 2)}x` } }],
    ["text", { value: { kind: "text" as const, text: "\udc00" } }],
    ["data", { value: { kind: "data" as const, data: new Uint8Array(MIB + 1) } }],
    ["condition", { condition: undefined }],
    ["condition", { condition: "if_absent" as const, etag: "e" }],
    ["etag", { etag: "e".repeat(129) }],
  ])("%s", async (field, more) => {
    const { cache } = harness();
    const error = await failure(() => setEntry(cache, text("k", "v", more)));
    expect(error.kind).toBe("invalid_argument");
    expect(fieldsOf(error)).toEqual([field]);
    expect((await failure(() => getEntry(cache, NAME))).kind).toBe("not_found");
  });

  it("all of them at once", async () => {
    const { cache } = harness();
    const bad = text("", "v", { namespace: "_", ttlMs: 0, value: undefined });
    expect(fieldsOf(await failure(() => setEntry(cache, bad)))).toEqual(["namespace", "key", "ttl", "value"]);
  });

  it("the largest of everything is good", async () => {
    const { cache } = harness();
    const data = new Uint8Array(MIB);
    const namespace = "a".repeat(63);
    const largest = text("k".repeat(512), "", { namespace, value: { kind: "data", data } });
    await expect(setEntry(cache, largest)).resolves.toMatchObject({ namespace });
  });

  it("request_id of an increment", async () => {
    const { cache } = harness();
    const request = { ...NAME, delta: 1n, requestId: "r".repeat(129) };
    expect(fieldsOf(await failure(() => incrementEntry(cache, request)))).toEqual(["request_id"]);
  });
});

it("while the hot store is away every call is unavailable, and none says not found", async () => {
  const { cache, bypass } = harness();
  bypass();
  const calls = [
    () => getEntry(cache, NAME),
    () => setEntry(cache, text("k", "v")),
    () => deleteEntry(cache, NAME),
    () => touchEntry(cache, NAME),
    () => incrementEntry(cache, { ...NAME, delta: 1n, requestId: "" }),
  ];
  for (const call of calls) {
    expect(await failure(call)).toMatchObject({ kind: "unavailable", reason: "HOT_STORE_UNAVAILABLE" });
  }
});
