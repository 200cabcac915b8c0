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
  lastEtag: string;
}

const TTL = 10;
type Command = fc.AsyncCommand<Model, Harness>;

function live(model: Model, real: Harness, id: string): ModelEntry | undefined {
  const entry = model.entries.get(id);
  return entry !== undefined && real.now() < entry.expires ? entry : undefined;
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
      fc.constantFrom("always", "if_absent", "if_present", "etag"),
    )
    .map(([name, value, condition]) =>
      command(`set ${JSON.stringify(name)} ${value} ${condition}`, async (model, real) => {
        const id = `${name.namespace}/${name.key}`;
        const before = live(model, real, id);
        const met = {
          always: true,
          if_absent: before === undefined,
          if_present: before !== undefined,
          etag: before?.etag === model.lastEtag,
        }[condition];
        const guard =
          condition === "etag"
            ? { etag: model.lastEtag }
            : { condition: condition as "always" | "if_absent" | "if_present" };
        const result = await outcome(
          setEntry(real.cache, text(name.key, value, { ...name, ttlMs: TTL, ...guard })),
        );
        if (!met) {
          expect(result).toBe(condition === "etag" ? "ETAG_MISMATCH" : "CONDITION_NOT_MET");
          return;
        }
        if (typeof result === "string") throw new Error(result);
        model.entries.set(id, { text: value, expires: real.now() + TTL, etag: result.etag, requests: [] });
        model.lastEtag = result.etag;
      }),
    ),
  fc.tuple(nameOf, fc.boolean()).map(([name, touch]) =>
    command(`${touch ? "touch" : "get"} ${JSON.stringify(name)}`, async (model, real) => {
      const id = `${name.namespace}/${name.key}`;
      const entry = live(model, real, id);
      const read = touch ? touchEntry(real.cache, { ...name, ttlMs: TTL }) : getEntry(real.cache, name);
      if (entry !== undefined && touch) model.entries.set(id, { ...entry, expires: real.now() + TTL });
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
      }
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

/** Runs sequences of calls until one of them comes out otherwise than in the model. */
function property(plant?: (store: CacheStore) => Partial<CacheStore>) {
  return fc.asyncProperty(fc.commands(commands, { maxCommands: 100, size: "max" }), async (sequence) => {
    const setup = () => ({ model: { entries: new Map(), lastEtag: "none" }, real: harness(plant) });
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
      "lists a key of its neighbour",
      (store) => ({ scan: (generation, query) => store.scan(generation, { ...query, namespace: "one" }) }),
    ],
  ])("%s", async (_what, plant) => {
    // The seed is fixed, and none of them needs more than 20 of the runs.
    const result = await fc.check(property(plant), { numRuns: 200, seed: 1, endOnFailure: true });
    expect(result.failed).toBe(true);
  });
});
