import { expect } from "vitest";
import type { CacheStore, Entry, SetCondition } from "../../src/ports/cache-store.ts";
import { ALWAYS, GENERATION, LONG_MS, newName, read, SHORT_MS, stored, text, textOf } from "./cache-names.ts";
import { type Checks, fresh } from "./check.ts";

/** A store's clock and its reader's may differ by this much. */
const CLOCK_MS = 1_000;

function expectLeft(entry: Entry | undefined, lifetime: number): void {
  expect(entry?.ttlMs).toBeGreaterThan(lifetime / 2);
  expect(entry?.ttlMs).toBeLessThanOrEqual(lifetime + CLOCK_MS);
}

export const cacheEntryChecks: Checks<CacheStore> = {
  async "an entry is read as it was set: any text, any bytes"({ store }) {
    for (const content of ["", "plain", "é😀\u0000\n", "x".repeat(1_000_000)]) {
      expect(await read(store, await stored(store, content))).toBe(content);
    }
    for (const data of [new Uint8Array(), Uint8Array.from({ length: 256 }, (_, byte) => byte)]) {
      const name = newName();
      await store.set(GENERATION, name, { ...text(""), value: { kind: "data", data } }, ALWAYS);
      const value = (await store.get(GENERATION, name))?.value;
      expect(value?.kind === "data" && [...value.data]).toEqual([...data]);
    }
  },

  async "a caller may use its bytes again after a set"({ store }) {
    const name = newName();
    const data = Uint8Array.of(1, 2, 3);
    await store.set(GENERATION, name, { ...text(""), value: { kind: "data", data } }, ALWAYS);
    data.fill(9);
    const value = (await store.get(GENERATION, name))?.value;
    expect(value?.kind === "data" && [...value.data]).toEqual([1, 2, 3]);
  },

  async "a size is about the value's bytes, and 0 where there is no entry"({ store }) {
    const names = [await stored(store, "é".repeat(5_000)), newName(), await stored(store, "x".repeat(100))];
    const [large = 0, absent, small = 0] = await store.sizes(GENERATION, names);
    expect(large).toBeGreaterThanOrEqual(10_000);
    expect(large).toBeLessThan(11_000);
    expect(absent).toBe(0);
    expect(small).toBeGreaterThanOrEqual(100);
    expect(small).toBeLessThan(1_000);
    expect(await store.sizes(GENERATION, [])).toEqual([]);
  },

  async "every set replaces the value and the etag, whatever kind was there"({ store }) {
    const name = newName();
    await store.set(GENERATION, name, text("one", LONG_MS, "etag-1"), ALWAYS);
    expect((await store.get(GENERATION, name))?.etag).toBe("etag-1");
    const data = Uint8Array.of(7);
    const second = { value: { kind: "data", data }, lifetime: LONG_MS, etag: "etag-2" } as const;
    await store.set(GENERATION, name, second, ALWAYS);
    const entry = await store.get(GENERATION, name);
    expect(entry?.etag).toBe("etag-2");
    expect(entry?.value.kind).toBe("data");
  },

  async "a lifetime is set with the value, and ends it"({ store, pass }) {
    const name = await stored(store, "one");
    expectLeft(await store.get(GENERATION, name), LONG_MS);
    await store.set(GENERATION, name, text("two", SHORT_MS), ALWAYS);
    expect((await store.get(GENERATION, await stored(store, "new", SHORT_MS)))?.ttlMs).toBeGreaterThan(0);
    await pass(2 * SHORT_MS);
    expect(await read(store, name)).toBeUndefined();
  },

  async "a persistent entry says so, and a set takes the lifetime of the entry before away"({ store, pass }) {
    const name = newName();
    await store.set(GENERATION, name, text("one", SHORT_MS), ALWAYS);
    await store.set(GENERATION, name, { ...text("two"), lifetime: undefined }, ALWAYS);
    const entry = await store.get(GENERATION, name);
    expect(entry).toBeDefined();
    expect(entry?.ttlMs).toBeUndefined();
    await pass(2 * SHORT_MS);
    expect(await read(store, name)).toBe("two");
  },

  async "a set under a condition stores when it is met, and changes nothing when it is not"({ store }) {
    const cases: readonly (readonly [SetCondition, boolean, "stored" | "not_met"])[] = [
      [{ kind: "if_absent" }, false, "stored"],
      [{ kind: "if_absent" }, true, "not_met"],
      [{ kind: "if_present" }, false, "not_met"],
      [{ kind: "if_present" }, true, "stored"],
      [{ kind: "if_etag", etag: "right" }, false, "not_met"],
      [{ kind: "if_etag", etag: "right" }, true, "stored"],
      [{ kind: "if_etag", etag: "righ" }, true, "not_met"],
      [{ kind: "if_etag", etag: "" }, true, "not_met"],
    ];
    for (const [condition, present, verdict] of cases) {
      const name = newName();
      if (present) await store.set(GENERATION, name, text("old", LONG_MS, "right"), ALWAYS);
      expect(await store.set(GENERATION, name, text("new", 2 * LONG_MS, "next"), condition)).toBe(verdict);
      const entry = await store.get(GENERATION, name);
      if (verdict === "stored") {
        expect([textOf(entry), entry?.etag]).toEqual(["new", "next"]);
        expectLeft(entry, 2 * LONG_MS);
      } else if (present) {
        expect([textOf(entry), entry?.etag]).toEqual(["old", "right"]);
        expectLeft(entry, LONG_MS);
      } else expect(entry).toBeUndefined();
    }
  },

  async "a set under an etag sets the lifetime with the value"({ store, pass }) {
    const ending = await stored(store, "old");
    const etag = (await store.get(GENERATION, ending))?.etag ?? "";
    expect(await store.set(GENERATION, ending, text("new", SHORT_MS), { kind: "if_etag", etag })).toBe(
      "stored",
    );
    await pass(2 * SHORT_MS);
    expect(await read(store, ending)).toBeUndefined();

    const name = newName();
    await store.set(GENERATION, name, text("old", LONG_MS, "right"), ALWAYS);
    const lasting = { ...text("new"), lifetime: undefined };
    expect(await store.set(GENERATION, name, lasting, { kind: "if_etag", etag: "right" })).toBe("stored");
    const entry = await store.get(GENERATION, name);
    expect([textOf(entry), entry?.ttlMs]).toEqual(["new", undefined]);
  },

  async "an expired entry is absent to every condition"({ store, pass }) {
    const name = newName();
    await store.set(GENERATION, name, text("old", SHORT_MS, "right"), ALWAYS);
    await pass(2 * SHORT_MS);
    for (const condition of [{ kind: "if_present" }, { kind: "if_etag", etag: "right" }] as const) {
      expect(await store.set(GENERATION, name, text("new"), condition)).toBe("not_met");
    }
    expect(await store.set(GENERATION, name, text("new"), { kind: "if_absent" })).toBe("stored");
  },

  async "of many sets at once under if_absent, or under one etag, one wins"({ store }) {
    const name = newName();
    const race = (condition: SetCondition) =>
      Promise.all(
        Array.from({ length: 50 }, (_, at) =>
          store.set(GENERATION, name, text(`${at}`, LONG_MS, `${condition.kind}-${at}`), condition),
        ),
      );
    expect((await race({ kind: "if_absent" })).filter((verdict) => verdict === "stored")).toHaveLength(1);
    const etag = (await store.get(GENERATION, name))?.etag ?? "";
    expect((await race({ kind: "if_etag", etag })).filter((verdict) => verdict === "stored")).toHaveLength(1);
  },

  async "many are read in the order asked, absent and repeated ones too"({ store }) {
    const [one, two] = [await stored(store, "one"), await stored(store, "two")];
    const entries = await store.getMany(GENERATION, [two, newName(), one, two]);
    expect(entries.map(textOf)).toEqual(["two", undefined, "one", "two"]);
    expect(await store.getMany(GENERATION, [])).toEqual([]);
  },

  async "a thousand entries are read and deleted in one call"({ store }) {
    const names = await Promise.all(Array.from({ length: 1000 }, (_, at) => stored(store, `${at}`)));
    const entries = await store.getMany(GENERATION, names);
    expect(entries.map(textOf)).toEqual(names.map((_, at) => `${at}`));
    expect(new Set(await store.deleteMany(GENERATION, names))).toEqual(new Set([true]));
  },

  async "a delete says which were there, in the order asked"({ store }) {
    const name = await stored(store, "one");
    const kept = await stored(store, "two");
    expect(await store.deleteMany(GENERATION, [newName(), name, name])).toEqual([false, true, false]);
    expect(await read(store, name)).toBeUndefined();
    expect(await read(store, kept)).toBe("two");
  },

  async "an expired entry is not deleted once more"({ store, pass }) {
    const name = await stored(store, "one", SHORT_MS);
    await pass(2 * SHORT_MS);
    expect(await store.deleteMany(GENERATION, [name])).toEqual([false]);
  },

  async "a touch reads the entry and gives it a new life, and keeps value and etag"({ store, pass }) {
    const name = newName();
    await store.set(GENERATION, name, text("one", SHORT_MS, "etag-1"), ALWAYS);
    const touched = await store.touch(GENERATION, name, LONG_MS);
    expect([textOf(touched), touched?.etag]).toEqual(["one", "etag-1"]);
    expectLeft(touched, LONG_MS);
    await pass(2 * SHORT_MS);
    const entry = await store.get(GENERATION, name);
    expect([textOf(entry), entry?.etag]).toEqual(["one", "etag-1"]);
    expectLeft(entry, LONG_MS);
    await store.touch(GENERATION, name, SHORT_MS);
    await pass(2 * SHORT_MS);
    expect(await read(store, name)).toBeUndefined();
  },

  async "a touch keeps bytes as they are"({ store }) {
    const name = newName();
    const data = Uint8Array.of(0, 255, 128, 10);
    await store.set(GENERATION, name, { ...text(""), value: { kind: "data", data } }, ALWAYS);
    for (const entry of [await store.touch(GENERATION, name, LONG_MS), await store.get(GENERATION, name)]) {
      expect(entry?.value.kind === "data" && [...entry.value.data]).toEqual([...data]);
    }
  },

  async "a touch makes an entry persistent, and ends that again"({ store, pass }) {
    const name = await stored(store, "one", SHORT_MS);
    const persistent = await store.touch(GENERATION, name, undefined);
    expect([textOf(persistent), persistent?.ttlMs]).toEqual(["one", undefined]);
    await pass(2 * SHORT_MS);
    expect(await read(store, name)).toBe("one");
    expect((await store.get(GENERATION, name))?.ttlMs).toBeUndefined();
    expectLeft(await store.touch(GENERATION, name, LONG_MS), LONG_MS);
  },

  async "a touch makes nothing out of nothing"({ store }) {
    const name = newName();
    expect(await store.touch(GENERATION, name, LONG_MS)).toBeUndefined();
    expect(await read(store, name)).toBeUndefined();
  },

  async "keys, namespaces and generations are apart"({ store }) {
    const name = await stored(store, "one");
    expect(await read(store, { ...name, namespace: "schema" })).toBeUndefined();
    expect(await read(store, { ...name, key: `${name.key}x` })).toBeUndefined();
    expect(await store.get(GENERATION + 1, name)).toBeUndefined();
    const odd = { namespace: "user", key: `a/b:{c}}*?[é]\\ ${fresh("odd")}` };
    await store.set(GENERATION, odd, text("odd"), ALWAYS);
    expect(await read(store, odd)).toBe("odd");
  },

  async "a call whose signal has fired is cancelled and has no effect"({ store }) {
    const name = await stored(store, "5");
    const signal = AbortSignal.abort();
    const lifetime = LONG_MS;
    const increment = { delta: 1n, lifetime, etag: "next", requestId: undefined };
    for (const call of [
      () => store.get(GENERATION, name, signal),
      () => store.getMany(GENERATION, [name], signal),
      () => store.set(GENERATION, name, text("new"), ALWAYS, signal),
      () => store.deleteMany(GENERATION, [name], signal),
      () => store.touch(GENERATION, name, lifetime, signal),
      () => store.increment(GENERATION, name, increment, signal),
      () => store.scan(GENERATION, { namespace: "user", pattern: "*", count: 1, cursor: undefined }, signal),
    ]) {
      await expect(call()).rejects.toMatchObject({ kind: "cancelled", applied: "no" });
    }
    expect(await read(store, name)).toBe("5");
  },
};
