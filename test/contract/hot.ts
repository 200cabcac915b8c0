// The contract of src/ports/hot-store.ts as a suite.
import { expect } from "vitest";
import type { HotStore, Slot } from "../../src/ports/hot-store.ts";
import { type Checks, contract, fresh, type Harness } from "./check.ts";

const LONG_MS = 60_000;
const SHORT_MS = 40;
const GENERATION = 10;
/** For a store that gives none: a hint that comes at all comes at once. */
const HINT_LOOKS = 200;
const HINT_LOOK_MS = 20;

function newSlot(generation = GENERATION): Slot {
  return { generation, key: fresh("task/kind/id") };
}

function ask(
  store: HotStore,
  slot: Slot,
  { minRevision = 0, token = fresh("token"), leaseMs = LONG_MS } = {},
) {
  return store.getOrLease(slot, { minRevision, token, leaseMs });
}

/** Takes the lease; answers its token. */
async function lease(store: HotStore, slot: Slot, { minRevision = 0, leaseMs = LONG_MS } = {}) {
  const token = fresh("token");
  expect(await ask(store, slot, { minRevision, token, leaseMs })).toEqual({ kind: "leased" });
  return token;
}

function revision(number: number, ttlMs = LONG_MS) {
  return { value: `revision ${number}`, revision: number, ttlMs };
}

/** An entry that holds the revision. */
async function filled(store: HotStore, number: number, ttlMs = LONG_MS): Promise<Slot> {
  const slot = newSlot();
  const token = await lease(store, slot);
  expect(await store.fill(slot, token, revision(number, ttlMs))).toBe("stored");
  return slot;
}

async function shown(store: HotStore, slot: Slot, minRevision = 0): Promise<number | undefined> {
  const hit = await store.peek(slot, minRevision);
  if (hit !== undefined) expect(hit.value).toBe(`revision ${hit.revision}`);
  return hit?.revision;
}

/** Whether the floor is above the revision: only then is a fill under a live lease refused. */
async function refusesFillAt(store: HotStore, slot: Slot, number: number): Promise<boolean> {
  const token = await lease(store, slot, { minRevision: Number.MAX_SAFE_INTEGER });
  return (await store.fill(slot, token, revision(number))) === "refused";
}

/** Resolves when hints come; `until`, when one with the key came since it was last asked. Bounded on the store's clock. */
async function listening({ store, pass }: Harness<HotStore>) {
  const keys: string[] = [];
  let unread: string[] = [];
  let begun = false;
  const stop = store.onConfirmed((key) => {
    if (key === undefined) begun = true;
    else {
      keys.push(key);
      unread.push(key);
    }
  });
  const heard = async (what: () => boolean) => {
    for (let looks = 0; !what(); looks++) {
      expect(looks, "no hint came").toBeLessThan(HINT_LOOKS);
      await pass(HINT_LOOK_MS);
    }
  };
  await heard(() => begun);
  return {
    keys,
    stop,
    async until(key: string) {
      await heard(() => unread.includes(key));
      unread = [];
    },
  };
}

