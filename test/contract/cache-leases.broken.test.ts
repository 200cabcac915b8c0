// Each promise about leases can fail: here are stores that break one, and the suite finds it.
import { expect, it } from "vitest";
import { MemoryCacheStore } from "../../src/adapters/memory/cache.ts";
import type { LeaseRecord } from "../../src/adapters/memory/lease-record.ts";
import type { CacheStore, EntryName, Lifetime, NewEntry, SetCondition } from "../../src/ports/cache-store.ts";
import { cacheLeaseChecks } from "./cache-leases.ts";
import { brokenPromises } from "./check.ts";
import { onVirtualClock } from "./memory-harness.ts";

type Increment = Parameters<CacheStore["increment"]>[2];
type Asked = Parameters<CacheStore["lease"]>[2];
type Query = Parameters<CacheStore["scan"]>[1];

class EverybodyIsGranted extends MemoryCacheStore {
  override async lease(generation: number, name: EntryName, asked: Asked, signal?: AbortSignal) {
    // Nothing is awaited between the two, so that nobody meets another's lease.
    const ended = super.endLeases(generation, [name]);
    const leased = super.lease(generation, name, asked, signal);
    await ended;
    return leased;
  }
}

class LeaseIsTakenFromEntriesThatAreThere extends MemoryCacheStore {
  override async lease(generation: number, name: EntryName, asked: Asked, signal?: AbortSignal) {
    const leased = await super.lease(generation, name, asked, signal);
    return leased.outcome === "hit" ? { outcome: "granted" as const, stale: leased.entry } : leased;
  }
}

class TokenIsIgnored extends MemoryCacheStore {
  override async set(generation: number, name: EntryName, entry: NewEntry, condition: SetCondition) {
    const token = this.readRecord(generation, name)?.lease?.token;
    const any = condition.kind === "if_leased" && token !== undefined;
    return super.set(generation, name, entry, any ? { kind: "if_leased", token } : condition);
  }
}

class LeaseIsGoodForTwoFills extends MemoryCacheStore {
  override async set(generation: number, name: EntryName, entry: NewEntry, condition: SetCondition) {
    const record = this.readRecord(generation, name);
    const verdict = await super.set(generation, name, entry, condition);
    if (condition.kind === "if_leased" && verdict === "stored") this.writeRecord(generation, name, record);
    return verdict;
  }
}

class LeaseLivesOn extends MemoryCacheStore {
  protected override writeRecord(generation: number, name: EntryName, record: LeaseRecord | undefined) {
    const lease = record?.lease && { ...record.lease, until: Number.POSITIVE_INFINITY };
    const expiresAt = Number.POSITIVE_INFINITY;
    super.writeRecord(generation, name, record && (lease ? { ...record, lease, expiresAt } : record));
  }
}

class HolderMayNotAskAgain extends MemoryCacheStore {
  override async lease(generation: number, name: EntryName, asked: Asked, signal?: AbortSignal) {
    const again = this.readRecord(generation, name)?.lease?.token === asked.token;
    const token = again ? `${asked.token} again` : asked.token;
    return super.lease(generation, name, { ...asked, token }, signal);
  }
}

/** The lease outlives what the method does. */
function keepingTheLease(method: "set" | "increment" | "deleteMany" | "endLeases") {
  return class extends MemoryCacheStore {
    override async set(generation: number, name: EntryName, entry: NewEntry, condition: SetCondition) {
      const act = () => super.set(generation, name, entry, condition);
      return method === "set" && condition.kind !== "if_leased" ? this.#keep(generation, [name], act) : act();
    }
    override async increment(
      generation: number,
      name: EntryName,
      increment: Increment,
      signal?: AbortSignal,
    ) {
      const act = () => super.increment(generation, name, increment, signal);
      return method === "increment" ? this.#keep(generation, [name], act) : act();
    }
    override async deleteMany(generation: number, names: readonly EntryName[], signal?: AbortSignal) {
      const act = () => super.deleteMany(generation, names, signal);
      return method === "deleteMany" ? this.#keep(generation, names, act) : act();
    }
    override async endLeases(generation: number, names: readonly EntryName[], signal?: AbortSignal) {
      const act = () => super.endLeases(generation, names, signal);
      return method === "endLeases" ? this.#keep(generation, names, act) : act();
    }
    async #keep<T>(generation: number, names: readonly EntryName[], act: () => Promise<T>): Promise<T> {
      const records = names.map((name) => this.readRecord(generation, name));
      const result = await act();
      for (const [at, name] of names.entries()) this.writeRecord(generation, name, records[at]);
      return result;
    }
  };
}

