import { describe, expect, it } from "vitest";
import { memoryDurable } from "../../../src/adapters/memory/durable.ts";
import type { Mutation } from "../../../src/consistency/objects.ts";
import { WriteLines } from "../../../src/consistency/write-lines.ts";
import type { Document, DurableStore } from "../../../src/ports/durable-store.ts";
import { openInstance } from "../../support/dual-store.ts";
import { SPECS, THING } from "../../support/virtual/things.ts";

const overloaded = { kind: "resource_exhausted", reason: "OVERLOADED", applied: "no", retryAfterMs: 1000 };
const withTail = (revision: number, tail: number): Document => ({ key: "a", revision, tail });

/** Work that goes on until it is told to end. */
function job() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const seen = { begun: false };
  const work = () => {
    seen.begun = true;
    return promise;
  };
  return { work, end: resolve, seen };
}

/** What the lines have to do at once is done. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("the line of one object", () => {
  it("lets one writer find out how many the document takes, and then so many at a time", async () => {
    const lines = new WriteLines(() => 0, 100);
    const first = job();
    const others = Array.from({ length: 10 }, job);
    const done = [first, ...others].map(({ work }) => lines.beside("a", work));
    await settled();
    expect(others.filter(({ seen }) => seen.begun)).toHaveLength(0);
    lines.learn("a", withTail(1, 60));
    first.end();
    await settled();
    expect(others.map(({ seen }) => seen.begun)).toEqual([...Array(4).fill(true), ...Array(6).fill(false)]);
    for (const { end } of others) end();
    await Promise.all(done);
  });

  it("takes no answer that came late for the newest", async () => {
    const lines = new WriteLines(() => 0, 100);
    const first = job();
    const others = Array.from({ length: 10 }, job);
    const done = [first, ...others].map(({ work }) => lines.beside("a", work));
    lines.learn("a", withTail(2, 62));
    lines.learn("a", withTail(1, 1));
    first.end();
    await settled();
    expect(others.filter(({ seen }) => seen.begun)).toHaveLength(2);
    for (const { end } of others) end();
    await Promise.all(done);
  });

  it("goes on where the tail is full and nobody copied it", async () => {
    const lines = new WriteLines(() => 0, 100);
    const order: number[] = [];
    const write = (n: number) =>
      lines.beside("a", async () => {
        lines.learn("a", withTail(n, 64));
        order.push(n);
      });
    await Promise.all([1, 2, 3, 4].map(write));
    expect(order).toEqual([1, 2, 3, 4]);
  });

  it("keeps everybody else out while somebody is alone, in the order in which they came", async () => {
    const lines = new WriteLines(() => 0, 100);
    const [before, alone, after] = [job(), job(), job()];
    const done = [lines.beside("a", before.work), lines.alone("a", alone.work)];
    lines.learn("a", withTail(1, 1));
    done.push(lines.beside("a", after.work));
    await settled();
    expect([alone.seen.begun, after.seen.begun]).toEqual([false, false]);
    before.end();
    await settled();
    expect([alone.seen.begun, after.seen.begun]).toEqual([true, false]);
    alone.end();
    await settled();
    expect(after.seen.begun).toBe(true);
    after.end();
    await Promise.all(done);
  });

  it("lets what the others wait for go first, though the line is full", async () => {
    const lines = new WriteLines(() => 0, 1);
    const held = job();
    const order: string[] = [];
    const done = [lines.beside("a", held.work), lines.beside("a", async () => void order.push("waiting"))];
    done.push(lines.first("a", async () => void order.push("first")));
    held.end();
    await Promise.all(done);
    expect(order).toEqual(["first", "waiting"]);
  });

  it("is bounded, and no other object waits in it", async () => {
    const lines = new WriteLines(() => 0, 1);
    const held = job();
    const done = [lines.beside("a", held.work), lines.beside("a", async () => {})];
    await expect(lines.beside("a", async () => {})).rejects.toMatchObject(overloaded);
    await expect(lines.alone("a", async () => {})).rejects.toMatchObject(overloaded);
    expect(await lines.beside("b", async () => "other")).toBe("other");
    held.end();
    await Promise.all(done);
    expect(await lines.beside("a", async () => "again")).toBe("again");
  });

  it("is left at once by a writer whose signal fires, and its place is another's", async () => {
    const lines = new WriteLines(() => 0, 1);
    const held = job();
    const gone = new AbortController();
    const holding = lines.beside("a", held.work);
    const waiting = lines.beside("a", async () => "never", gone.signal);
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ kind: "cancelled", applied: "no" });
    await expect(lines.beside("a", async () => "never", gone.signal)).rejects.toMatchObject({
      applied: "no",
    });
    const next = lines.beside("a", async () => "next");
    held.end();
    await holding;
    expect(await next).toBe("next");
  });

  it("goes on after work that failed", async () => {
    const lines = new WriteLines(() => 0, 10);
    const failing = lines.alone("a", async () => Promise.reject(new Error("failed")));
    const next = lines.beside("a", async () => "next");
    await expect(failing).rejects.toThrow("failed");
    expect(await next).toBe("next");
  });
});

describe("a line that grows faster than it is served", () => {
  const LONG = 70;

  /** Writes that take turns, each until `end` is told how long it took (ms). */
  function crowd() {
    let now = 0;
    const lines = new WriteLines(() => now, 1000);
    const served: string[] = [];
    const refused: string[] = [];
    const ends: (() => void)[] = [];
    const write = (name: string) => {
      lines
        .alone("a", () => {
          served.push(name);
          return new Promise<void>((resolve) => ends.push(resolve));
        })
        .catch((error: unknown) => {
          expect(error).toMatchObject(overloaded);
          refused.push(name);
        });
    };
    const end = async (ms: number) => {
      await settled();
      now += ms;
      ends.shift()?.();
      await settled();
    };
    return { write, end, served, refused };
  }

  it("serves the newest first once the oldest has waited too long, and refuses those who have waited on", async () => {
    const { write, end, served, refused } = crowd();
    write("begun");
    for (let n = 0; n < LONG; n++) write(`early ${n}`);
    for (let n = 0; n < 3; n++) await end(50);
    expect(served.slice(1)).toEqual(["early 0", "early 1", "early 2"]);
    write("late");
    await end(50);
    expect(served.at(-1)).toBe("late");
    expect(refused).toEqual([]);
    for (let n = 0; n < 6; n++) {
      write(`later ${n}`);
      await end(50);
      expect(served.at(-1)).toBe(`later ${n}`);
    }
    expect(refused).toEqual([]);
    write("last");
    await end(50);
    // All who came before the first end have waited as long.
    expect(refused).toEqual(Array.from({ length: LONG - 3 }, (_, n) => `early ${n + 3}`));
    expect(served.at(-1)).toBe("last");
    await end(50);
  });

  it("keeps the order of a short line, however slow it is", async () => {
    const { write, end, served, refused } = crowd();
    const names = Array.from({ length: 65 }, (_, n) => String(n));
    for (const name of names) write(name);
    for (const _ of names) await end(1_000);
    expect(served).toEqual(names);
    expect(refused).toEqual([]);
  });

  it("is not made by a store that stood still: nobody is refused for that", async () => {
    const { write, end, served, refused } = crowd();
    const names = Array.from({ length: LONG }, (_, n) => String(n));
    for (const name of names) write(name);
    await end(60_000);
    for (const _ of names) await end(1);
    expect(served.toSorted()).toEqual(names.toSorted());
    expect(refused).toEqual([]);
  });
});

