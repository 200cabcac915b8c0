// Each promise of the cache store's contract can fail: here are stores that break one, and the suite finds it.
import { expect, it } from "vitest";
import { MemoryCacheStore, type StoredEntry } from "../../src/adapters/memory/cache.ts";
import type { CacheStore, EntryName, Lifetime, NewEntry, SetCondition } from "../../src/ports/cache-store.ts";
import { cacheChecks } from "./cache.ts";
import { brokenPromises } from "./check.ts";
import { onVirtualClock } from "./memory-harness.ts";

type Increment = Parameters<CacheStore["increment"]>[2];
type Query = Parameters<CacheStore["scan"]>[1];

class LifetimeIsNotSet extends MemoryCacheStore {
  protected override expiry() {
    return Number.POSITIVE_INFINITY;
  }
}

class PersistIsForgotten extends MemoryCacheStore {
  protected override expiry(lifetime: Lifetime) {
    return super.expiry(lifetime ?? 1_000);
  }
}

class SetKeepsTheOldLifetime extends MemoryCacheStore {
  protected override write(generation: number, name: EntryName, entry: StoredEntry) {
    const before = this.read(generation, name);
    super.write(generation, name, before ? { ...entry, expiresAt: before.expiresAt } : entry);
  }
}

class EtagStaysOnSet extends MemoryCacheStore {
  protected override write(generation: number, name: EntryName, entry: StoredEntry) {
    const before = this.read(generation, name);
    super.write(generation, name, before ? { ...entry, etag: before.etag } : entry);
  }
}

class BytesBecomeText extends MemoryCacheStore {
  protected override write(generation: number, name: EntryName, entry: StoredEntry) {
    const { value } = entry;
    const data = value.kind === "data" ? Buffer.from(Buffer.from(value.data).toString()) : undefined;
    super.write(generation, name, data ? { ...entry, value: { kind: "data", data } } : entry);
  }
}

class ConditionIsIgnored extends MemoryCacheStore {
  override async set(generation: number, name: EntryName, entry: NewEntry, _condition: SetCondition) {
    return super.set(generation, name, entry, { kind: "always" });
  }
}

class ConditionIsCheckedBefore extends MemoryCacheStore {
  override async set(generation: number, name: EntryName, entry: NewEntry, condition: SetCondition) {
    const before = this.read(generation, name);
    await Promise.resolve();
    const met = condition.kind !== "if_absent" || before === undefined;
    return met ? super.set(generation, name, entry, { kind: "always" }) : ("not_met" as const);
  }
}

class ManyComeWithoutTheAbsent extends MemoryCacheStore {
  override async getMany(generation: number, names: readonly EntryName[]) {
    return (await super.getMany(generation, names)).filter((entry) => entry !== undefined);
  }
}

class SizesAreCharacters extends MemoryCacheStore {
  override async sizes(generation: number, names: readonly EntryName[]) {
    return names.map((name) => {
      const value = this.read(generation, name)?.value;
      return value?.kind === "text" ? value.text.length : 0;
    });
  }
}

class SizesComeWithoutTheAbsent extends MemoryCacheStore {
  override async sizes(generation: number, names: readonly EntryName[]) {
    return super.sizes(
      generation,
      names.filter((name) => this.read(generation, name) !== undefined),
    );
  }
}

class DeleteSaysAlwaysYes extends MemoryCacheStore {
  override async deleteMany(generation: number, names: readonly EntryName[]) {
    return (await super.deleteMany(generation, names)).map(() => true);
  }
}

class DeleteOnlySaysSo extends MemoryCacheStore {
  override async deleteMany(generation: number, names: readonly EntryName[]) {
    return names.map((name) => this.read(generation, name) !== undefined);
  }
}

