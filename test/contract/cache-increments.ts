import { expect } from "vitest";
import type { CacheStore, EntryName } from "../../src/ports/cache-store.ts";
import { ALWAYS, GENERATION, LONG_MS, newName, read, SHORT_MS, stored, text, textOf } from "./cache-names.ts";
import { type Checks, fresh } from "./check.ts";

const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);

interface Options {
  readonly lifetime?: number | undefined;
  readonly etag?: string;
  readonly requestId?: string;
}

function add(store: CacheStore, name: EntryName, delta: bigint, options: Options = {}) {
  const { etag = fresh("etag"), requestId } = options;
  const lifetime = "lifetime" in options ? options.lifetime : LONG_MS;
  return store.increment(GENERATION, name, { delta, lifetime, etag, requestId });
}

export const cacheIncrementChecks: Checks<CacheStore> = {
  async "an increment adds to the decimal text, from 0 where nothing is"({ store }) {
    const name = newName();
    for (const [delta, value] of [
      [5n, 5n],
      [-7n, -2n],
      [2n, 0n],
      [0n, 0n],
    ] as const) {
      const result = await add(store, name, delta);
      expect(result).toMatchObject({ outcome: "applied", value });
      expect(await read(store, name)).toBe(String(value));
    }
  },

  async "an increment is exact in all of int64"({ store }) {
    for (const [start, delta] of [
      [2n ** 53n, 1n],
      [MAX - 1n, 1n],
      [MIN + 1n, -1n],
      [MAX, MIN],
      [0n, MIN],
      [0n, MAX],
      [-(2n ** 53n), -1n],
    ] as const) {
      const name = await stored(store, String(start));
      expect(await add(store, name, delta)).toMatchObject({ outcome: "applied", value: start + delta });
      expect(await read(store, name)).toBe(String(start + delta));
    }
  },

  async "a sum outside of int64 is an overflow and changes nothing"({ store }) {
    for (const [start, delta] of [
      [MAX, 1n],
      [MIN, -1n],
      [1n, MAX],
    ] as const) {
      const name = newName();
      await store.set(GENERATION, name, text(String(start), 2 * LONG_MS, "right"), ALWAYS);
      expect(await add(store, name, delta)).toEqual({ outcome: "overflow" });
      const entry = await store.get(GENERATION, name);
      expect([textOf(entry), entry?.etag]).toEqual([String(start), "right"]);
      expect(entry?.ttlMs).toBeGreaterThan(LONG_MS);
    }
  },

  async "what is not the decimal text of an int64 is not added to, and stays"({ store }) {
    for (const content of [
      "",
      " 1",
      "1 ",
      "+1",
      "01",
      "-0",
      "1.5",
      "1e3",
      "0x1",
      "abc",
      "--1",
      `${MAX + 1n}`,
    ]) {
      const name = newName();
      await store.set(GENERATION, name, text(content, 2 * LONG_MS, "right"), ALWAYS);
      expect(await add(store, name, 1n)).toEqual({ outcome: "not_an_integer" });
      const entry = await store.get(GENERATION, name);
      expect([textOf(entry), entry?.etag]).toEqual([content, "right"]);
      expect(entry?.ttlMs).toBeGreaterThan(LONG_MS);
    }
    const name = newName();
    const data = new TextEncoder().encode("5");
    await store.set(GENERATION, name, { ...text(""), value: { kind: "data", data } }, ALWAYS);
    expect(await add(store, name, 1n)).toEqual({ outcome: "not_an_integer" });
    expect((await store.get(GENERATION, name))?.value.kind).toBe("data");
  },

  async "increments at once add up"({ store }) {
    const name = newName();
    const results = await Promise.all(Array.from({ length: 200 }, () => add(store, name, 3n)));
    const values = results.map((result) => ("value" in result ? Number(result.value) : Number.NaN));
    expect(values.toSorted((a, b) => a - b)).toEqual(results.map((_, at) => 3 * (at + 1)));
    expect(await read(store, name)).toBe("600");
  },

  async "an increment sets etag and lifetime with the value"({ store, pass }) {
    const name = await stored(store, "1");
    const result = await add(store, name, 1n, { etag: "etag-2", lifetime: 2 * LONG_MS });
    const entry = await store.get(GENERATION, name);
    for (const shown of ["entry" in result ? result.entry : undefined, entry]) {
      expect([textOf(shown), shown?.etag]).toEqual(["2", "etag-2"]);
      expect(shown?.ttlMs).toBeGreaterThan(LONG_MS);
    }
    await add(store, name, 1n, { lifetime: undefined });
    expect((await store.get(GENERATION, name))?.ttlMs).toBeUndefined();
    await add(store, name, 1n, { lifetime: SHORT_MS });
    await pass(2 * SHORT_MS);
    expect(await read(store, name)).toBeUndefined();
  },

  async "a repeated request id is applied once, and the repetition changes nothing"({ store }) {
    const name = newName();
    await add(store, name, 5n, { requestId: "r1", etag: "etag-1", lifetime: 2 * LONG_MS });
    const repeated = await add(store, name, 5n, { requestId: "r1", etag: "etag-2", lifetime: 1_000 });
    expect(repeated).toMatchObject({ outcome: "replayed", value: 5n, entry: { etag: "etag-1" } });
    const entry = await store.get(GENERATION, name);
    expect([textOf(entry), entry?.etag]).toEqual(["5", "etag-1"]);
    expect(entry?.ttlMs).toBeGreaterThan(LONG_MS);
    await add(store, name, 1n, { requestId: "r2" });
    expect(await add(store, name, 5n, { requestId: "r1" })).toMatchObject({ outcome: "replayed", value: 6n });
  },

  async "of the same request id many times at once, one is applied"({ store }) {
    const name = newName();
    const requestId = "r".repeat(128);
    const results = await Promise.all(Array.from({ length: 20 }, () => add(store, name, 1n, { requestId })));
    expect(results.filter(({ outcome }) => outcome === "applied")).toHaveLength(1);
    expect(await read(store, name)).toBe("1");
  },

  async "the last 128 request ids are remembered, also past increments without one"({ store }) {
    const name = newName();
    for (let number = 1; number <= 128; number++) await add(store, name, 1n, { requestId: `r${number}` });
    await add(store, name, 1n);
    for (const requestId of ["r1", "r64", "r128"]) {
      expect(await add(store, name, 1n, { requestId })).toMatchObject({ outcome: "replayed", value: 129n });
    }
  },

  async "a touch keeps the request ids, a set begins a new life without them"({ store }) {
    const name = newName();
    await add(store, name, 1n, { requestId: "r1" });
    await store.touch(GENERATION, name, LONG_MS);
    expect(await add(store, name, 1n, { requestId: "r1" })).toMatchObject({ outcome: "replayed" });
    await store.set(GENERATION, name, text("10"), ALWAYS);
    expect(await add(store, name, 1n, { requestId: "r1" })).toMatchObject({ outcome: "applied", value: 11n });
  },

  async "a counter can be read, compared by etag, and deleted like any entry"({ store }) {
    const name = newName();
    await add(store, name, 1n, { requestId: "r1", etag: "etag-1" });
    expect(await store.set(GENERATION, name, text("7"), { kind: "if_etag", etag: "etag-1" })).toBe("stored");
    expect(await add(store, name, 1n)).toMatchObject({ value: 8n });
    expect(await store.deleteMany(GENERATION, [name])).toEqual([true]);
    expect(await add(store, name, 1n)).toMatchObject({ value: 1n });
  },
};
