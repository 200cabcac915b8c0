import { describe, expect, it } from "vitest";
import { openMemory } from "../../../src/adapters/memory/open.ts";

const TTL_MS = 60_000;
const ALWAYS = { kind: "always" } as const;

function opened({ maxBytes = 1_000_000, maxEntries = 1_000 } = {}) {
  let time = 0;
  const stores = openMemory({ now: () => time, identity: "memory-1", maxBytes, maxEntries });
  const fill = async (key: string, value = "one", generation = 1) => {
    await stores.hot.getOrLease({ generation, key }, { minRevision: 0, token: key, leaseMs: TTL_MS });
    return stores.hot.fill({ generation, key }, key, { value, revision: 1, ttlMs: TTL_MS });
  };
  const set = (key: string, text = "one", generation = 1) =>
    stores.cache.set(
      generation,
      { namespace: "user", key },
      { value: { kind: "text", text }, lifetime: undefined, etag: "e" },
      ALWAYS,
    );
  const peek = (key: string, generation = 1) => stores.hot.peek({ generation, key }, 0);
  const get = (key: string, generation = 1) => stores.cache.get(generation, { namespace: "user", key });
  const scan = async () => {
    const query = { namespace: "user", pattern: "*", count: 10_000, cursor: undefined };
    return (await stores.cache.scan(1, query)).keys;
  };
  const advance = (ms: number) => {
    time += ms;
  };
  return { ...stores, fill, set, peek, get, scan, advance };
}

describe("stores in memory", () => {
  it("are not shared, and answer the identity that they were given", async () => {
    const { hot } = opened();
    expect([hot.kind, hot.shared, await hot.probe()]).toEqual(["memory", false, "memory-1"]);
  });

  it("hold no more entries than allowed; those used least recently go", async () => {
    const { fill, set, peek, get, scan } = opened({ maxEntries: 3 });
    for (const key of ["a", "b", "c"]) await Promise.all([fill(key), set(key)]);
    await Promise.all([peek("a"), get("a")]);
    await Promise.all([fill("d"), set("d")]);
    for (const [key, there] of Object.entries({ a: true, b: false, c: true, d: true })) {
      expect([key, (await peek(key)) !== undefined]).toEqual([key, there]);
      expect([key, (await get(key)) !== undefined]).toEqual([key, there]);
    }
    expect([...(await scan())].sort()).toEqual(["a", "c", "d"]);
  });

  it("hold no more bytes than allowed", async () => {
    const { fill, set, peek, get } = opened({ maxBytes: 10_000 });
    for (const key of ["a", "b", "c"])
      await Promise.all([fill(key, "x".repeat(4_000)), set(key, "x".repeat(4_000))]);
    expect([await peek("a"), await get("a")]).toEqual([undefined, undefined]);
    expect((await peek("c"))?.value).toHaveLength(4_000);
    expect(await get("c")).toBeDefined();
  });

  it("keep nothing of an entry that is too large for them, not even the one before", async () => {
    const { fill, set, peek, get, scan } = opened({ maxBytes: 10_000 });
    await Promise.all([fill("a", "x".repeat(20_000)), set("a")]);
    await set("a", "x".repeat(20_000));
    expect([await peek("a"), await get("a"), await scan()]).toEqual([undefined, undefined, []]);
  });

  it("follow the clock that they are given", async () => {
    const { fill, peek, advance } = opened();
    await fill("a");
    advance(TTL_MS - 1);
    expect((await peek("a"))?.ttlMs).toBe(1);
    advance(1);
    expect(await peek("a")).toBeUndefined();
  });

  it("are lost together, and swept together", async () => {
    const { hot, fill, set, peek, get, scan } = opened();
    for (const generation of [1, 2])
      await Promise.all([fill("a", "one", generation), set("a", "one", generation)]);
    await hot.writeHint(1);
    await hot.sweepBelow(2);
    expect([await peek("a"), await get("a"), await scan()]).toEqual([undefined, undefined, []]);
    expect([(await peek("a", 2))?.revision, (await get("a", 2))?.etag]).toEqual([1, "e"]);
    hot.loseAll();
    expect([await peek("a", 2), await get("a", 2), await hot.readHint()]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("a page of keys", () => {
  it("is about as large as asked for, however many keys there are", async () => {
    const { set, cache } = opened({ maxBytes: 1e9, maxEntries: 100_000 });
    for (let n = 0; n < 100_000; n++) await set(`key-${n}`);
    const query = { namespace: "user", pattern: "*", count: 50 };
    const seen = new Set<string>();
    let cursor: string | undefined;
    for (let page = 0; page < 20; page++) {
      const found = await cache.scan(1, { ...query, cursor });
      expect(found.keys.length).toBeGreaterThanOrEqual(50);
      expect(found.keys.length).toBeLessThan(100);
      for (const key of found.keys) seen.add(key);
      cursor = found.cursor;
    }
    expect(seen.size).toBeGreaterThanOrEqual(20 * 50);
  });
});