describe("many writers of one object", () => {
  const WRITERS = 400;
  const anonymous = { id: undefined, body: null };

  function write(value: number): Mutation {
    return { conditions: [], change: { set: [[["value"], value]] }, ifAbsent: "insert", event: { value } };
  }

  /** Counts what the store was asked for. */
  function counted(store: DurableStore) {
    const counts = { refused: 0, copies: 0 };
    const counting: DurableStore = {
      ...store,
      update: async (update, signal) => {
        const result = await store.update(update, signal);
        if (update.collection === THING.collection && result.outcome === "refused") counts.refused++;
        return result;
      },
      insertMany: (collection, documents, signal) => {
        counts.copies++;
        return store.insertMany(collection, documents, signal);
      },
    };
    return { counting, counts };
  }

  it("are never refused for a full tail, and it is copied once for all of them", async () => {
    const { counting, counts } = counted(memoryDurable(SPECS));
    const instance = await openInstance({ specs: SPECS, durable: counting });
    const things = instance.objects(THING);
    const writes = Array.from({ length: WRITERS }, (_, n) => things.mutate("a", anonymous, write(n)));
    const results = await Promise.all(writes);
    const revisions = results.map((r) => (r.outcome === "applied" ? r.document.revision : 0));
    expect(revisions.toSorted((a, b) => a - b)).toEqual(Array.from({ length: WRITERS }, (_, n) => n + 1));
    expect(counts.refused).toBe(0);
    // Each copy makes room for 56 writes or more.
    expect(counts.copies).toBeGreaterThan(0);
    expect(counts.copies).toBeLessThanOrEqual(WRITERS / 56);
    await instance.close();
    await counting.close();
  });

  it("beside those of another process share the copies that a full tail makes them wait for", async () => {
    const { counting, counts } = counted(memoryDurable(SPECS));
    const [one, other] = [
      await openInstance({ specs: SPECS, durable: counting }),
      await openInstance({ specs: SPECS, durable: counting }),
    ];
    const [ones, others] = [one.objects(THING), other.objects(THING)];
    const results = await Promise.all(
      Array.from({ length: WRITERS }, (_, n) =>
        (n % 2 === 0 ? ones : others).mutate("a", anonymous, write(n)),
      ),
    );
    expect(results.filter(({ outcome }) => outcome === "applied")).toHaveLength(WRITERS);
    const history = [];
    for (let after = 0; after < WRITERS; after = history.length) {
      history.push(...(await ones.history("a", after, 100)));
    }
    expect(history.map(({ revision }) => revision)).toEqual(Array.from({ length: WRITERS }, (_, n) => n + 1));
    expect(counts.copies).toBeLessThan(WRITERS / 10);
    await Promise.all([one.close(), other.close()]);
    await counting.close();
  });
});
