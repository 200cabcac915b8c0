import { describe, expect, it, onTestFinished } from "vitest";
import { MemoryDocuments } from "../../../src/adapters/memory/documents.ts";
import { memoryDurable } from "../../../src/adapters/memory/durable.ts";
import type { Generation } from "../../../src/consistency/generation.ts";
import { CONTROL } from "../../../src/consistency/generation-document.ts";
import { eventsSpec } from "../../../src/consistency/history.ts";
import type { Mutation, ObjectKind } from "../../../src/consistency/objects.ts";
import { StoresView } from "../../../src/consistency/stores-view.ts";
import { unavailable } from "../../../src/errors.ts";
import type { CollectionSpec } from "../../../src/ports/durable-store.ts";
import { openInstance } from "../../support/dual-store.ts";
import { HotServer, switchable } from "../../support/switched-stores.ts";

const THINGS: CollectionSpec = {
  name: "things",
  fields: { live: "boolean" },
  indexes: [],
  heavy: ["requests", "events"],
};
const EVENTS = eventsSpec("thing_events");
const kind: ObjectKind = {
  collection: "things",
  eventsCollection: EVENTS.name,
  hotPrefix: "thing",
  hotTtlMs: () => 60_000,
};
const anonymous = { id: undefined, body: null };
const fast = { consistency: "fast", minRevision: 0 } as const;
const strong = { consistency: "strong", minRevision: 0 } as const;

const set = (value: string, live = true): Mutation => ({
  conditions: [],
  change: {
    set: [
      [["value"], value],
      [["live"], live],
    ],
  },
  ifAbsent: "insert",
  event: { wrote: value },
});

function deployment() {
  const documents = new MemoryDocuments([THINGS, EVENTS, CONTROL]);
  const server = new HotServer();
  const start = async () => {
    const durable = switchable(memoryDurable([], { documents }));
    const hot = server.connect();
    const instance = await openInstance({ specs: [], durable, hot, leaseMs: 120 });
    onTestFinished(async () => {
      durable.up = true;
      await instance.close();
    });
    const view = new StoresView(instance.generation, durable, hot);
    return { ...instance, durable, hot, view, things: instance.objects(kind) };
  };
  return { server, documents, start };
}

/** Waits on what the generation tells, not on time. */
function until(generation: Generation, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!holds()) return;
      stop();
      resolve();
    };
    const stop = generation.onChange(look);
    look();
  });
}

describe("without the hot store", () => {
  it("reads and writes go on from the durable store and say so, and come back in a clean generation", async () => {
    const { server, start } = deployment();
    const { generation, things, view } = await start();
    await things.mutate("a", anonymous, set("1"));
    await things.read("a", fast);
    const before = view.state();
    expect(before).toMatchObject({ mode: "normal", hot: { reachable: true }, reason: "" });
    server.kill();
    expect(await things.mutate("a", anonymous, set("2"))).toMatchObject({ outcome: "applied" });
    const read = await things.read("a", fast);
    expect(read).toMatchObject({
      document: { value: "2" },
      provenance: { source: "durable", degraded: true },
    });
    expect(view.state()).toMatchObject({ mode: "hot_bypassed", reason: expect.stringMatching(/hot store/) });
    expect(() => view.current()).toThrow(/hot store/);
    expect(view.readiness().ready).toBe(true);
    server.restart("second");
    await until(generation, () => view.state().mode === "normal");
    expect(view.current()).toBeGreaterThan(before.generation);
    await things.read("a", fast);
    expect((await things.read("a", fast)).provenance.source).toBe("hot");
  });

  it("the mode is not normal while nobody can close the generation of a hot store that is gone", async () => {
    const { server, start } = deployment();
    const { generation, durable, view } = await start();
    await until(generation, () => view.state().mode === "normal");
    durable.up = false;
    server.kill();
    const modes = new Set([view.state().mode]);
    const stop = generation.onChange(() => modes.add(view.state().mode));
    await until(generation, () => view.state().mode === "durable_down");
    durable.up = true;
    await until(generation, () => generation.view?.mode === "bypassed");
    stop();
    expect([...modes].sort()).toEqual(["durable_down", "hot_bypassed"]);
  });

  it("a server that came back with its old entries is never read", async () => {
    const { server, start } = deployment();
    const { generation, things, view } = await start();
    await things.mutate("a", anonymous, set("1"));
    await things.read("a", fast);
    const old = server.entries;
    server.kill();
    await things.mutate("a", anonymous, set("2"));
    server.restart("second");
    server.entries = old;
    await until(generation, () => view.state().mode === "normal");
    expect((await things.read("a", fast)).document?.value).toBe("2");
  });

  it("an instance that starts meanwhile serves from the durable store", async () => {
    const { server, start } = deployment();
    server.kill();
    const { things, view } = await start();
    await things.mutate("a", anonymous, set("1"));
    expect((await things.read("a", fast)).provenance).toMatchObject({ source: "durable", degraded: true });
    expect(view.state().mode).toBe("hot_bypassed");
  });

  it("one instance that is cut off alone answers UNAVAILABLE and is not ready, and the other goes on", async () => {
    const { start } = deployment();
    const [a, b] = [await start(), await start()];
    await a.things.mutate("x", anonymous, set("1"));
    await b.things.read("x", fast);
    b.hot.cut = true;
    b.hot.lose();
    await until(b.generation, () => b.generation.isolated);
    await expect(b.things.mutate("x", anonymous, set("2"))).rejects.toMatchObject({
      reason: "INSTANCE_ISOLATED",
      applied: "no",
    });
    expect(b.view.readiness().ready).toBe(false);
    expect(b.view.state()).toMatchObject({ mode: "hot_bypassed", reason: expect.stringMatching(/alone/) });
    expect(await a.things.mutate("x", anonymous, set("3"))).toMatchObject({ document: { revision: 2 } });
    expect(a.view.state().mode).toBe("normal");
    b.hot.cut = false;
    await until(b.generation, () => !b.generation.isolated && b.view.state().mode === "normal");
    expect((await b.things.read("x", fast)).document?.value).toBe("3");
  });

  it("all instances lose it together and bypass it together", async () => {
    const { server, start } = deployment();
    const [a, b] = [await start(), await start()];
    await a.things.mutate("x", anonymous, set("1"));
    await b.things.read("x", fast);
    server.kill();
    await Promise.all([a.things.mutate("x", anonymous, set("2")), b.things.mutate("y", anonymous, set("3"))]);
    expect((await b.things.read("x", fast)).document?.value).toBe("2");
    expect((await a.things.read("y", fast)).document?.value).toBe("3");
    expect([a.view.state().mode, b.view.state().mode]).toEqual(["hot_bypassed", "hot_bypassed"]);
  });
});

