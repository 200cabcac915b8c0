import { afterEach, describe, expect, it } from "vitest";
import { eventsSpec } from "../../../src/consistency/history.ts";
import type { Mutation, ObjectKind } from "../../../src/consistency/objects.ts";
import { ServiceError } from "../../../src/errors.ts";
import type { CollectionSpec } from "../../../src/ports/durable-store.ts";
import { type Instance, openInstance } from "../../support/dual-store.ts";

const THINGS: CollectionSpec = {
  name: "things",
  fields: { live: "boolean" },
  indexes: [],
  heavy: ["requests", "events"],
};
const EVENTS = eventsSpec("thing_events");
const kind: ObjectKind = {
  collection: "things",
  eventsCollection: "thing_events",
  hotPrefix: "thing",
  hotTtlMs: () => 60_000,
};
const anonymous = { id: undefined, body: null };

function set(value: string, more: Partial<Mutation> = {}): Mutation {
  return {
    conditions: [],
    change: {
      set: [
        [["value"], value],
        [["live"], true],
      ],
    },
    ifAbsent: "insert",
    event: { wrote: value },
    ...more,
  };
}

let instance: Instance;
afterEach(() => instance.close());

async function objects() {
  instance = await openInstance({ specs: [THINGS, EVENTS] });
  return instance.objects(kind);
}

describe("reads", () => {
  it("a fast read warms the hot store and the next one is a hit", async () => {
    const things = await objects();
    await things.mutate("a", anonymous, set("1"));
    const cold = await things.read("a", { consistency: "fast", minRevision: 0 });
    const warm = await things.read("a", { consistency: "fast", minRevision: 0 });
    expect([cold.provenance.source, warm.provenance.source]).toEqual(["durable", "hot"]);
    expect(warm.document).toEqual(cold.document);
    expect(warm.document?.value).toBe("1");
    expect(warm.document).not.toHaveProperty("requests");
    expect(warm.provenance).toMatchObject({ degraded: false, hotExpireTime: expect.any(Number) });
  });

  it("a write is seen by the next fast read though the old value was hot", async () => {
    const things = await objects();
    await things.mutate("a", anonymous, set("1"));
    await things.read("a", { consistency: "fast", minRevision: 0 });
    await things.mutate("a", anonymous, set("2"));
    const read = await things.read("a", { consistency: "fast", minRevision: 0 });
    expect(read.provenance.source).toBe("hot");
    expect(read.document).toMatchObject({ value: "2", revision: 2 });
  });

  it("an object that never was is absent, by both consistencies", async () => {
    const things = await objects();
    for (const consistency of ["fast", "strong"] as const) {
      expect((await things.read("none", { consistency, minRevision: 0 })).document).toBeUndefined();
    }
  });

  it("a revision that the durable store has not reached is refused", async () => {
    const things = await objects();
    await things.mutate("a", anonymous, set("1"));
    for (const consistency of ["fast", "strong"] as const) {
      await expect(things.read("a", { consistency, minRevision: 2 })).rejects.toMatchObject({
        reason: "REVISION_NOT_REACHED",
      });
    }
  });
});

describe("writes", () => {
  it("revisions of concurrent writers are 1..n, one writer each", async () => {
    const things = await objects();
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, i) => things.mutate("a", anonymous, set(String(i)))),
    );
    const revisions = results.map((r) => (r.outcome === "applied" ? r.document.revision : 0));
    expect(revisions.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });

  it("a repeated request is applied once and answers the object as it is now", async () => {
    const things = await objects();
    const request = { id: "r1", body: { a: 1 } };
    await things.mutate("a", request, set("1"));
    await things.mutate("a", anonymous, set("2"));
    const again = await things.mutate("a", request, set("1"));
    expect(again).toMatchObject({
      outcome: "replayed",
      appliedRevision: 1,
      document: { value: "2", revision: 2 },
    });
    await expect(things.mutate("a", { id: "r1", body: { a: 2 } }, set("1"))).rejects.toMatchObject({
      reason: "REQUEST_ID_REUSED",
    });
  });

  it("the same request sent at once by many is applied once", async () => {
    const things = await objects();
    const request = { id: "r1", body: null };
    const results = await Promise.all(
      Array.from({ length: 20 }, () => things.mutate("a", request, set("1"))),
    );
    expect(results.filter((r) => r.outcome === "applied")).toHaveLength(1);
    expect(results.filter((r) => r.outcome === "replayed")).toHaveLength(19);
  });

  it("a refusal shows the document that refused", async () => {
    const things = await objects();
    await things.mutate("a", anonymous, set("1"));
    const refused = await things.mutate(
      "a",
      anonymous,
      set("2", { conditions: [{ path: ["value"], test: "equals", value: "other" }] }),
    );
    expect(refused).toMatchObject({ outcome: "refused", document: { value: "1", revision: 1 } });
    const absent = await things.mutate("none", anonymous, set("2", { ifAbsent: "refuse" }));
    expect(absent).toEqual({ outcome: "refused", document: undefined });
  });

  it("transforms of one object lose nothing to each other", async () => {
    const things = await objects();
    await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        things.transform("a", anonymous, (current) => set(`${current?.value ?? ""}${i} `)),
      ),
    );
    const { document } = await things.read("a", { consistency: "strong", minRevision: 0 });
    expect(document?.revision).toBe(50);
    const words = String(document?.value).trim().split(" ").map(Number);
    expect(words.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  it("a plan that wants nothing writes nothing, one that throws is answered with its error", async () => {
    const things = await objects();
    await things.mutate("a", anonymous, set("1"));
    expect(await things.transform("a", anonymous, () => undefined)).toMatchObject({ outcome: "unchanged" });
    const failure = new ServiceError("not_found", "TASK_NOT_FOUND", "none");
    await expect(
      things.transform("a", anonymous, () => {
        throw failure;
      }),
    ).rejects.toBe(failure);
    expect((await things.read("a", { consistency: "strong", minRevision: 0 })).document?.revision).toBe(1);
  });
});

describe("history", () => {
  it("holds every event once and in order, however many there are", async () => {
    const things = await objects();
    for (let i = 1; i <= 200; i++) await things.mutate("a", anonymous, set(String(i)));
    const entries = [];
    for (;;) {
      const page = await things.history("a", entries.length, 30);
      if (page.length === 0) break;
      entries.push(...page);
    }
    expect(entries).toEqual(
      Array.from({ length: 200 }, (_, i) => ({ revision: i + 1, event: { wrote: String(i + 1) } })),
    );
  });
});
