import { describe, expect, it } from "vitest";
import { clearCache } from "../../../src/domain/cache/clear.ts";
import { deleteEntry, getEntry, incrementEntry, setEntry } from "../../../src/domain/cache/entries.ts";
import { type Leased, leaseEntry } from "../../../src/domain/cache/lease.ts";
import type { CacheStore } from "../../../src/ports/cache-store.ts";
import { failure, fieldsOf, type Harness, harness, MINUTE, text } from "./support.ts";

const NAME = { namespace: "", key: "k" };

function ask({ cache }: Harness, more: { leaseMs?: number; waitMs?: number; signal?: AbortSignal } = {}) {
  const { leaseMs, waitMs, signal } = more;
  return leaseEntry(cache, { ...NAME, leaseMs, waitMs }, signal);
}

async function granted(it: Harness, more: { leaseMs?: number } = {}): Promise<string> {
  const leased = await ask(it, more);
  if (leased.outcome !== "granted") throw new Error(`the lease was not granted: ${leased.outcome}`);
  return leased.token;
}

function textOf(leased: Leased): string | undefined {
  const entry = "entry" in leased ? leased.entry : undefined;
  return entry?.value.kind === "text" ? entry.value.text : undefined;
}

/** How often the store was asked. */
function counted() {
  let asked = 0;
  const it = harness((store: CacheStore) => ({
    lease: (...args) => {
      asked++;
      return store.lease(...args);
    },
  }));
  return Object.assign(it, { asked: () => asked });
}