describe("without the durable store", () => {
  it("writes and strong reads fail, fast reads show what is hot and say that it may be old", async () => {
    const { start } = deployment();
    const { durable, generation, things, view } = await start();
    await things.mutate("a", anonymous, set("1"));
    await things.mutate("gone", anonymous, set("1", false));
    await things.read("a", fast);
    await things.read("gone", fast);
    await things.mutate("cold", anonymous, set("1"));
    durable.up = false;
    await until(generation, () => generation.durableDown);
    expect(view.state().mode).toBe("durable_down");
    await expect(things.mutate("a", anonymous, set("2"))).rejects.toMatchObject({
      reason: "DURABLE_STORE_UNAVAILABLE",
      applied: "no",
    });
    await expect(things.read("a", strong)).rejects.toMatchObject({ reason: "DURABLE_STORE_UNAVAILABLE" });
    const hit = await things.read("a", fast);
    expect(hit).toMatchObject({ document: { value: "1" }, provenance: { source: "hot", degraded: true } });
    expect(hit.provenance.asOf).toBeLessThanOrEqual(Date.now());
    for (const key of ["cold", "gone", "never"]) {
      await expect(things.read(key, fast)).rejects.toMatchObject({ reason: "DURABLE_STORE_UNAVAILABLE" });
    }
    await expect(things.read("a", { ...fast, minRevision: 2 })).rejects.toMatchObject({
      kind: "unavailable",
    });
    // The cache needs no durable store.
    expect(view.current()).toBe(view.state().generation);
    durable.up = true;
    await until(generation, () => !generation.durableDown);
    expect((await things.mutate("a", anonymous, set("2"))).outcome).toBe("applied");
    expect((await things.read("a", fast)).provenance.degraded).toBe(false);
  });

  it("a process that starts meanwhile shows what is hot, without a date, and recovers", async () => {
    const { server, start } = deployment();
    const first = await start();
    await first.things.mutate("a", anonymous, set("1"));
    await first.things.read("a", fast);
    await until(first.generation, () => server.hint !== undefined);
    const second = await start();
    second.durable.up = false;
    await until(second.generation, () => second.generation.durableDown);
    const read = await second.things.read("a", fast);
    expect(read).toMatchObject({ document: { value: "1" }, provenance: { source: "hot", degraded: true } });
    second.durable.up = true;
    await until(second.generation, () => second.view.state().mode === "normal");
  });

  it("both away is UNAVAILABLE, and both back is as before", async () => {
    const { server, start } = deployment();
    const { durable, generation, things, view } = await start();
    await things.mutate("a", anonymous, set("1"));
    durable.up = false;
    server.kill();
    await until(generation, () => generation.durableDown);
    await expect(things.read("a", fast)).rejects.toMatchObject({ kind: "unavailable" });
    await expect(things.mutate("a", anonymous, set("2"))).rejects.toMatchObject({ kind: "unavailable" });
    durable.up = true;
    server.restart("second");
    await until(generation, () => view.state().mode === "normal");
    expect((await things.read("a", fast)).document?.value).toBe("1");
  });
});