class StaleIsForgotten extends MemoryCacheStore {
  override async set(generation: number, name: EntryName, entry: NewEntry, condition: SetCondition) {
    return super.set(generation, name, { ...entry, staleMs: 0 }, condition);
  }
}

class StaleIsForGood extends MemoryCacheStore {
  override async set(generation: number, name: EntryName, entry: NewEntry, condition: SetCondition) {
    return super.set(generation, name, { ...entry, staleMs: (entry.staleMs ?? 0) && 1_000_000 }, condition);
  }
}

class StaleIsKeptFromTheFirstSet extends MemoryCacheStore {
  override async set(generation: number, name: EntryName, entry: NewEntry, condition: SetCondition) {
    const { stale, expiresAt = 0 } = this.readRecord(generation, name) ?? {};
    const verdict = await super.set(generation, name, entry, condition);
    if (stale !== undefined) this.writeRecord(generation, name, { lease: undefined, stale, expiresAt });
    return verdict;
  }
}

class StaleIsRead extends MemoryCacheStore {
  override async get(generation: number, name: EntryName, signal?: AbortSignal) {
    const entry = await super.get(generation, name, signal);
    const stale = this.readRecord(generation, name)?.stale?.entry;
    return entry ?? (stale && { value: stale.value, etag: stale.etag, ttlMs: 1 });
  }
}

class TouchLeavesTheStaleTime extends MemoryCacheStore {
  override async touch(generation: number, name: EntryName, lifetime: Lifetime, signal?: AbortSignal) {
    const record = this.readRecord(generation, name);
    const touched = await super.touch(generation, name, lifetime, signal);
    this.writeRecord(generation, name, record);
    return touched;
  }
}

class EndingALeaseEndsTheEntry extends MemoryCacheStore {
  override async endLeases(generation: number, names: readonly EntryName[]) {
    await super.deleteMany(generation, names);
  }
}

class ScanOfLeasesFindsEntries extends MemoryCacheStore {
  override async scan(generation: number, query: Query, signal?: AbortSignal) {
    return super.scan(generation, { ...query, of: "entries" }, signal);
  }
}

const LEASE_ENDS = "whatever is written or removed meanwhile ends the lease";
const STALE = "past its lifetime a value is shown stale by leases alone, until that time is over too";

const plants = [
  [
    EverybodyIsGranted,
    "of many who want an absent entry one is granted the lease, and the others are told for how long",
  ],
  [LeaseIsTakenFromEntriesThatAreThere, "an entry that is there is a hit, and takes no lease"],
  [TokenIsIgnored, "a token that was never granted, or for another entry, stores nothing and harms no lease"],
  [LeaseIsGoodForTwoFills, "a set under the live lease stores, once"],
  [LeaseLivesOn, "a lease ends with its time, and the next one is granted"],
  [HolderMayNotAskAgain, "the holder of a lease may ask again, nobody else"],
  [class SetKeepsTheLease extends keepingTheLease("set") {}, LEASE_ENDS],
  [class IncrementKeepsTheLease extends keepingTheLease("increment") {}, LEASE_ENDS],
  [class DeleteKeepsTheLease extends keepingTheLease("deleteMany") {}, LEASE_ENDS],
  [class EndKeepsTheLease extends keepingTheLease("endLeases") {}, LEASE_ENDS],
  [StaleIsForgotten, STALE],
  [StaleIsForGood, STALE],
  [StaleIsRead, STALE],
  [StaleIsKeptFromTheFirstSet, "a fill takes the place of the stale value, with its own time"],
  [
    class IncrementKeepsTheStale extends keepingTheLease("increment") {},
    "no older value is shown stale after a newer one, nor after a removal",
  ],
  [TouchLeavesTheStaleTime, "a touch moves the end of the lifetime and of the stale time together"],
  [EndingALeaseEndsTheEntry, "ending a lease leaves the entry as it is"],
  [ScanOfLeasesFindsEntries, "a scan of leases finds them and the stale, and a scan of entries does not"],
] as const;

function brokenBy(Store: typeof MemoryCacheStore): Promise<readonly string[]> {
  return brokenPromises(cacheLeaseChecks, () => onVirtualClock<CacheStore>((options) => new Store(options)));
}

it.each(plants.map(([Store, promise]) => [Store.name, Store, promise] as const))(
  "%s is caught",
  async (_name, Store, promise) => {
    expect(await brokenBy(Store)).toContain(promise);
  },
);
