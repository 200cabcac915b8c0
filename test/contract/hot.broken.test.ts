// Each promise of the hot store's contract can fail: here are stores that break one, and the suite finds it.
import { expect, it } from "vitest";
import {
  confirm,
  fill,
  getOrLease,
  type HotEntry,
  raise,
  type Step,
} from "../../src/adapters/memory/entry.ts";
import { MemoryHotStore } from "../../src/adapters/memory/hot.ts";
import type { HotStore, Slot, Versioned } from "../../src/ports/hot-store.ts";
import { brokenPromises } from "./check.ts";
import { hotChecks } from "./hot.ts";
import { onVirtualClock } from "./memory-harness.ts";

type Fillable = Parameters<HotStore["fill"]>[2];
type Request = Parameters<HotStore["getOrLease"]>[1];

/** A step whose entry comes out otherwise; one that leaves the entry alone stays so. */
function changed<Answer>(step: Step<Answer>, change: (entry: HotEntry) => HotEntry): Step<Answer> {
  return { ...step, entry: step.entry && change(step.entry) };
}

function installed(entry: HotEntry, { value, revision, ttlMs }: Fillable, now: number): HotEntry {
  return { ...entry, value, revision, expiresAt: now + ttlMs };
}

class ConfirmInstallsIntoEmpty extends MemoryHotStore {
  override async confirm(slot: Slot, versioned: Versioned) {
    this.step(slot, undefined, (entry, now) =>
      changed(confirm(entry, versioned, now), (after) =>
        after.value === undefined ? installed(after, versioned, now) : after,
      ),
    );
  }
}

class ConfirmOverwritesNewer extends MemoryHotStore {
  override async confirm(slot: Slot, versioned: Versioned) {
    this.step(slot, undefined, (entry, now) =>
      changed(confirm(entry, versioned, now), (after) =>
        after.value === undefined
          ? after
          : { ...installed(after, versioned, now), floor: versioned.revision },
      ),
    );
  }
}

class ConfirmLeavesTheLease extends MemoryHotStore {
  override async confirm(slot: Slot, versioned: Versioned) {
    this.step(slot, undefined, (entry, now) =>
      changed(confirm(entry, versioned, now), (after) => ({ ...after, lease: entry?.lease })),
    );
  }
}

class ConfirmKeepsTheOldLifetime extends MemoryHotStore {
  override async confirm(slot: Slot, versioned: Versioned) {
    this.step(slot, undefined, (entry, now) =>
      changed(confirm(entry, versioned, now), (after) => ({
        ...after,
        expiresAt: entry?.expiresAt ?? after.expiresAt,
      })),
    );
  }
}

class ConfirmDoesNotRaiseTheFloor extends MemoryHotStore {
  override async confirm(slot: Slot, versioned: Versioned) {
    this.step(slot, undefined, (entry, now) =>
      changed(confirm(entry, versioned, now), (after) => ({ ...after, floor: entry?.floor ?? 0 })),
    );
  }
}

class FillStoresWithoutALease extends MemoryHotStore {
  override async fill(slot: Slot, token: string, versioned: Fillable) {
    return this.step(slot, undefined, (entry, now) => {
      const after = fill(entry, token, versioned, now);
      return versioned.revision < (entry?.floor ?? 0)
        ? after
        : changed(after, (refused) => installed(refused, versioned, now));
    });
  }
}

class FillForgetsThatLeasesEnd extends MemoryHotStore {
  override async fill(slot: Slot, token: string, versioned: Fillable) {
    return this.step(slot, undefined, (entry, now) => fill(entry, token, versioned, entry?.lease ? 0 : now));
  }
}

class FillDoesNotRaiseTheFloor extends MemoryHotStore {
  override async fill(slot: Slot, token: string, versioned: Fillable) {
    return this.step(slot, undefined, (entry, now) =>
      changed(fill(entry, token, versioned, now), (after) => ({ ...after, floor: entry?.floor ?? 0 })),
    );
  }
}