describe("an answer that is lost", () => {
  it("after the write was applied does not apply it twice", async () => {
    const { start } = deployment();
    const { durable, things } = await start();
    durable.loseAnswers = 1;
    const written = await things.mutate("a", anonymous, set("1"));
    expect(written).toMatchObject({ outcome: "applied", document: { revision: 1 } });
    expect((await things.read("a", strong)).document?.revision).toBe(1);
  });

  it("before it was applied is made good", async () => {
    const { start } = deployment();
    const { durable, things } = await start();
    durable.loseRequests = 2;
    expect(await things.mutate("a", anonymous, set("1"))).toMatchObject({ document: { revision: 1 } });
  });

  it("in a transform is found by its identity", async () => {
    const { start } = deployment();
    const { durable, things } = await start();
    await things.mutate("a", anonymous, set("1"));
    durable.loseAnswers = 1;
    const result = await things.transform("a", anonymous, () => set("2"));
    expect(result).toMatchObject({ document: { revision: 2, value: "2" } });
  });

  it("again and again leaves the outcome unknown, and says so", async () => {
    const { start } = deployment();
    const { durable, things } = await start();
    durable.loseRequests = 10;
    await expect(things.mutate("a", anonymous, set("1"))).rejects.toMatchObject({
      kind: "unavailable",
      applied: "unknown",
    });
  });

  it("a write that is durable but cannot be acknowledged in time says that it was applied", async () => {
    const { server, start } = deployment();
    const { hot, things } = await start();
    await things.mutate("a", anonymous, set("1"));
    hot.confirm = async () => {
      throw unavailable("hot");
    };
    const deadline = AbortSignal.timeout(100);
    await expect(things.mutate("a", anonymous, set("2"), deadline)).rejects.toMatchObject({
      kind: "deadline_exceeded",
      applied: "yes",
    });
    expect(server.up).toBe(true);
  });
});

describe("instances with hot stores of their own", () => {
  it("on one durable store are both bypassed and say why, and no read is stale; one alone caches again", async () => {
    const documents = new MemoryDocuments([THINGS, EVENTS, CONTROL]);
    const start = () => openInstance({ specs: [], durable: memoryDurable([], { documents }), leaseMs: 120 });
    const a = await start();
    onTestFinished(() => a.close());
    const thingsOfA = a.objects(kind);
    await thingsOfA.mutate("x", anonymous, set("1"));
    await thingsOfA.read("x", fast);
    const b = await start();
    const thingsOfB = b.objects(kind);
    await thingsOfB.mutate("x", anonymous, set("2"));
    expect((await thingsOfA.read("x", fast)).document?.value).toBe("2");
    for (const { durable, generation, hot } of [a, b]) {
      expect(new StoresView(generation, durable, hot).state()).toMatchObject({
        mode: "hot_bypassed",
        reason: expect.stringMatching(/several instances/),
      });
    }
    await b.close();
    await until(a.generation, () => a.generation.namespace !== undefined);
    expect((await thingsOfA.read("x", fast)).document?.value).toBe("2");
  });

  it("a process that was killed is forgotten after a while", async () => {
    const documents = new MemoryDocuments([THINGS, EVENTS, CONTROL]);
    const durable = memoryDurable([], { documents });
    const a = await openInstance({ specs: [], durable, leaseMs: 60 });
    onTestFinished(() => a.close());
    await until(a.generation, () => a.generation.namespace !== undefined);
    await durable.update({
      collection: "control",
      key: "generation",
      conditions: [],
      change: { set: [[["instances", "dead"], { beat: 1, hot: true }]] },
      ifAbsent: "refuse",
    });
    await until(a.generation, () => a.generation.view?.mode === "bypassed");
    await until(a.generation, () => a.generation.namespace !== undefined);
    await until(a.generation, () => a.generation.view?.instances.has("dead") === false);
  });
});

describe("a stop", () => {
  it("refuses what waits for a lease", async () => {
    const { start } = deployment();
    const { durable, generation, things } = await start();
    await things.mutate("a", anonymous, set("1"));
    durable.up = false;
    await until(generation, () => generation.durableDown);
    await generation.close();
    await expect(things.mutate("a", anonymous, set("2"))).rejects.toMatchObject({ kind: "unavailable" });
  });
});
