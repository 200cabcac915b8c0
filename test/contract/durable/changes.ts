import assert from "node:assert/strict";
import type { DurableStore } from "../../../src/ports/durable-store.ts";
import { amend, type Check, failure, fields, upsert } from "./harness.ts";

export const changeChecks: readonly Check[] = [
  {
    promise: "changes holds every document written since the cursor with its latest content",
    run: seesWrites,
  },
  { promise: "changes follows cursors to the end of any number of writes", run: followsCursors },
  { promise: "changes misses nothing while many write", run: missesNothing },
  { promise: "changes of one collection are not another's", run: keepsCollectionsApart },
  { promise: "a cursor that the store never gave is refused", run: refusesForeignCursors },
];

/** Reads to the end of what was written; the highest revision seen of each key, and where to go on. */
async function drain(
  store: DurableStore,
  cursor: string,
  limit: number,
): Promise<{ readonly seen: ReadonlyMap<string, number>; readonly cursor: string }> {
  const seen = new Map<string, number>();
  for (let at = cursor, rounds = 0; ; rounds += 1) {
    const page = await store.changes("things", at, limit);
    assert.ok(page.documents.length <= limit);
    assert.ok(rounds < 500, "the end is reached");
    for (const { key, revision } of page.documents) seen.set(key, Math.max(revision, seen.get(key) ?? 0));
    at = page.cursor;
    if (page.documents.length < limit) return { seen, cursor: at };
  }
}

async function start(store: DurableStore): Promise<string> {
  return (await store.changes("things", undefined, 10)).cursor;
}

async function seesWrites(store: DurableStore): Promise<void> {
  await store.update(upsert("old", fields({ rank: 1 })));
  const cursor = await start(store);
  await store.update(upsert("a", fields({ rank: 1 })));
  await store.insertMany("things", [{ key: "b", rank: 1 }]);
  await store.update(amend("a", fields({ rank: 2 })));
  const page = await store.changes("things", cursor, 10);
  assert.equal(page.documents.find(({ key }) => key === "a")?.rank, 2);
  assert.equal(page.documents.find(({ key }) => key === "b")?.rank, 1);
  await store.update(amend("old", fields({ rank: 3 })));
  const next = await store.changes("things", page.cursor, 10);
  assert.equal(next.documents.find(({ key }) => key === "old")?.rank, 3);
}

async function followsCursors(store: DurableStore): Promise<void> {
  const cursor = await start(store);
  const keys = Array.from({ length: 25 }, (_, at) => `k${at}`);
  await Promise.all(keys.map((key) => store.update(upsert(key, fields({ rank: 1 })))));
  for (const limit of [1, 4, 25, 100]) {
    const { seen } = await drain(store, cursor, limit);
    assert.deepEqual([...seen.keys()].sort(), [...keys].sort(), `by ${limit}`);
  }
}

async function missesNothing(store: DurableStore): Promise<void> {
  let cursor = await start(store);
  const seen = new Map<string, number>();
  const read = async (limit: number) => {
    const page = await drain(store, cursor, limit);
    cursor = page.cursor;
    for (const [key, revision] of page.seen) seen.set(key, Math.max(revision, seen.get(key) ?? 0));
  };
  let writing = true;
  const writers = Promise.all(
    Array.from({ length: 16 }, async (_, writer) => {
      for (let round = 0; round < 6; round += 1)
        await store.update(upsert(`w${writer}`, fields({ rank: round })));
    }),
  ).finally(() => {
    writing = false;
  });
  while (writing) await read(5);
  await writers;
  await read(5);
  assert.equal(seen.size, 16);
  for (const [key, revision] of seen) assert.equal(revision, 6, key);
}

async function keepsCollectionsApart(store: DurableStore): Promise<void> {
  const cursor = await start(store);
  await store.insertMany("bodies", [{ key: "b" }]);
  await store.update(upsert("a", {}));
  assert.deepEqual([...(await drain(store, cursor, 10)).seen.keys()], ["a"]);
}

async function refusesForeignCursors(store: DurableStore): Promise<void> {
  for (const cursor of ["", "x", "-1", "{}", "null", '{"from":1}', "1e3"]) {
    const error = await failure(store.changes("things", cursor, 10));
    assert.equal(error.kind, "invalid_argument", cursor);
  }
}
