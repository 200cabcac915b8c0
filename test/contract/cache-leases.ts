import { expect } from "vitest";
import type { CacheStore, EntryName, LeaseResult } from "../../src/ports/cache-store.ts";
import { ALWAYS, GENERATION, LONG_MS, newName, read, SHORT_MS, stored, text, textOf } from "./cache-names.ts";
import { type Checks, fresh } from "./check.ts";

function ask(store: CacheStore, name: EntryName, { token = fresh("token"), leaseMs = LONG_MS } = {}) {
  return store.lease(GENERATION, name, { token, leaseMs });
}

/** Takes the lease; answers its token. */
async function taken(store: CacheStore, name: EntryName, leaseMs = LONG_MS): Promise<string> {
  const token = fresh("token");
  expect((await ask(store, name, { token, leaseMs })).outcome).toBe("granted");
  return token;
}

function fill(store: CacheStore, name: EntryName, token: string, content = "filled") {
  return store.set(GENERATION, name, text(content), { kind: "if_leased", token });
}

/** An entry that ends soon, and may be shown for long after. */
async function ending(store: CacheStore, content: string, staleMs = LONG_MS): Promise<EntryName> {
  const name = newName();
  await store.set(GENERATION, name, { ...text(content, SHORT_MS), staleMs }, ALWAYS);
  return name;
}

function staleText(leased: LeaseResult): string | undefined {
  return leased.outcome === "hit" ? undefined : textOf(leased.stale);
}

function increment(store: CacheStore, name: EntryName) {
  const added = { delta: 1n, lifetime: LONG_MS, etag: fresh("etag"), requestId: undefined };
  return store.increment(GENERATION, name, added);
}