class RefusedFillDoesNotRaiseTheFloor extends MemoryHotStore {
  override async fill(slot: Slot, token: string, versioned: Fillable) {
    return this.step(slot, undefined, (entry, now) => {
      const after = fill(entry, token, versioned, now);
      return after.answer === "stored"
        ? after
        : changed(after, (refused) => ({ ...refused, floor: entry?.floor ?? 0 }));
    });
  }
}

class RefusedFillLeavesTheLease extends MemoryHotStore {
  override async fill(slot: Slot, token: string, versioned: Fillable) {
    return this.step(slot, undefined, (entry, now) => {
      const after = fill(entry, token, versioned, now);
      return after.answer === "stored"
        ? after
        : changed(after, (refused) => ({ ...refused, lease: entry?.lease }));
    });
  }
}

class FillIgnoresTheFloor extends MemoryHotStore {
  override async fill(slot: Slot, token: string, versioned: Fillable) {
    return this.step(slot, undefined, (entry, now) =>
      fill(entry && { ...entry, floor: 0 }, token, versioned, now),
    );
  }
}

class FillLeavesTheLease extends MemoryHotStore {
  override async fill(slot: Slot, token: string, versioned: Fillable) {
    return this.step(slot, undefined, (entry, now) =>
      changed(fill(entry, token, versioned, now), (after) => ({ ...after, lease: entry?.lease })),
    );
  }
}

class FillSetsNoLifetime extends MemoryHotStore {
  override async fill(slot: Slot, token: string, versioned: Fillable) {
    return super.fill(slot, token, { ...versioned, ttlMs: Number.POSITIVE_INFINITY });
  }
}

class RaiseEndsTheLease extends MemoryHotStore {
  override async raise(slot: Slot, revision: number) {
    this.step(slot, undefined, (entry, now) =>
      changed(raise(entry, revision, now), (after) => ({ ...after, lease: undefined })),
    );
  }
}

class RaiseKeepsALowerValue extends MemoryHotStore {
  override async raise(slot: Slot, revision: number) {
    this.step(slot, undefined, (entry, now) =>
      changed(raise(entry, revision, now), (after) => (entry?.value === undefined ? after : entry)),
    );
  }
}

/** The floor hides the value well, but the next confirm finds something to replace. */
class RaiseHidesALowerValue extends MemoryHotStore {
  override async raise(slot: Slot, revision: number) {
    this.step(slot, undefined, (entry, now) =>
      changed(raise(entry, revision, now), (after) =>
        entry?.value === undefined ? after : { ...entry, floor: after.floor },
      ),
    );
  }
}

class RaiseLowersTheFloor extends MemoryHotStore {
  override async raise(slot: Slot, revision: number) {
    this.step(slot, undefined, (entry, now) =>
      changed(raise(entry, revision, now), (after) => ({ ...after, floor: revision })),
    );
  }
}

class RaiseLosesTheRestOfTheLifetime extends MemoryHotStore {
  override async raise(slot: Slot, revision: number) {
    this.step(slot, undefined, (entry, now) =>
      changed(raise(entry, revision, now), (after) => ({ ...after, expiresAt: now + 50 })),
    );
  }
}

/** As if the floor were a key of its own with a short TTL. */
class FloorHasALifetimeOfItsOwn extends MemoryHotStore {
  readonly #ends = new Map<string, number>();

