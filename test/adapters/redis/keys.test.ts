import { expect, it } from "vitest";
import { describeWithRedis, uniqueName } from "../../support/real-stores.ts";
import { adminOf, LONG_MS, openOn } from "./redis-under-fault.ts";

describeWithRedis("Redis keys", (redis) => {
  const ALWAYS = { kind: "always" } as const;

  async function opened() {
    const prefix = `${redis.prefix}:${uniqueName()}`;
    const stores = await openOn(redis, { prefix });
    const admin = await adminOf(redis);
    const keys = async () => (await admin.keys(`${prefix}:*`)).map((key) => key.slice(prefix.length)).sort();
    return { ...stores, admin, prefix, keys };
  }

  it("an entry is one key with one cluster slot, whatever happens to it", async () => {
    const { hot, cache, keys } = await opened();
    const slot = { generation: 7, key: "task/kind/id" };
    await hot.getOrLease(slot, { minRevision: 0, token: "t", leaseMs: LONG_MS });
    await hot.fill(slot, "t", { value: "one", revision: 1, ttlMs: LONG_MS });
    await hot.confirm(slot, { value: "two", revision: 2, ttlMs: LONG_MS });
    await hot.raise(slot, 3);
    const increment = { delta: 1n, lifetime: LONG_MS, etag: "e", requestId: "r" };
    await cache.increment(7, { namespace: "user", key: "k" }, increment);
    expect(await keys()).toEqual([":7:{cache/user/k}", ":7:{task/kind/id}"]);
  });

  it("every step leaves the entry with a lifetime, and a number that is none leaves no key", async () => {
    const { hot, cache, admin, prefix, keys } = await opened();
    const absent = (key: string) => ({ generation: 1, key });
    const value = { value: "one", revision: 1, ttlMs: LONG_MS };
    await hot.getOrLease(absent("a"), { minRevision: 0, token: "t", leaseMs: 10 });
    await hot.fill(absent("b"), "no lease", value);
    await hot.fill(absent("c"), "no lease", { ...value, value: undefined });
    await hot.confirm(absent("d"), value);
    await hot.raise(absent("e"), 1);
    for (const key of ["f", "g", "h"]) {
      await hot.getOrLease(absent(key), { minRevision: 0, token: "t", leaseMs: LONG_MS });
      await hot.fill(absent(key), "t", value);
    }
    await hot.fill(absent("f"), "no lease", { ...value, revision: 2 });
    await hot.confirm(absent("g"), { ...value, revision: 2 });
    await hot.raise(absent("h"), 2);
    await hot.probe();
    const increment = { delta: 1n, lifetime: LONG_MS, etag: "e", requestId: undefined };
    await cache.increment(1, { namespace: "user", key: "i" }, increment);
    const all = await keys();
    expect(all).toHaveLength(10);
    const lifetimes = await Promise.all(all.map((key) => admin.pTTL(prefix + key)));
    expect(Math.min(...lifetimes)).toBeGreaterThan(10_000);

    const entry = { value: { kind: "text", text: "x" }, lifetime: LONG_MS, etag: "e" } as const;
    await cache.set(1, { namespace: "user", key: "j" }, entry, ALWAYS);
    await cache.increment(1, { namespace: "user", key: "j" }, increment);
    const overflow = { ...increment, delta: 2n ** 63n };
    await cache.increment(1, { namespace: "user", key: "absent" }, overflow);
    expect((await keys()).length).toBe(all.length + 1);
    expect(await admin.pTTL(`${prefix}:1:{cache/user/j}`)).toBeGreaterThan(10_000);
  });

  it("a sweep takes old generations of objects and of cache entries, and nothing else", async () => {
    const { hot, cache, admin, prefix, keys } = await opened();
    const entry = { value: { kind: "text", text: "x" }, lifetime: undefined, etag: "e" } as const;
    for (const generation of [1, 2, 10]) {
      for (let at = 0; at < 600; at++) {
        await Promise.all([
          hot.raise({ generation, key: `task/kind/${at}` }, 1),
          cache.set(generation, { namespace: "user", key: `${at}` }, entry, ALWAYS),
        ]);
      }
    }
    await hot.writeHint(10);
    await admin.set(`${prefix}x:1:{task/kind/1}`, "of another prefix");
    await admin.set(`${prefix}:other`, "no entry");
    await hot.sweepBelow(10);
    const left = await keys();
    expect(left.filter((key) => key.startsWith(":10:"))).toHaveLength(1200);
    expect(left.filter((key) => !key.startsWith(":10:"))).toEqual([":hint", ":other"]);
    expect(await admin.exists(`${prefix}x:1:{task/kind/1}`)).toBe(1);
  });

  it("a sweep stops when its signal fires", async () => {
    const { hot, keys } = await opened();
    for (let at = 0; at < 10; at++) await hot.raise({ generation: 1, key: `task/kind/${at}` }, 1);
    const stop = new AbortController();
    const sweep = hot.sweepBelow(2, stop.signal);
    stop.abort();
    await expect(sweep).rejects.toMatchObject({ kind: "cancelled" });
    expect(await keys()).toHaveLength(10);
  });

  it("a prefix that would move the slot's braces is refused", async () => {
    for (const prefix of ["", "a{b", "a}b", "a*b"]) await expect(openOn(redis, { prefix })).rejects.toThrow();
  });
});
