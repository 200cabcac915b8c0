import assert from "node:assert/strict";
import type { Document, DurableStore, UpdateResult } from "../../../src/ports/durable-store.ts";
import { amend, type Check, fields, sameJson, upsert, whole } from "./harness.ts";

export const concurrencyChecks: readonly Check[] = [
  {
    promise: "of many concurrent updates none is lost, and each has a revision of its own",
    run: losesNoUpdate,
  },
  { promise: "of many who insert at once one wins", run: insertsOneWinner },
  { promise: "of many who compare the same revision one wins each", run: comparesAndSets },
  { promise: "of many with the same id under none_with exactly one applies", run: appliesIdOnce },
  { promise: "concurrent pushes keep the last ones", run: pushesConcurrently },
  { promise: "concurrent insertMany calls make each document once", run: insertsManyOnce },
  { promise: "a document deleted by many at once was there for one", run: deletesOnce },
  { promise: "a read after an acknowledged write sees it", run: readsOwnWrites },
];

function numbered(count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => at);
}

function appliedOf(results: readonly UpdateResult[]): number {
  return results.filter(({ outcome }) => outcome === "applied").length;
}

async function losesNoUpdate(store: DurableStore): Promise<void> {
  const results = await Promise.all(
    numbered(200).map((at) =>
      store.update(
        upsert("a", { set: [[["data", `k${at}`], at]], increment: [[["count"], 1]] }, [
          { path: ["count"], test: "at_most", value: 1000 },
        ]),
      ),
    ),
  );
  assert.equal(appliedOf(results), 200);
  const revisions = results.map(({ document }) => Number(document?.revision)).sort((a, b) => a - b);
  assert.deepEqual(
    revisions,
    numbered(200).map((at) => at + 1),
  );
  const end = await whole(store, "a");
  assert.equal(end.revision, 200);
  assert.equal(end.count, 200);
  sameJson(end.data, Object.fromEntries(numbered(200).map((at) => [`k${at}`, at])));
}

async function insertsOneWinner(store: DurableStore): Promise<void> {
  for (const key of ["a", "b", "c"]) {
    const results = await Promise.all(
      numbered(50).map((at) =>
        store.update(upsert(key, fields({ owner: at }), [{ path: ["owner"], test: "equals", value: -1 }])),
      ),
    );
    assert.equal(appliedOf(results), 1);
    const end = await whole(store, key);
    assert.equal(end.revision, 1);
    for (const result of results) sameJson(result.document, end);
  }
}

async function comparesAndSets(store: DurableStore): Promise<void> {
  await store.update(upsert("a", {}));
  for (const revision of [1, 2, 3, 4, 5]) {
    const results = await Promise.all(
      numbered(20).map((at) =>
        store.update(
          amend("a", fields({ by: at }), [{ path: ["revision"], test: "equals", value: revision }]),
        ),
      ),
    );
    assert.equal(appliedOf(results), 1, `at revision ${revision}`);
  }
  assert.equal((await whole(store, "a")).revision, 6);
}

async function appliesIdOnce(store: DurableStore): Promise<void> {
  const results = await Promise.all(
    numbered(120).map((at) => {
      const id = `r${at % 4}`;
      return store.update(
        upsert("a", { push: [{ path: ["requests"], value: { id, at } }], increment: [[["count"], 1]] }, [
          { path: ["requests"], test: "none_with", field: "id", value: id },
        ]),
      );
    }),
  );
  assert.equal(appliedOf(results), 4);
  const end = await whole(store, "a");
  assert.equal(end.count, 4);
  assert.deepEqual((end.requests as { id: string }[]).map(({ id }) => id).sort(), ["r0", "r1", "r2", "r3"]);
}

function lastOf(document: Document | undefined): readonly number[] {
  return (document?.last ?? []) as readonly number[];
}

async function pushesConcurrently(store: DurableStore): Promise<void> {
  const results = await Promise.all(
    numbered(60).map((at) =>
      store.update(upsert("a", { push: [{ path: ["last"], value: at, keepLast: 8 }] })),
    ),
  );
  const longest = Math.max(...results.map(({ document }) => lastOf(document).length));
  assert.equal(longest, 8);
  const byRevision = [...results].sort((a, b) => Number(a.document?.revision) - Number(b.document?.revision));
  const pushed = byRevision.map(({ document }) => lastOf(document).at(-1));
  sameJson((await whole(store, "a")).last, pushed.slice(-8));
  assert.equal(new Set(pushed).size, 60);
}

async function insertsManyOnce(store: DurableStore): Promise<void> {
  await Promise.all(
    numbered(12).map((by) =>
      store.insertMany(
        "bodies",
        numbered(40).map((at) => ({ key: `k${at}`, by, text: `${by}` })),
      ),
    ),
  );
  const all = await store.getMany(
    "bodies",
    numbered(40).map((at) => `k${at}`),
    { whole: true },
  );
  assert.equal(all.length, 40);
  for (const document of all) {
    assert.equal(document.revision, 1);
    assert.equal(document.text, String(document.by));
  }
}

async function deletesOnce(store: DurableStore): Promise<void> {
  await store.insertMany("bodies", [{ key: "a" }, { key: "b" }]);
  const removed = await Promise.all(numbered(20).map(() => store.deleteMany("bodies", ["a", "b"])));
  assert.equal(
    removed.reduce((sum, count) => sum + count, 0),
    2,
  );
}

async function readsOwnWrites(store: DurableStore): Promise<void> {
  const order = [{ field: "key", direction: "ascending" }] as const;
  await Promise.all(
    numbered(20).map(async (writer) => {
      const key = `w${writer}`;
      for (const revision of [1, 2, 3, 4]) {
        await store.update(upsert(key, fields({ group: key, rank: revision })));
        assert.equal((await store.get("things", key))?.revision, revision);
        assert.equal((await store.getMany("things", [key]))[0]?.revision, revision);
        const filters = [{ field: "group", equals: key }];
        const [found] = await store.find({ collection: "things", filters, order, limit: 5 });
        assert.equal(found?.revision, revision);
      }
    }),
  );
}