describe("LeaseEntry", () => {
  it("100 callers on one missing entry cause one fill, and all get its value", async () => {
    const it = harness();
    let fills = 0;
    const callers = Array.from({ length: 100 }, async () => {
      const leased = await ask(it);
      if (leased.outcome !== "granted") return textOf(leased);
      await it.sleeps.until(99);
      fills++;
      await setEntry(it.cache, text("k", "made", { leaseToken: leased.token }));
      return "made";
    });
    expect(new Set(await Promise.all(callers))).toEqual(new Set(["made"]));
    expect(fills).toBe(1);
    expect(it.sleeps.count).toBe(0);
  });

  it("those who wait are woken by a change in this process, without the time passing", async () => {
    const changes: readonly ((it: Harness) => Promise<unknown>)[] = [
      (it) => setEntry(it.cache, text("k", "by somebody else")),
      (it) => incrementEntry(it.cache, { ...NAME, delta: 1n, requestId: "" }),
      (it) => deleteEntry(it.cache, NAME),
      (it) =>
        clearCache(it.cache, {
          ...{ namespace: "default", pattern: "", allNamespaces: false },
          ...{ validateOnly: false, expectedCount: undefined },
        }),
    ];
    const outcomes: string[] = [];
    for (const change of changes) {
      const it = harness();
      await granted(it);
      const waiting = ask(it);
      await it.sleeps.until(1);
      await change(it);
      outcomes.push((await waiting).outcome);
    }
    expect(outcomes).toEqual(["hit", "hit", "granted", "granted"]);
  });

  it("a fill by way of another process is seen by asking again, less and less often", async () => {
    const it = counted();
    const token = await granted(it);
    const waiting = ask(it, { waitMs: 30_000 });
    for (let passed = 0; passed < 3_000; passed += 5) {
      await it.sleeps.until(1);
      it.advance(5);
    }
    expect(it.asked()).toBeGreaterThan(10);
    expect(it.asked()).toBeLessThan(40);
    const entry = { value: { kind: "text", text: "elsewhere" }, lifetime: MINUTE, etag: "e" } as const;
    await it.cache.store.set(7, { namespace: "default", key: "k" }, entry, { kind: "if_leased", token });
    it.advance(500);
    expect(textOf(await waiting)).toBe("elsewhere");
  });

  it("who waited for long enough is told when to ask again", async () => {
    const it = harness();
    await granted(it);
    const waiting = ask(it, { waitMs: 300 });
    for (let passed = 0; passed < 300; passed += 10) {
      await it.sleeps.until(1);
      it.advance(10);
    }
    expect(await waiting).toEqual({
      outcome: "wait",
      retryAfterMs: 1_000,
      leaseExpireTime: it.now() + 9_700,
    });
    expect(await ask(it, { waitMs: 0 })).toMatchObject({ outcome: "wait" });
  });

  it("where the filler dies, the next one is granted at the end of its lease", async () => {
    const it = harness();
    const dead = await granted(it, { leaseMs: 1_000 });
    const waiting = ask(it);
    await it.sleeps.until(1);
    it.advance(1_000);
    expect((await waiting).outcome).toBe("granted");
    const late = await failure(() => setEntry(it.cache, text("k", "late", { leaseToken: dead })));
    expect([late.kind, late.reason]).toEqual(["aborted", "LEASE_LOST"]);
  });

  it("a stale value is answered at once to all but the one who makes a new one", async () => {
    const it = harness();
    await setEntry(it.cache, text("k", "old", { ttlMs: 1_000, staleTtlMs: MINUTE }));
    it.advance(1_500);
    const first = await ask(it);
    const second = await ask(it);
    expect([first.outcome, textOf(first)]).toEqual(["granted", "old"]);
    expect([second.outcome, textOf(second)]).toEqual(["stale", "old"]);
    expect("entry" in second && second.entry?.expireTime).toBe(it.now() - 500);
    expect((await failure(() => getEntry(it.cache, NAME))).reason).toBe("ENTRY_NOT_FOUND");
    it.advance(MINUTE);
    expect(textOf(await ask(it))).toBeUndefined();
  });

  it("jitter shortens the lifetime by up to what it says", async () => {
    const it = harness();
    const request = text("k", "v", { ttlMs: 10_000, ttlJitterMs: 4_000 });
    const endAt = async (chance: number) => {
      it.setChance(chance);
      const { expireTime } = await setEntry(it.cache, request);
      const read = await getEntry(it.cache, NAME);
      expect(read.expireTime).toBe(expireTime);
      return (expireTime ?? 0) - it.now();
    };
    expect(await endAt(0)).toBe(10_000);
    expect(await endAt(0.5)).toBe(8_000);
    expect(await endAt(1 - Number.EPSILON)).toBe(6_001);
  });

  it("who gives up stops waiting, and leaves nothing behind", async () => {
    const it = harness();
    await granted(it);
    const caller = new AbortController();
    const waiting = ask(it, { signal: caller.signal });
    await it.sleeps.until(1);
    caller.abort();
    expect((await failure(() => waiting)).kind).toBe("cancelled");
    expect(it.sleeps.count).toBe(0);
  });

  it("a hit counts as one, everything else as a miss", async () => {
    const it = harness();
    const token = await granted(it);
    await ask(it, { waitMs: 0 });
    await setEntry(it.cache, text("k", "v", { leaseToken: token }));
    await ask(it);
    expect(it.cache.stats).toEqual({ hits: 1, misses: 2 });
  });

  it("a bad field is named", async () => {
    const it = harness();
    for (const [field, part] of [
      ["lease_ttl", { leaseMs: 0 }],
      ["lease_ttl", { leaseMs: 300_001 }],
      ["lease_ttl", { leaseMs: Number.NaN }],
      ["wait", { waitMs: -1 }],
      ["wait", { waitMs: 30_001 }],
      ["wait", { waitMs: Number.NaN }],
    ] as const) {
      expect(fieldsOf(await failure(() => ask(it, part)))).toEqual([field]);
    }
    for (const [field, part] of [
      ["lease_token", { leaseToken: "t", condition: "if_absent" }],
      ["lease_token", { leaseToken: "t", etag: "e" }],
      ["lease_token", { leaseToken: "t".repeat(129) }],
      ["stale_ttl", { staleTtlMs: -1 }],
      ["stale_ttl", { staleTtlMs: Number.NaN }],
      ["stale_ttl", { staleTtlMs: 1, persist: true }],
      ["ttl_jitter", { ttlMs: 10, ttlJitterMs: 10 }],
      ["ttl_jitter", { ttlJitterMs: Number.NaN }],
      ["ttl_jitter", { ttlJitterMs: 1, persist: true }],
    ] as const) {
      const set = () => setEntry(it.cache, text("k", "v", part));
      expect([field, fieldsOf(await failure(set))]).toEqual([field, [field]]);
    }
  });
});