class TouchLosesTheValue extends MemoryCacheStore {
  override async touch(generation: number, name: EntryName, lifetime: Lifetime, signal?: AbortSignal) {
    const touched = await super.touch(generation, name, lifetime, signal);
    const stored = this.read(generation, name);
    if (stored !== undefined) {
      this.write(generation, name, { ...stored, value: { kind: "text", text: "" } });
    }
    return touched;
  }
}

class TouchChangesTheEtag extends MemoryCacheStore {
  override async touch(generation: number, name: EntryName, lifetime: Lifetime, signal?: AbortSignal) {
    const stored = this.read(generation, name);
    if (stored !== undefined) this.write(generation, name, { ...stored, etag: "touched" });
    return super.touch(generation, name, lifetime, signal);
  }
}

class TouchOnlyReads extends MemoryCacheStore {
  override async touch(generation: number, name: EntryName, _lifetime: Lifetime, signal?: AbortSignal) {
    return super.get(generation, name, signal);
  }
}

class TouchForgetsTheRequests extends MemoryCacheStore {
  override async touch(generation: number, name: EntryName, lifetime: Lifetime, signal?: AbortSignal) {
    const stored = this.read(generation, name);
    if (stored !== undefined) this.write(generation, name, { ...stored, requestIds: [] });
    return super.touch(generation, name, lifetime, signal);
  }
}

class IncrementIsTwoSteps extends MemoryCacheStore {
  override async increment(generation: number, name: EntryName, increment: Increment, signal?: AbortSignal) {
    const before = this.read(generation, name);
    await Promise.resolve();
    // Nothing is awaited between the two, so that every caller writes over the one before.
    if (before !== undefined) this.write(generation, name, before);
    const restored = before === undefined ? super.deleteMany(generation, [name]) : undefined;
    const result = super.increment(generation, name, increment, signal);
    await restored;
    return result;
  }
}

class IncrementIsADouble extends MemoryCacheStore {
  protected override write(generation: number, name: EntryName, entry: StoredEntry) {
    const { value, requestIds } = entry;
    const number = value.kind === "text" && requestIds.length === 0 ? Number(value.text) : Number.NaN;
    const text = Number.isSafeInteger(number) || Number.isNaN(number) ? undefined : BigInt(number);
    super.write(
      generation,
      name,
      text === undefined ? entry : { ...entry, value: { kind: "text", text: `${text}` } },
    );
  }
}

class OverflowWraps extends MemoryCacheStore {
  override async increment(generation: number, name: EntryName, increment: Increment, signal?: AbortSignal) {
    const result = await super.increment(generation, name, increment, signal);
    if (result.outcome !== "overflow") return result;
    const zero = { value: { kind: "text", text: "0" }, lifetime: increment.lifetime, etag: "0" } as const;
    await super.set(generation, name, zero, { kind: "always" });
    return super.increment(generation, name, increment, signal);
  }
}

class AnyTextCountsAsZero extends MemoryCacheStore {
  override async increment(generation: number, name: EntryName, increment: Increment, signal?: AbortSignal) {
    const result = await super.increment(generation, name, increment, signal);
    if (result.outcome !== "not_an_integer") return result;
    await super.deleteMany(generation, [name]);
    return super.increment(generation, name, increment, signal);
  }
}

class IncrementKeepsTheOldEtag extends MemoryCacheStore {
  override async increment(generation: number, name: EntryName, increment: Increment, signal?: AbortSignal) {
    const etag = this.read(generation, name)?.etag ?? increment.etag;
    return super.increment(generation, name, { ...increment, etag }, signal);
  }
}

class RequestIsAppliedAgain extends MemoryCacheStore {
  override async increment(generation: number, name: EntryName, increment: Increment, signal?: AbortSignal) {
    return super.increment(generation, name, { ...increment, requestId: undefined }, signal);
  }
}