export const cacheLeaseChecks: Checks<CacheStore> = {
  async "an entry that is there is a hit, and takes no lease"({ store }) {
    const name = await stored(store, "one");
    for (let time = 0; time < 2; time++) {
      const leased = await ask(store, name);
      expect(leased.outcome === "hit" && textOf(leased.entry)).toBe("one");
      expect(leased.outcome === "hit" && leased.entry.ttlMs).toBeGreaterThan(0);
    }
  },

  async "of many who want an absent entry one is granted the lease, and the others are told for how long"({
    store,
  }) {
    const name = newName();
    const all = await Promise.all(Array.from({ length: 50 }, () => ask(store, name)));
    expect(all.filter(({ outcome }) => outcome === "granted")).toHaveLength(1);
    const busy = all.filter((leased) => leased.outcome === "busy");
    expect(busy).toHaveLength(49);
    for (const { leftMs } of busy) {
      expect(leftMs).toBeGreaterThan(0);
      expect(leftMs).toBeLessThanOrEqual(LONG_MS);
    }
    expect(await read(store, name)).toBeUndefined();
  },

  async "a set under the live lease stores, once"({ store }) {
    const name = newName();
    const token = await taken(store, name);
    expect(await fill(store, name, token, "first")).toBe("stored");
    expect(await fill(store, name, token, "second")).toBe("not_met");
    expect(await read(store, name)).toBe("first");
    expect((await ask(store, name)).outcome).toBe("hit");
  },

  async "a token that was never granted, or for another entry, stores nothing and harms no lease"({ store }) {
    const [name, other] = [newName(), newName()];
    const token = await taken(store, name);
    const foreign = await taken(store, other);
    for (const wrong of ["never", "", foreign]) expect(await fill(store, name, wrong)).toBe("not_met");
    expect(await fill(store, newName(), token)).toBe("not_met");
    expect(await store.set(GENERATION + 1, name, text("x"), { kind: "if_leased", token })).toBe("not_met");
    expect(await read(store, name)).toBeUndefined();
    expect(await fill(store, name, token)).toBe("stored");
  },

  async "the holder of a lease may ask again, nobody else"({ store }) {
    const name = newName();
    const token = await taken(store, name);
    expect((await ask(store, name, { token })).outcome).toBe("granted");
    expect((await ask(store, name)).outcome).toBe("busy");
    expect(await fill(store, name, token)).toBe("stored");
  },

  async "a lease ends with its time, and the next one is granted"({ store, pass }) {
    const name = newName();
    const late = await taken(store, name, SHORT_MS);
    await pass(2 * SHORT_MS);
    expect(await fill(store, name, late)).toBe("not_met");
    const token = await taken(store, name);
    expect(await fill(store, name, late)).toBe("not_met");
    expect(await fill(store, name, token)).toBe("stored");
  },

  async "whatever is written or removed meanwhile ends the lease"({ store }) {
    const ends: readonly ((name: EntryName) => Promise<unknown>)[] = [
      (name) => store.set(GENERATION, name, text("newer"), ALWAYS),
      (name) => store.set(GENERATION, name, text("newer"), { kind: "if_absent" }),
      (name) => increment(store, name),
      (name) => store.deleteMany(GENERATION, [newName(), name]),
      (name) => store.endLeases(GENERATION, [newName(), name]),
    ];
    for (const end of ends) {
      const name = newName();
      const token = await taken(store, name);
      await end(name);
      const before = await read(store, name);
      expect(await fill(store, name, token, "older")).toBe("not_met");
      expect(await read(store, name)).toBe(before);
      // Not even once what ended it is gone.
      await store.deleteMany(GENERATION, [name]);
      expect(await fill(store, name, token, "older")).toBe("not_met");
      expect((await ask(store, name)).outcome).toBe("granted");
    }
  },

  async "what changes nothing leaves the lease alone"({ store }) {
    const name = newName();
    const token = await taken(store, name);
    expect(await store.set(GENERATION, name, text("x"), { kind: "if_present" })).toBe("not_met");
    expect(await store.touch(GENERATION, name, LONG_MS)).toBeUndefined();
    await store.deleteMany(GENERATION, [{ ...name, key: `${name.key}x` }]);
    await store.set(GENERATION + 1, name, text("x"), ALWAYS);
    expect(await fill(store, name, token)).toBe("stored");
  },

  async "past its lifetime a value is shown stale by leases alone, until that time is over too"({
    store,
    pass,
  }) {
    const name = await ending(store, "old");
    const short = await ending(store, "short", SHORT_MS);
    expect(staleText(await ask(store, name))).toBeUndefined();
    await pass(2 * SHORT_MS);
    expect(await read(store, name)).toBeUndefined();
    expect(await store.touch(GENERATION, name, LONG_MS)).toBeUndefined();
    expect(await store.deleteMany(GENERATION, [newName()])).toEqual([false]);
    expect(await store.set(GENERATION, name, text("x"), { kind: "if_present" })).toBe("not_met");
    const granted = await ask(store, name);
    const busy = await ask(store, name);
    expect([granted.outcome, staleText(granted)]).toEqual(["granted", "old"]);
    expect([busy.outcome, staleText(busy)]).toEqual(["busy", "old"]);
    expect(busy.outcome === "busy" && busy.stale?.ttlMs).toBeLessThanOrEqual(0);
    await taken(store, short);
    await pass(2 * SHORT_MS);
    const over = await ask(store, short);
    expect([over.outcome, staleText(over)]).toEqual(["busy", undefined]);
  },

  async "a fill takes the place of the stale value, with its own time"({ store, pass }) {
    const name = await ending(store, "old");
    await pass(2 * SHORT_MS);
    const token = await taken(store, name);
    const next = { ...text("new", SHORT_MS), staleMs: LONG_MS };
    expect(await store.set(GENERATION, name, next, { kind: "if_leased", token })).toBe("stored");
    await pass(2 * SHORT_MS);
    expect(staleText(await ask(store, name))).toBe("new");
  },

  async "no older value is shown stale after a newer one, nor after a removal"({ store, pass }) {
    const after: readonly ((name: EntryName) => Promise<unknown>)[] = [
      (name) => store.set(GENERATION, name, text("7", SHORT_MS), ALWAYS),
      (name) => store.deleteMany(GENERATION, [name]),
      (name) => store.endLeases(GENERATION, [name]),
      (name) =>
        store.increment(GENERATION, name, {
          ...{ delta: 1n, lifetime: SHORT_MS, etag: fresh("etag"), requestId: undefined },
        }),
      async (name) => {
        const etag = (await store.get(GENERATION, name))?.etag ?? "";
        expect(await store.set(GENERATION, name, text("7", SHORT_MS), { kind: "if_etag", etag })).toBe(
          "stored",
        );
      },
      (name) => store.touch(GENERATION, name, undefined).then(() => increment(store, name)),
    ];
    for (const change of after) {
      const name = newName();
      await store.set(GENERATION, name, { ...text("5"), staleMs: LONG_MS }, ALWAYS);
      await change(name);
      await pass(2 * SHORT_MS);
      await store.touch(GENERATION, name, SHORT_MS);
      await pass(2 * SHORT_MS);
      const leased = await ask(store, name);
      expect(staleText(leased)).toBeUndefined();
    }
  },

  async "a touch moves the end of the lifetime and of the stale time together"({ store, pass }) {
    const name = newName();
    await store.set(GENERATION, name, { ...text("one"), staleMs: 10 * SHORT_MS }, ALWAYS);
    await store.touch(GENERATION, name, SHORT_MS);
    await pass(2 * SHORT_MS);
    const stale = await ask(store, name, { leaseMs: SHORT_MS });
    expect(staleText(stale)).toBe("one");
    expect(stale.outcome === "granted" && stale.stale?.ttlMs).toBeLessThanOrEqual(0);
    await pass(10 * SHORT_MS);
    const later = await ask(store, name);
    expect([later.outcome, staleText(later)]).toEqual(["granted", undefined]);
  },

  async "ending a lease leaves the entry as it is"({ store }) {
    const name = newName();
    await store.set(GENERATION, name, { ...text("one"), staleMs: LONG_MS }, ALWAYS);
    await store.endLeases(GENERATION, [name]);
    await store.endLeases(GENERATION, []);
    expect(await read(store, name)).toBe("one");
  },

  async "a scan of leases finds them and the stale, and a scan of entries does not"({ store, pass }) {
    const namespace = fresh("leased");
    const named = (key: string) => ({ namespace, key });
    await store.set(GENERATION, named("stale"), { ...text("x", SHORT_MS), staleMs: LONG_MS }, ALWAYS);
    await store.set(GENERATION, named("entry"), text("x"), ALWAYS);
    await taken(store, named("leased"));
    await taken(store, named("ended"), SHORT_MS);
    await pass(2 * SHORT_MS);
    const found = async (of: "entries" | "leases", pattern = "*") => {
      const keys: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.scan(GENERATION, { namespace, pattern, count: 50, cursor, of });
        keys.push(...page.keys);
        cursor = page.cursor;
      } while (cursor !== undefined);
      return keys.sort();
    };
    expect(await found("entries")).toEqual(["entry"]);
    expect(await found("leases")).toEqual(["leased", "stale"]);
    expect(await found("leases", "leased")).toEqual(["leased"]);
    expect(await found("entries", "leased")).toEqual([]);
  },

  async "a lease whose signal has fired is cancelled and has no effect"({ store }) {
    const name = newName();
    const signal = AbortSignal.abort();
    const cancelled = { kind: "cancelled", applied: "no" };
    const call = store.lease(GENERATION, name, { token: "t", leaseMs: LONG_MS }, signal);
    await expect(call).rejects.toMatchObject(cancelled);
    await taken(store, name);
    await expect(store.endLeases(GENERATION, [name], signal)).rejects.toMatchObject(cancelled);
    expect((await ask(store, name)).outcome).toBe("busy");
  },
};
