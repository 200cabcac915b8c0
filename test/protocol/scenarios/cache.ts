// CacheService over one protocol. Every test uses a namespace of its own.
import { Code } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { Condition, LeaseOutcome } from "../../../gen/dbconn/v1/cache_pb.ts";
import { expectFailure } from "../failures.ts";
import { value } from "../values.ts";
import { reasonOf, type Scene, uniqueName } from "./scene.ts";

const seconds = (count: number) => ({ seconds: BigInt(count) });

export function cacheScenario(scene: Scene): void {
  it("an entry holds text or bytes until its time is up", async () => {
    const { cache } = scene.clients;
    const namespace = uniqueName();
    const before = Date.now();
    const set = await cache.setEntry({
      namespace,
      key: "a/ä",
      value: { case: "text", value: "" },
      ttl: seconds(60),
    });
    expect(set.entry).toMatchObject({ namespace, key: "a/ä", value: { case: undefined } });
    const expires = Number(set.entry?.expireTime?.seconds) * 1000;
    expect(expires).toBeGreaterThanOrEqual(before + 58_000);
    expect((await cache.getEntry({ namespace, key: "a/ä" })).entry).toMatchObject({
      value: { case: "text", value: "" },
      etag: set.entry?.etag,
    });
    const data = Uint8Array.from([0, 255, 128, 10]);
    await cache.setEntry({ namespace, key: "b", value: { case: "data", value: data }, persist: true });
    const { entry } = await cache.getEntry({ namespace, key: "b" });
    expect(entry?.value).toMatchObject({ case: "data", value: data });
    expect(entry?.expireTime).toBeUndefined();
    await expectFailure(cache.getEntry({ namespace, key: "none" }), {
      code: "NotFound",
      reason: "ENTRY_NOT_FOUND",
      applied: undefined,
    });
  });

  it("conditions and etags decide whether a value is stored", async () => {
    const { cache } = scene.clients;
    const name = { namespace: uniqueName(), key: "k" };
    const text = (value: string) => ({ ...name, value: { case: "text" as const, value } });
    const unmet = { code: "FailedPrecondition", reason: "CONDITION_NOT_MET", applied: "no" };
    await expectFailure(cache.setEntry({ ...text("1"), condition: Condition.IF_PRESENT }), unmet);
    const set = await cache.setEntry({ ...text("1"), condition: Condition.IF_ABSENT });
    await expectFailure(cache.setEntry({ ...text("2"), condition: Condition.IF_ABSENT }), unmet);
    await cache.setEntry({ ...text("2"), etag: set.entry?.etag ?? "" });
    await expectFailure(cache.setEntry({ ...text("3"), etag: set.entry?.etag ?? "" }), {
      code: "Aborted",
      reason: "ETAG_MISMATCH",
      applied: "no",
    });
    expect((await cache.getEntry(name)).entry?.value.value).toBe("2");
  });

  it("touch, increment and delete say what they did", async () => {
    const { cache } = scene.clients;
    const name = { namespace: uniqueName(), key: "n" };
    expect(await cache.incrementEntry({ ...name, requestId: "r" })).toMatchObject({
      value: 1n,
      replayed: false,
    });
    expect(await cache.incrementEntry({ ...name, requestId: "r" })).toMatchObject({
      value: 1n,
      replayed: true,
    });
    const big = await cache.incrementEntry({ ...name, delta: 9_007_199_254_740_992n });
    expect(big.value).toBe(9_007_199_254_740_993n);
    expect((await cache.incrementEntry({ ...name, delta: -3n })).value).toBe(9_007_199_254_740_990n);
    const touched = await cache.touchEntry({ ...name, persist: true });
    expect(touched.entry).toMatchObject({ value: { case: "text", value: "9007199254740990" } });
    expect(touched.entry?.expireTime).toBeUndefined();
    await expectFailure(cache.incrementEntry({ ...name, delta: 9_223_372_036_854_775_807n }), {
      code: "FailedPrecondition",
      reason: "INTEGER_OVERFLOW",
      applied: "no",
    });
    expect(await cache.deleteEntry(name)).toMatchObject({ existed: true });
    expect(await cache.deleteEntry(name)).toMatchObject({ existed: false });
    await expectFailure(cache.touchEntry(name), { code: "NotFound", applied: "no" });
  });

  it("batches answer each item, good or bad", async () => {
    const { cache } = scene.clients;
    const namespace = uniqueName();
    const set = await cache.batchSetEntries({
      requests: [
        { namespace, key: "a", value: { case: "text", value: "1" } },
        { namespace, key: "", value: { case: "text", value: "2" } },
        { namespace, key: "c" },
      ],
    });
    expect(set.results.map(({ result }) => result.case)).toEqual(["entry", "status", "status"]);
    const bad = set.results[2]?.result;
    if (bad?.case !== "status") throw new Error("the item without a value was taken");
    expect([bad.value.code, reasonOf(bad.value)]).toEqual([Code.InvalidArgument, "INVALID_FIELD"]);
    expect(bad.value.message).toContain("requests[2].value");
    const got = await cache.batchGetEntries({ namespace, keys: ["b", "a"] });
    expect(got.results.map(({ result }) => result.case)).toEqual(["status", "entry"]);
    const deleted = await cache.batchDeleteEntries({ namespace, keys: ["a", "b"] });
    expect(deleted.deletedCount).toBe(1);
    expect(deleted.results.map(({ result }) => result.value)).toEqual([true, false]);
    await expectFailure(cache.batchGetEntries({ namespace, keys: [] }), {
      code: "InvalidArgument",
      fields: ["keys"],
    });
  });

  it("keys are listed by pattern, page by page", async () => {
    const { cache } = scene.clients;
    const namespace = uniqueName();
    const keys = Array.from({ length: 25 }, (_, index) => `user:${index}`);
    await cache.batchSetEntries({
      requests: ["other", "user*", ...keys].map((key) => ({
        namespace,
        key,
        value: { case: "text", value: key },
      })),
    });
    const found = new Set<string>();
    let pageToken = "";
    do {
      const page = await cache.listKeys({ namespace, pattern: "user:?*", pageSize: 10, pageToken });
      expect(new Set(page.keys).size).toBe(page.keys.length);
      for (const key of page.keys) found.add(key);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect([...found].sort()).toEqual([...keys].sort());
    const literal = await cache.listKeys({ namespace, pattern: "user\\*", includeValues: true });
    expect(literal.entries.map(({ value }) => value.value)).toEqual(["user*"]);
  });

  it("of many who miss an entry one makes it, the others wait for it or take the stale value", async () => {
    const { cache } = scene.clients;
    const name = { namespace: uniqueName(), key: "made by one" };
    const text = (value: string) => ({ case: "text" as const, value });
    const ask = () => cache.leaseEntry({ ...name, wait: seconds(20) });
    const others = Array.from({ length: 8 }, ask);
    const first = await Promise.race(others);
    expect(first.outcome).toBe(LeaseOutcome.GRANTED);
    const { leaseToken } = first;
    // Until the second, so short that it is over as soon as the test asks.
    const value = { ...name, value: text("one"), ttl: { seconds: 0n, nanos: 1_000_000 } };
    const lost = { code: "Aborted", reason: "LEASE_LOST", applied: "no" };
    await expectFailure(cache.setEntry({ ...value, leaseToken: `${leaseToken}x` }), lost);
    await cache.setEntry({ ...name, value: text("one"), leaseToken, ttlJitter: seconds(60) });
    const outcomes = (await Promise.all(others)).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === LeaseOutcome.GRANTED)).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === LeaseOutcome.HIT)).toHaveLength(7);
    await expectFailure(cache.setEntry({ ...value, leaseToken }), lost);
    await expectFailure(cache.leaseEntry({ ...name, leaseTtl: seconds(0), wait: seconds(31) }), {
      code: "InvalidArgument",
      fields: ["lease_ttl", "wait"],
    });

    await cache.setEntry({ ...value, staleTtl: seconds(60) });
    let again = await ask();
    while (again.outcome === LeaseOutcome.HIT) again = await ask();
    expect(again).toMatchObject({ outcome: LeaseOutcome.GRANTED, entry: { value: text("one") } });
    const stale = await ask();
    expect(stale).toMatchObject({ outcome: LeaseOutcome.STALE, entry: { value: text("one") } });
    expect(Number(stale.entry?.expireTime?.seconds)).toBeLessThanOrEqual(Date.now() / 1000 + 1);
    await cache.clearCache({ namespace: name.namespace });
    await expectFailure(cache.setEntry({ ...value, leaseToken: again.leaseToken }), lost);
    const empty = await ask();
    expect([empty.outcome, empty.entry]).toEqual([LeaseOutcome.GRANTED, undefined]);
    const wait = await cache.leaseEntry({ ...name, wait: seconds(0) });
    expect(wait.outcome).toBe(LeaseOutcome.WAIT);
    expect(wait.retryAfter?.seconds).toBeLessThanOrEqual(1n);
  });

  it("the statistics tell hits, misses, and what each namespace holds", async () => {
    const { cache } = scene.clients;
    const namespace = uniqueName();
    const value = { case: "text" as const, value: "x".repeat(1000) };
    await cache.batchSetEntries({ requests: ["a", "b", "c"].map((key) => ({ namespace, key, value })) });
    const before = await cache.getCacheStats({});
    await cache.batchGetEntries({ namespace, keys: ["a", "b", "none"] });
    const after = await cache.getCacheStats({ namespace });
    expect(after.hits - before.hits).toBe(2n);
    expect(after.misses - before.misses).toBe(1n);
    expect([after.namespaces.length, after.partial]).toEqual([1, false]);
    expect(after.namespaces[0]).toMatchObject({ namespace, entries: 3n });
    expect(Number(after.namespaces[0]?.bytes)).toBeGreaterThanOrEqual(3000);
    expect(before.namespaces.map((one) => one.namespace)).toContain(namespace);
    await expectFailure(cache.getCacheStats({ namespace: "/" }), {
      code: "InvalidArgument",
      fields: ["namespace"],
    });
  });

  it("clearing needs one of its three forms, and never removes a task or a schema", async () => {
    const { cache, tasks, schemas } = scene.clients;
    const namespace = uniqueName();
    const name = uniqueName();
    await tasks.createTask({ kind: name, taskId: "1", data: { kept: true } });
    await schemas.publishRelease({ name, document: value({ title: "kept" }) });
    const fill = async () => {
      const requests = ["a1", "a2", "b1"].map((key) => ({
        namespace,
        key,
        value: { case: "text" as const, value: key },
      }));
      await cache.batchSetEntries({ requests });
    };
    await fill();
    for (const form of [{}, { pattern: "*" }, { namespace, allNamespaces: true }]) {
      await expectFailure(cache.clearCache(form), { code: "InvalidArgument", applied: "no" });
    }
    const dry = await cache.clearCache({ namespace, pattern: "a*", validateOnly: true });
    expect([dry.clearedCount, [...dry.sample].sort()]).toEqual([2n, ["a1", "a2"]]);
    await expectFailure(cache.clearCache({ namespace, expectedCount: 2n }), {
      code: "FailedPrecondition",
      reason: "COUNT_MISMATCH",
      applied: "no",
    });
    expect((await cache.clearCache({ namespace, pattern: "a*" })).clearedCount).toBe(2n);
    expect((await cache.clearCache({ namespace, expectedCount: 1n })).clearedCount).toBe(1n);
    await fill();
    expect((await cache.clearCache({ allNamespaces: true })).clearedCount).toBeGreaterThanOrEqual(3n);
    expect((await cache.listKeys({ namespace })).keys).toEqual([]);
    expect((await tasks.getTask({ kind: name, taskId: "1" })).task?.data).toEqual({ kept: true });
    expect((await schemas.getSchema({ name })).schema?.activeRelease).toBe(1);
    expect((await tasks.listTasks({ kind: name })).tasks).toHaveLength(1);
  });
}
