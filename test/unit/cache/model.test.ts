/** The cache against the simplest thing that could be right: a Map with expiry times. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clearCache } from "../../../src/domain/cache/clear.ts";
import {
  deleteEntry,
  getEntry,
  incrementEntry,
  setEntry,
  touchEntry,
} from "../../../src/domain/cache/entries.ts";
import { leaseEntry } from "../../../src/domain/cache/lease.ts";
import { listKeys } from "../../../src/domain/cache/list-keys.ts";
import { ServiceError } from "../../../src/errors.ts";
import type { CacheStore } from "../../../src/ports/cache-store.ts";
import { ResponseBudget } from "../../../src/rpc/budget.ts";
import { type Harness, harness, text } from "./support.ts";

interface ModelEntry {
  readonly text: string;
  readonly expires: number;
  readonly etag: string;
  readonly requests: readonly string[];
}

interface Model {
  readonly entries: Map<string, ModelEntry>;
  readonly leases: Map<string, { readonly token: string; readonly until: number }>;
  /** What was stored last, where it may be shown past its end. */
  readonly stales: Map<string, { readonly text: string; readonly until: number }>;
  lastEtag: string;
  lastToken: string;
}

const TTL = 10;
const STALE = 15;
const LEASE = 8;
type Command = fc.AsyncCommand<Model, Harness>;

function live(model: Model, real: Harness, id: string): ModelEntry | undefined {
  const entry = model.entries.get(id);
  return entry !== undefined && real.now() < entry.expires ? entry : undefined;
}

/** Whatever changes an entry ends its lease and what it may show stale. */
function changed(model: Model, id: string): void {
  model.leases.delete(id);
  model.stales.delete(id);
}

async function outcome<T>(work: Promise<T>): Promise<T | string> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ServiceError) return error.reason;
    throw error;
  }
}

function command(name: string, run: (model: Model, real: Harness) => Promise<void>): Command {
  return { check: () => true, run, toString: () => name };
}

const namespace = fc.constantFrom("one", "two");
const key = fc.constantFrom("a", "b", "c/d");
const nameOf = fc.record({ namespace, key });