class RequestIsRememberedLate extends MemoryCacheStore {
  override async increment(generation: number, name: EntryName, increment: Increment, signal?: AbortSignal) {
    const ids = this.read(generation, name)?.requestIds ?? [];
    if (increment.requestId !== undefined && ids.includes(increment.requestId)) {
      return super.increment(generation, name, increment, signal);
    }
    const result = await super.increment(generation, name, { ...increment, requestId: undefined }, signal);
    const stored = this.read(generation, name);
    if (stored !== undefined && increment.requestId !== undefined) {
      this.write(generation, name, { ...stored, requestIds: [...ids, increment.requestId] });
    }
    return result;
  }
}

class ReplayRenewsTheLifetime extends MemoryCacheStore {
  override async increment(generation: number, name: EntryName, increment: Increment, signal?: AbortSignal) {
    const result = await super.increment(generation, name, increment, signal);
    if (result.outcome === "replayed") await super.touch(generation, name, increment.lifetime);
    return result;
  }
}

class FewRequestsAreRemembered extends MemoryCacheStore {
  protected override write(generation: number, name: EntryName, entry: StoredEntry) {
    super.write(generation, name, { ...entry, requestIds: entry.requestIds.slice(-100) });
  }
}

class SetKeepsTheRequests extends MemoryCacheStore {
  override async set(generation: number, name: EntryName, entry: NewEntry, condition: SetCondition) {
    const requestIds = this.read(generation, name)?.requestIds ?? [];
    const verdict = await super.set(generation, name, entry, condition);
    const stored = this.read(generation, name);
    if (stored !== undefined) this.write(generation, name, { ...stored, requestIds });
    return verdict;
  }
}

class GenerationsAreOne extends MemoryCacheStore {
  protected override read(_generation: number, name: EntryName) {
    return super.read(0, name);
  }
  protected override write(_generation: number, name: EntryName, entry: StoredEntry) {
    super.write(0, name, entry);
  }
}

class PageHoldsAKeyTwice extends MemoryCacheStore {
  override async scan(generation: number, query: Query, signal?: AbortSignal) {
    const page = await super.scan(generation, query, signal);
    return { ...page, keys: [...page.keys, ...page.keys.slice(0, 1)] };
  }
}

class ScanEndsEarly extends MemoryCacheStore {
  override async scan(generation: number, query: Query, signal?: AbortSignal) {
    return { ...(await super.scan(generation, query, signal)), cursor: undefined };
  }
}

class ScanIsOnePage extends MemoryCacheStore {
  override async scan(generation: number, query: Query, signal?: AbortSignal) {
    return super.scan(generation, { ...query, count: Number.POSITIVE_INFINITY }, signal);
  }
}

/** As Redis would match: `[ab]` is a class. */
class BracketsAreAClass extends MemoryCacheStore {
  override async scan(generation: number, query: Query, signal?: AbortSignal) {
    const pattern = query.pattern.replace(/^\[ab\]/, "?");
    return super.scan(generation, { ...query, pattern }, signal);
  }
}

/** A cursor that counts the keys seen, as `OFFSET` does. */
class CursorIsAnOffset extends MemoryCacheStore {
  override async scan(generation: number, query: Query, signal?: AbortSignal) {
    const all: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await super.scan(generation, { ...query, cursor }, signal);
      all.push(...page.keys);
      cursor = page.cursor;
    } while (cursor !== undefined);
    const [from, to] = [Number(query.cursor ?? 0), Number(query.cursor ?? 0) + query.count];
    return { keys: all.slice(from, to), cursor: to < all.length ? `${to}` : undefined };
  }
}

class CursorIsOfAnyScan extends MemoryCacheStore {
  override async scan(generation: number, query: Query, signal?: AbortSignal) {
    return super.scan(generation, query, signal).catch((error) => {
      if (query.cursor === undefined) throw error;
      return super.scan(generation, { ...query, cursor: undefined }, signal);
    });
  }
}

class SignalIsIgnored extends MemoryCacheStore {
  override async get(generation: number, name: EntryName) {
    return super.get(generation, name);
  }
}