export const hotChecks: Checks<HotStore> = {
  async "a filled value is a hit, with its revision and what is left of its lifetime"({ store }) {
    const slot = await filled(store, 3);
    for (const answer of [await ask(store, slot), await store.peek(slot, 0)]) {
      expect(answer).toMatchObject({ kind: "hit", value: "revision 3", revision: 3 });
      const ttlMs = answer?.kind === "hit" ? answer.ttlMs : 0;
      expect(ttlMs).toBeGreaterThan(0);
      expect(ttlMs).toBeLessThanOrEqual(LONG_MS);
    }
  },

  async "any text survives, empty and large ones too"({ store }) {
    for (const value of ["", "\u0000", '{"a":"é😀\\n"}', "x".repeat(1_000_000)]) {
      const slot = newSlot();
      await store.fill(slot, await lease(store, slot), { value, revision: 1, ttlMs: LONG_MS });
      expect((await store.peek(slot, 0))?.value).toBe(value);
    }
  },

  async "of many callers at once exactly one gets the lease"({ store }) {
    const slot = newSlot();
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask(store, slot)));
    expect(answers.filter(({ kind }) => kind === "leased")).toHaveLength(1);
    expect(answers.filter(({ kind }) => kind === "busy")).toHaveLength(99);
  },

  async "the holder of a lease may ask for it again"({ store }) {
    const slot = newSlot();
    const token = await lease(store, slot);
    expect(await ask(store, slot, { token })).toEqual({ kind: "leased" });
    expect(await store.fill(slot, token, revision(1))).toBe("stored");
  },

  async "a lease ends by time: another caller gets one, and the old token fills nothing"({ store, pass }) {
    const slot = newSlot();
    const old = await lease(store, slot, { leaseMs: SHORT_MS });
    await pass(SHORT_MS);
    expect(await store.fill(slot, old, revision(1))).toBe("refused");
    expect(await shown(store, slot)).toBeUndefined();

    const other = newSlot();
    await lease(store, other, { leaseMs: SHORT_MS });
    await pass(SHORT_MS);
    expect(await store.fill(other, await lease(store, other), revision(2))).toBe("stored");
  },

  async "a fill without the live lease stores nothing and ends any lease"({ store }) {
    const empty = newSlot();
    expect(await store.fill(empty, fresh("token"), revision(1))).toBe("refused");
    expect(await shown(store, empty)).toBeUndefined();

    const leased = newSlot();
    const token = await lease(store, leased);
    expect(await store.fill(leased, fresh("token"), revision(1))).toBe("refused");
    expect(await shown(store, leased)).toBeUndefined();
    expect(await store.fill(leased, token, revision(1))).toBe("refused");
  },

  async "a fill uses its lease up"({ store }) {
    const slot = newSlot();
    const token = await lease(store, slot);
    expect(await store.fill(slot, token, revision(1))).toBe("stored");
    expect(await store.fill(slot, token, revision(2))).toBe("refused");
    expect(await shown(store, slot)).toBeUndefined();
  },

  async "a stored fill raises the floor"({ store }) {
    const slot = await filled(store, 5);
    expect(await refusesFillAt(store, slot, 4)).toBe(true);
    expect(await shown(store, slot)).toBe(5);
  },

  async "a refused fill raises the floor and drops a lower value, not an equal one"({ store }) {
    const empty = newSlot();
    await store.fill(empty, fresh("token"), revision(5));
    expect(await refusesFillAt(store, empty, 4)).toBe(true);

    const lower = await filled(store, 3);
    await store.fill(lower, fresh("token"), revision(4));
    expect(await shown(store, lower)).toBeUndefined();

    const equal = await filled(store, 3);
    await store.fill(equal, fresh("token"), revision(3));
    expect(await shown(store, equal)).toBe(3);
  },

  async "a fill below the floor is refused, at the floor it is stored"({ store }) {
    for (const [number, verdict] of [
      [6, "refused"],
      [7, "stored"],
    ] as const) {
      const slot = newSlot();
      const token = await lease(store, slot);
      await store.raise(slot, 7);
      expect(await store.fill(slot, token, revision(number))).toBe(verdict);
    }
  },

  async "a fill without a value ends the lease and raises the floor, and caches nothing"({ store }) {
    const slot = newSlot();
    const token = await lease(store, slot);
    const nothing = { value: undefined, revision: 4, ttlMs: LONG_MS };
    expect(await store.fill(slot, token, nothing)).toBe("stored");
    expect(await shown(store, slot)).toBeUndefined();
    expect(await refusesFillAt(store, slot, 3)).toBe(true);

    const lower = await filled(store, 3);
    const other = await lease(store, lower, { minRevision: 4 });
    await store.fill(lower, other, nothing);
    expect(await shown(store, lower)).toBeUndefined();
  },

  async "a confirm never installs into an entry that had no value"({ store }) {
    const absent = newSlot();
    await store.confirm(absent, revision(2));
    expect(await shown(store, absent)).toBeUndefined();

    const leased = newSlot();
    await lease(store, leased);
    await store.confirm(leased, revision(2));
    expect(await shown(store, leased)).toBeUndefined();

    const raised = await filled(store, 3);
    await store.raise(raised, 4);
    const refused = await filled(store, 3);
    await store.fill(refused, fresh("token"), revision(4));
    for (const dropped of [raised, refused]) {
      await store.confirm(dropped, revision(5));
      expect(await shown(store, dropped)).toBeUndefined();
    }
  },

  async "a confirm replaces an older value, and leaves the same and a newer one alone"({ store }) {
    const slot = await filled(store, 5);
    await store.confirm(slot, revision(6));
    expect(await shown(store, slot)).toBe(6);
    await store.confirm(slot, { value: "another", revision: 6, ttlMs: LONG_MS });
    expect(await shown(store, slot)).toBe(6);
    await store.confirm(slot, revision(4));
    expect(await shown(store, slot)).toBe(6);
  },

  async "a confirm raises the floor and ends any lease"({ store }) {
    const slot = newSlot();
    const token = await lease(store, slot);
    await store.confirm(slot, revision(2));
    expect(await store.fill(slot, token, revision(2))).toBe("refused");

    const other = newSlot();
    await store.confirm(other, revision(9));
    expect(await refusesFillAt(store, other, 8)).toBe(true);
  },

  async "a raise drops a lower value and leaves an equal one and a lease alone"({ store }) {
    const slot = await filled(store, 3);
    await store.raise(slot, 3);
    expect(await shown(store, slot)).toBe(3);
    await store.raise(slot, 4);
    expect(await shown(store, slot)).toBeUndefined();

    const leased = newSlot();
    const token = await lease(store, leased);
    await store.raise(leased, 4);
    expect(await ask(store, leased)).toEqual({ kind: "busy" });
    expect(await store.fill(leased, token, revision(4))).toBe("stored");
  },

  async "the floor never sinks"({ store }) {
    const slot = newSlot();
    await store.raise(slot, 9);
    await store.raise(slot, 2);
    await store.confirm(slot, revision(3));
    await store.fill(slot, fresh("token"), revision(4));
    expect(await refusesFillAt(store, slot, 8)).toBe(true);
  },

  async "a value below the revision asked for is no hit"({ store }) {
    const slot = await filled(store, 3);
    expect(await shown(store, slot, 3)).toBe(3);
    expect(await shown(store, slot, 4)).toBeUndefined();
    await lease(store, slot, { minRevision: 4 });
    expect(await ask(store, slot, { minRevision: 4 })).toEqual({ kind: "busy" });
    expect(await ask(store, slot, { minRevision: 3 })).toMatchObject({ kind: "hit", revision: 3 });
  },

  async "a peek takes no lease"({ store }) {
    const slot = newSlot();
    expect(await store.peek(slot, 0)).toBeUndefined();
    await lease(store, slot);
  },

  async "a value ends by the lifetime that it was stored with, whatever happens to the entry"({
    store,
    pass,
  }) {
    const slot = await filled(store, 3, SHORT_MS);
    await lease(store, slot, { minRevision: 4 });
    await store.raise(slot, 2);
    await pass(SHORT_MS);
    expect(await shown(store, slot)).toBeUndefined();
  },

  async "a confirm sets the lifetime with the value"({ store, pass }) {
    const shorter = await filled(store, 3);
    await store.confirm(shorter, revision(4, SHORT_MS));
    const longer = await filled(store, 3, 5_000);
    await store.confirm(longer, revision(4));
    expect((await store.peek(longer, 0))?.ttlMs).toBeGreaterThan(5_000);
    await pass(SHORT_MS);
    expect(await shown(store, shorter)).toBeUndefined();
  },

  async "floor, value and lease have one lifetime: the floor outlives neither alone"({ store, pass }) {
    const leased = newSlot();
    const token = await lease(store, leased);
    await store.raise(leased, 7);
    const valued = await filled(store, 7);
    await pass(2 * SHORT_MS);
    expect(await store.fill(leased, token, revision(6))).toBe("refused");
    expect(await refusesFillAt(store, valued, 6)).toBe(true);
  },

  async "a lease lives in an entry without a value for as long as it was given"({ store, pass }) {
    const slot = newSlot();
    const token = await lease(store, slot, { leaseMs: 10 * LONG_MS });
    await store.raise(slot, 1);
    await pass(2 * SHORT_MS);
    expect(await store.fill(slot, token, revision(1))).toBe("stored");
  },

  async "a repeated call changes nothing more"({ store }) {
    const slot = newSlot();
    const token = await lease(store, slot);
    await store.fill(slot, token, revision(1));
    await store.fill(slot, token, revision(1));
    expect(await shown(store, slot)).toBe(1);
    for (let time = 0; time < 2; time++) await store.confirm(slot, revision(2));
    for (let time = 0; time < 2; time++) await store.raise(slot, 2);
    expect(await shown(store, slot)).toBe(2);
  },

  async "keys and generations are apart"({ store }) {
    const slot = await filled(store, 3);
    expect(await shown(store, { ...slot, generation: GENERATION + 1 })).toBeUndefined();
    expect(await shown(store, { ...slot, key: `${slot.key}x` })).toBeUndefined();
    await store.raise({ ...slot, generation: GENERATION + 1 }, 9);
    expect(await shown(store, slot)).toBe(3);
  },

  async "a probe answers the same identity while nothing happened"({ store }) {
    const identity = await store.probe();
    expect(identity).not.toBe("");
    expect(await store.probe()).toBe(identity);
  },

  async "the hint is what was written last, undefined before"({ store }) {
    expect(await store.readHint()).toBeUndefined();
    await store.writeHint(41);
    await store.writeHint(42);
    expect(await store.readHint()).toBe(42);
  },

  async "a sweep removes the generations below and no other"({ store }) {
    const slots = [1, 2, 3].map((generation) => newSlot(generation));
    for (const slot of slots) await store.fill(slot, await lease(store, slot), revision(1));
    await store.sweepBelow(3);
    expect(await Promise.all(slots.map((slot) => shown(store, slot)))).toEqual([undefined, undefined, 1]);
  },

  async "whoever listens is told the key of every confirm, once it was said that hints come"(harness) {
    const { store } = harness;
    const heard = await listening(harness);
    for (const slot of [newSlot(), newSlot(GENERATION + 1)]) {
      await store.confirm(slot, revision(1));
      await heard.until(slot.key);
    }
    // In an entry with a value and in one without, again and again.
    const valued = await filled(store, 1);
    for (const number of [2, 3]) {
      await store.confirm(valued, revision(number));
      await heard.until(valued.key);
    }
    heard.stop();
  },

  async "nobody is told of anything but confirms, or after unsubscribing"(harness) {
    const { store } = harness;
    const [stopped, heard] = [await listening(harness), await listening(harness)];
    const slot = await filled(store, 1);
    await store.raise(slot, 2);
    await store.peek(slot, 0);
    stopped.stop();
    const last = newSlot();
    await store.confirm(last, revision(1));
    await heard.until(last.key);
    expect(heard.keys).toEqual([last.key]);
    expect(stopped.keys).toEqual([]);
    heard.stop();
  },

  async "a call whose signal has fired is cancelled and has no effect"({ store }) {
    const slot = await filled(store, 3);
    const signal = AbortSignal.abort();
    const late = AbortSignal.abort(new DOMException("late", "TimeoutError"));
    const request = { minRevision: 0, token: fresh("token"), leaseMs: LONG_MS };
    for (const call of [
      () => store.getOrLease(slot, request, signal),
      () => store.peek(slot, 0, signal),
      () => store.fill(slot, request.token, revision(9), signal),
      () => store.confirm(slot, revision(9), signal),
      () => store.raise(slot, 9, signal),
      () => store.probe(signal),
      () => store.writeHint(9, signal),
      () => store.readHint(signal),
      () => store.sweepBelow(9, signal),
    ]) {
      await expect(call()).rejects.toMatchObject({ kind: "cancelled", applied: "no" });
    }
    await expect(store.peek(slot, 0, late)).rejects.toMatchObject({ kind: "deadline_exceeded" });
    expect(await shown(store, slot)).toBe(3);
  },
};

export function hotContract(name: string, open: () => Promise<Harness<HotStore>>): void {
  contract(`hot store: ${name}`, hotChecks, open);
}