const commands: fc.Arbitrary<Command>[] = [
  fc
    .tuple(
      nameOf,
      fc.constantFrom("1", "-7", "x"),
      fc.constantFrom("always", "if_absent", "if_present", "etag", "lease"),
      fc.constantFrom(0, STALE),
    )
    .map(([name, value, condition, staleTtlMs]) =>
      command(`set ${JSON.stringify(name)} ${value} ${condition} ${staleTtlMs}`, async (model, real) => {
        const id = `${name.namespace}/${name.key}`;
        const before = live(model, real, id);
        const lease = model.leases.get(id);
        const met = {
          always: true,
          if_absent: before === undefined,
          if_present: before !== undefined,
          etag: before?.etag === model.lastEtag,
          lease: lease !== undefined && lease.token === model.lastToken && real.now() < lease.until,
        }[condition];
        const guard = {
          always: {},
          if_absent: { condition: "if_absent" as const },
          if_present: { condition: "if_present" as const },
          etag: { etag: model.lastEtag },
          lease: { leaseToken: model.lastToken },
        }[condition];
        const result = await outcome(
          setEntry(real.cache, text(name.key, value, { ...name, ttlMs: TTL, staleTtlMs, ...guard })),
        );
        if (!met) {
          const reasons: Record<string, string> = { etag: "ETAG_MISMATCH", lease: "LEASE_LOST" };
          expect(result).toBe(reasons[condition] ?? "CONDITION_NOT_MET");
          return;
        }
        if (typeof result === "string") throw new Error(result);
        changed(model, id);
        if (staleTtlMs > 0) model.stales.set(id, { text: value, until: real.now() + TTL + staleTtlMs });
        model.entries.set(id, { text: value, expires: real.now() + TTL, etag: result.etag, requests: [] });
        model.lastEtag = result.etag;
      }),
    ),
  fc.tuple(nameOf, fc.boolean()).map(([name, touch]) =>
    command(`${touch ? "touch" : "get"} ${JSON.stringify(name)}`, async (model, real) => {
      const id = `${name.namespace}/${name.key}`;
      const entry = live(model, real, id);
      const read = touch ? touchEntry(real.cache, { ...name, ttlMs: TTL }) : getEntry(real.cache, name);
      if (entry !== undefined && touch) {
        model.entries.set(id, { ...entry, expires: real.now() + TTL });
        const stale = model.stales.get(id);
        if (stale !== undefined) model.stales.set(id, { ...stale, until: real.now() + TTL + STALE });
      }
      const expected = model.entries.get(id);
      const result = await outcome(read);
      if (entry === undefined) expect(result).toBe("ENTRY_NOT_FOUND");
      else {
        expect(result).toEqual({
          ...name,
          value: { kind: "text", text: entry.text },
          expireTime: expected?.expires,
          etag: entry.etag,
        });
      }
    }),
  ),
  nameOf.map((name) =>
    command(`delete ${JSON.stringify(name)}`, async (model, real) => {
      const id = `${name.namespace}/${name.key}`;
      expect(await deleteEntry(real.cache, name)).toBe(live(model, real, id) !== undefined);
      model.entries.delete(id);
      changed(model, id);
    }),
  ),
  fc.tuple(nameOf, fc.bigInt(-3n, 3n), fc.constantFrom("", "r1", "r2")).map(([name, delta, requestId]) =>
    command(`increment ${JSON.stringify(name)} ${delta} ${requestId}`, async (model, real) => {
      const id = `${name.namespace}/${name.key}`;
      const before = live(model, real, id);
      const result = await outcome(incrementEntry(real.cache, { ...name, delta, requestId, ttlMs: TTL }));
      if (before?.text === "x") {
        expect(result).toBe("NOT_AN_INTEGER");
        return;
      }
      if (typeof result === "string") throw new Error(result);
      const replayed = before?.requests.includes(requestId) ?? false;
      const value = BigInt(before?.text ?? 0) + (replayed ? 0n : delta);
      expect(result).toMatchObject({ value, replayed });
      if (replayed) return;
      changed(model, id);
      const requests = [...(before?.requests ?? []), ...(requestId === "" ? [] : [requestId])];
      const { etag } = result.entry;
      model.entries.set(id, { text: String(value), expires: real.now() + TTL, etag, requests });
    }),
  ),
  namespace.map((asked) =>
    command(`list ${asked}`, async (model, real) => {
      const request = { namespace: asked, pattern: "*", includeValues: true, includeTtls: false };
      const keys: string[] = [];
      let pageToken = "";
      do {
        const listing = { ...request, pageSize: 2, pageToken };
        const page = await listKeys(real.cache, listing, new ResponseBudget());
        expect(page.entries.map((entry) => entry.key)).toEqual(page.keys);
        keys.push(...page.keys);
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      expect(keys.sort()).toEqual(idsIn(model, real, asked).map((id) => id.slice(asked.length + 1)));
    }),
  ),
  fc.tuple(fc.option(namespace), fc.constantFrom(undefined, 0, 1, 2)).map(([asked, expectedCount]) =>
    command(`clear ${asked ?? "all"} ${expectedCount ?? "-"}`, async (model, real) => {
      const ids = idsIn(model, real, asked ?? undefined);
      const scope = { namespace: asked ?? "", pattern: "", allNamespaces: asked === null };
      const result = await outcome(clearCache(real.cache, { ...scope, validateOnly: false, expectedCount }));
      if (expectedCount !== undefined && expectedCount !== ids.length) expect(result).toBe("COUNT_MISMATCH");
      else {
        expect(result).toEqual({ count: ids.length, sample: [] });
        for (const id of ids) model.entries.delete(id);
        for (const id of [...model.leases.keys(), ...model.stales.keys()]) {
          if (asked === null || id.startsWith(`${asked}/`)) changed(model, id);
        }
      }
    }),
  ),
  nameOf.map((name) =>
    command(`lease ${JSON.stringify(name)}`, async (model, real) => {
      const id = `${name.namespace}/${name.key}`;
      const leased = await leaseEntry(real.cache, { ...name, leaseMs: LEASE, waitMs: 0 });
      const entry = "entry" in leased ? leased.entry : undefined;
      const shown = entry?.value.kind === "text" ? entry.value.text : undefined;
      const hit = live(model, real, id);
      const stale = model.stales.get(id);
      const stillShown = stale !== undefined && real.now() < stale.until ? stale.text : undefined;
      const held = real.now() < (model.leases.get(id)?.until ?? 0);
      if (hit !== undefined) expect([leased.outcome, shown]).toEqual(["hit", hit.text]);
      else if (held) expect([leased.outcome, shown]).toEqual([stillShown ? "stale" : "wait", stillShown]);
      else expect([leased.outcome, shown]).toEqual(["granted", stillShown]);
      if (leased.outcome !== "granted") return;
      model.lastToken = leased.token;
      model.leases.set(id, { token: leased.token, until: real.now() + LEASE });
    }),
  ),
  fc.integer({ min: 1, max: TTL }).map((ms) =>
    command(`advance ${ms}`, async (_model, real) => {
      real.advance(ms);
    }),
  ),
];

function idsIn(model: Model, real: Harness, asked: string | undefined): readonly string[] {
  return [...model.entries.keys()]
    .filter(
      (id) => live(model, real, id) !== undefined && (asked === undefined || id.startsWith(`${asked}/`)),
    )
    .sort();
}

function newModel(): Model {
  return {
    entries: new Map(),
    leases: new Map(),
    stales: new Map(),
    lastEtag: "none",
    lastToken: "none",
  };
}

/** Runs sequences of calls until one of them comes out otherwise than in the model. */
function property(plant?: (store: CacheStore) => Partial<CacheStore>) {
  return fc.asyncProperty(fc.commands(commands, { maxCommands: 100, size: "max" }), async (sequence) => {
    const setup = () => ({ model: newModel(), real: harness(plant) });
    await fc.asyncModelRun(setup, sequence);
  });
}

it("any sequence of calls does to the cache what it does to a map", async () => {
  await fc.assert(property(), { numRuns: 100 });
});

describe("the model finds a store that", () => {
  it.each<[string, (store: CacheStore) => Partial<CacheStore>]>([
    [
      "forgets request ids",
      (store) => ({
        increment: (generation, name, asked) =>
          store.increment(generation, name, { ...asked, requestId: undefined }),
      }),
    ],
    ["does not prolong on touch", (store) => ({ touch: (generation, name) => store.get(generation, name) })],
    [
      "sets whatever the condition",
      (store) => ({ set: (g, name, entry) => store.set(g, name, entry, { kind: "always" }) }),
    ],
    [
      "lets a fill in under a lease that was ended",
      (store) => ({
        set: (g, name, entry, condition) =>
          store.set(g, name, entry, condition.kind === "if_leased" ? { kind: "if_absent" } : condition),
      }),
    ],
    [
      "forgets what it may show stale",
      (store) => ({ set: (g, name, entry, c) => store.set(g, name, { ...entry, staleMs: 0 }, c) }),
    ],
    [
      "grants a lease to everybody",
      (store) => ({
        lease: async (g, name, asked) => {
          await store.endLeases(g, [name]);
          return store.lease(g, name, asked);
        },
      }),
    ],
    ["keeps leases through a clearing", () => ({ endLeases: async () => {} })],
    [
      "lists a key of its neighbour",
      (store) => ({ scan: (generation, query) => store.scan(generation, { ...query, namespace: "one" }) }),
    ],
  ])("%s", async (_what, plant) => {
    // The seed is fixed, and none of them needs more than 20 of the runs.
    const result = await fc.check(property(plant), { numRuns: 200, seed: 1, endOnFailure: true });
    expect(result.failed).toBe(true);
  });
});