const AS_SET = "an entry is read as it was set: any text, any bytes";
const SET_REPLACES = "every set replaces the value and the etag, whatever kind was there";
const LIFETIME = "a lifetime is set with the value, and ends it";
const PERSISTENT = "a persistent entry says so, and a set takes the lifetime of the entry before away";
const CONDITION = "a set under a condition stores when it is met, and changes nothing when it is not";
const TOUCH = "a touch reads the entry and gives it a new life, and keeps value and etag";
const SIZES = "a size is about the value's bytes, and 0 where there is no entry";
const DELETE = "a delete says which were there, in the order asked";
const INCREMENT_SETS = "an increment sets etag and lifetime with the value";
const REPEATED = "a repeated request id is applied once, and the repetition changes nothing";
const KEPT_IDS = "a touch keeps the request ids, a set begins a new life without them";
const SCAN = "a scan finds every key of its namespace, over many pages";

const plants = [
  [LifetimeIsNotSet, LIFETIME],
  [PersistIsForgotten, PERSISTENT],
  [SetKeepsTheOldLifetime, LIFETIME],
  [EtagStaysOnSet, SET_REPLACES],
  [BytesBecomeText, AS_SET],
  [ConditionIsIgnored, CONDITION],
  [ConditionIsCheckedBefore, "of many sets at once under if_absent, or under one etag, one wins"],
  [ManyComeWithoutTheAbsent, "many are read in the order asked, absent and repeated ones too"],
  [SizesAreCharacters, SIZES],
  [SizesComeWithoutTheAbsent, SIZES],
  [DeleteSaysAlwaysYes, DELETE],
  [DeleteOnlySaysSo, DELETE],
  [TouchLosesTheValue, TOUCH],
  [TouchChangesTheEtag, TOUCH],
  [TouchOnlyReads, TOUCH],
  [TouchForgetsTheRequests, KEPT_IDS],
  [IncrementIsTwoSteps, "increments at once add up"],
  [IncrementIsADouble, "an increment is exact in all of int64"],
  [OverflowWraps, "a sum outside of int64 is an overflow and changes nothing"],
  [AnyTextCountsAsZero, "what is not the decimal text of an int64 is not added to, and stays"],
  [IncrementKeepsTheOldEtag, INCREMENT_SETS],
  [RequestIsAppliedAgain, REPEATED],
  [RequestIsRememberedLate, "of the same request id many times at once, one is applied"],
  [ReplayRenewsTheLifetime, REPEATED],
  [FewRequestsAreRemembered, "the last 128 request ids are remembered, also past increments without one"],
  [SetKeepsTheRequests, KEPT_IDS],
  [GenerationsAreOne, "keys, namespaces and generations are apart"],
  [PageHoldsAKeyTwice, SCAN],
  [ScanEndsEarly, SCAN],
  [ScanIsOnePage, "work is bounded: a page looks at about as many keys as asked"],
  [BracketsAreAClass, "a pattern is literal but for * and ?, which \\ escapes"],
  [CursorIsAnOffset, "a key that is there throughout is found, whatever comes and goes meanwhile"],
  [CursorIsOfAnyScan, "a cursor is good for its own scan alone"],
  [SignalIsIgnored, "a call whose signal has fired is cancelled and has no effect"],
] as const;

function brokenBy(Store: typeof MemoryCacheStore): Promise<readonly string[]> {
  return brokenPromises(cacheChecks, () => onVirtualClock<CacheStore>((options) => new Store(options)));
}

it.each(plants.map(([Store, promise]) => [Store.name, Store, promise] as const))(
  "%s is caught",
  async (_name, Store, promise) => {
    expect(await brokenBy(Store)).toContain(promise);
  },
);

it("the store that the planted ones are made from breaks none", async () => {
  expect(await brokenBy(MemoryCacheStore)).toEqual([]);
});