  protected override step<Answer>(
    slot: Slot,
    signal: AbortSignal | undefined,
    transition: (entry: HotEntry | undefined, now: number) => Step<Answer>,
  ): Answer {
    return super.step(slot, signal, (entry, now) => {
      const lost = now >= (this.#ends.get(slot.key) ?? Number.POSITIVE_INFINITY);
      const step = transition(entry && lost ? { ...entry, floor: 0 } : entry, now);
      if (step.entry !== undefined) this.#ends.set(slot.key, now + 50);
      return step;
    });
  }
}

class EveryCallerGetsTheLease extends MemoryHotStore {
  override async getOrLease(slot: Slot, request: Request) {
    return this.step(slot, undefined, (entry, now) =>
      getOrLease(entry && { ...entry, lease: undefined }, request, now),
    );
  }
}

class LeaseIsTakenInTwoSteps extends MemoryHotStore {
  override async getOrLease(slot: Slot, request: Request) {
    const seen = this.step(slot, undefined, (entry) => ({ entry: undefined, answer: entry }));
    await Promise.resolve();
    return this.step(slot, undefined, (_entry, now) => getOrLease(seen, request, now));
  }
}

class LeaseNeverEnds extends MemoryHotStore {
  override async getOrLease(slot: Slot, request: Request) {
    return super.getOrLease(slot, { ...request, leaseMs: Number.MAX_SAFE_INTEGER });
  }
}

class HolderIsBusyToo extends MemoryHotStore {
  override async getOrLease(slot: Slot, request: Request) {
    return this.step(slot, undefined, (entry, now) =>
      entry?.lease?.token === request.token
        ? { entry: undefined, answer: { kind: "busy" as const } }
        : getOrLease(entry, request, now),
    );
  }
}

class MinRevisionIsIgnored extends MemoryHotStore {
  override async getOrLease(slot: Slot, request: Request, signal?: AbortSignal) {
    return super.getOrLease(slot, { ...request, minRevision: 0 }, signal);
  }
  override async peek(slot: Slot, _minRevision: number, signal?: AbortSignal) {
    return super.peek(slot, 0, signal);
  }
}

class PeekTakesALease extends MemoryHotStore {
  override async peek(slot: Slot, minRevision: number) {
    const answer = await super.getOrLease(slot, { minRevision, token: "peek", leaseMs: 1_000 });
    return answer.kind === "hit" ? answer : undefined;
  }
}

class GenerationsAreOne extends MemoryHotStore {
  protected override step<Answer>(
    slot: Slot,
    signal: AbortSignal | undefined,
    transition: (entry: HotEntry | undefined, now: number) => Step<Answer>,
  ): Answer {
    return super.step({ ...slot, generation: 0 }, signal, transition);
  }
}

class SweepTakesAll extends MemoryHotStore {
  override async sweepBelow() {
    this.loseAll();
  }
}

class SweepTakesNothing extends MemoryHotStore {
  override async sweepBelow() {}
}

class SignalIsIgnored extends MemoryHotStore {
  override async raise(slot: Slot, revision: number) {
    return super.raise(slot, revision);
  }
}

class IdentityChangesByItself extends MemoryHotStore {
  #probes = 0;
  override async probe() {
    return `probe ${++this.#probes}`;
  }
}

class ConfirmTellsNobody extends MemoryHotStore {
  override onConfirmed(listener: (key: string | undefined) => void) {
    return super.onConfirmed((key) => {
      if (key === undefined) listener(key);
    });
  }
}

class HintsNeverBegin extends MemoryHotStore {
  override onConfirmed(listener: (key: string | undefined) => void) {
    return super.onConfirmed((key) => {
      if (key !== undefined) listener(key);
    });
  }
}

class HintsAreOfFirstGenerationOnly extends MemoryHotStore {
  readonly #told: ((key: string) => void)[] = [];
  override onConfirmed(listener: (key: string | undefined) => void) {
    this.#told.push(listener);
    return super.onConfirmed((key) => {
      if (key === undefined) listener(key);
    });
  }
  override async confirm(slot: Slot, versioned: Versioned) {
    await super.confirm(slot, versioned);
    if (slot.generation <= 10) for (const listener of this.#told) listener(slot.key);
  }
}

class UnsubscribingDoesNothing extends MemoryHotStore {
  override onConfirmed(listener: (key: string | undefined) => void) {
    super.onConfirmed(listener);
    return () => {};
  }
}

const EMPTY = "a confirm never installs into an entry that had no value";
const REPLACES = "a confirm replaces an older value, and leaves the same and a newer one alone";
const CONFIRM_RAISES = "a confirm raises the floor and ends any lease";
const CONFIRM_LIFETIME = "a confirm sets the lifetime with the value";
const WITHOUT_LEASE = "a fill without the live lease stores nothing and ends any lease";
const LEASE_ENDS = "a lease ends by time: another caller gets one, and the old token fills nothing";
const RAISE = "a raise drops a lower value and leaves an equal one and a lease alone";
const REFUSED_RAISES = "a refused fill raises the floor and drops a lower value, not an equal one";
const ONE_LIFETIME = "floor, value and lease have one lifetime: the floor outlives neither alone";
const ONE_LEASE = "of many callers at once exactly one gets the lease";
const TELLS = "whoever listens is told the key of every confirm, once it was said that hints come";
const SWEEP = "a sweep removes the generations below and no other";

const plants = [
  [ConfirmInstallsIntoEmpty, EMPTY],
  [ConfirmOverwritesNewer, REPLACES],
  [ConfirmLeavesTheLease, CONFIRM_RAISES],
  [ConfirmKeepsTheOldLifetime, CONFIRM_LIFETIME],
  [ConfirmDoesNotRaiseTheFloor, CONFIRM_RAISES],
  [FillStoresWithoutALease, WITHOUT_LEASE],
  [FillForgetsThatLeasesEnd, LEASE_ENDS],
  [FillDoesNotRaiseTheFloor, "a stored fill raises the floor"],
  [RefusedFillDoesNotRaiseTheFloor, REFUSED_RAISES],
  [RefusedFillLeavesTheLease, WITHOUT_LEASE],
  [FillIgnoresTheFloor, "a fill below the floor is refused, at the floor it is stored"],
  [FillLeavesTheLease, "a fill uses its lease up"],
  [FillSetsNoLifetime, "a value ends by the lifetime that it was stored with, whatever happens to the entry"],
  [RaiseEndsTheLease, RAISE],
  [RaiseKeepsALowerValue, RAISE],
  [RaiseHidesALowerValue, EMPTY],
  [RaiseLowersTheFloor, "the floor never sinks"],
  [RaiseLosesTheRestOfTheLifetime, "a lease lives in an entry without a value for as long as it was given"],
  [FloorHasALifetimeOfItsOwn, ONE_LIFETIME],
  [EveryCallerGetsTheLease, ONE_LEASE],
  [LeaseIsTakenInTwoSteps, ONE_LEASE],
  [LeaseNeverEnds, LEASE_ENDS],
  [HolderIsBusyToo, "the holder of a lease may ask for it again"],
  [MinRevisionIsIgnored, "a value below the revision asked for is no hit"],
  [PeekTakesALease, "a peek takes no lease"],
  [GenerationsAreOne, "keys and generations are apart"],
  [SweepTakesAll, SWEEP],
  [SweepTakesNothing, SWEEP],
  [SignalIsIgnored, "a call whose signal has fired is cancelled and has no effect"],
  [IdentityChangesByItself, "a probe answers the same identity while nothing happened"],
  [ConfirmTellsNobody, TELLS],
  [HintsNeverBegin, TELLS],
  [HintsAreOfFirstGenerationOnly, TELLS],
  [UnsubscribingDoesNothing, "nobody is told of anything but confirms, or after unsubscribing"],
] as const;

function brokenBy(Store: typeof MemoryHotStore): Promise<readonly string[]> {
  return brokenPromises(hotChecks, () =>
    onVirtualClock<HotStore>((options) => new Store({ ...options, identity: "memory-1" })),
  );
}

it.each(plants.map(([Store, promise]) => [Store.name, Store, promise] as const))(
  "%s is caught",
  async (_name, Store, promise) => {
    expect(await brokenBy(Store)).toContain(promise);
  },
);

it("the store that the planted ones are made from breaks none", async () => {
  expect(await brokenBy(MemoryHotStore)).toEqual([]);
});
