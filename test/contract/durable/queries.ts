import assert from "node:assert/strict";
import type { Json } from "../../../src/json.ts";
import type { Document, DurableStore, Filter, Query, Scalar } from "../../../src/ports/durable-store.ts";
import { amend, type Check, fields, sameJson, upsert } from "./harness.ts";

export const queryChecks: readonly Check[] = [
  { promise: "get and getMany answer what is there and nothing else", run: getsWhatIsThere },
  { promise: "every filter tells what matches from what does not", run: filters },
  { promise: "all filters must match", run: combinesFilters },
  { promise: "the order is total and text sorts by its UTF-8 bytes", run: sorts },
  { promise: "paging by the last document seen meets each document once, ties included", run: pages },
  { promise: "paging under an `in` filter meets each document once", run: pagesUnderIn },
  { promise: "a list follows every change of a document", run: followsChanges },
  { promise: "countBy counts what matches by value", run: counts },
  { promise: "insertMany leaves what is there and inserts the rest", run: insertsOnce },
  { promise: "insertMany and getMany take a thousand", run: takesThousand },
  { promise: "deleteMany answers how many were there, and they are gone", run: deletes },
  { promise: "deleteMany leaves what was written since it was read", run: deletesUnchanged },
];

type Row = readonly [key: string, values: Readonly<Record<string, Json>>];

const ROWS: readonly Row[] = [
  ["a", { group: "g1", state: "READY", rank: 1, done: false }],
  ["b", { group: "g1", state: "READY", rank: 5, done: true }],
  ["c", { group: "g1", state: "DONE", rank: 5, done: true }],
  ["d", { group: "g2", state: "READY", rank: 3, done: false }],
  ["e", { group: "g2", state: "LOST", rank: 9, done: false }],
  ["f", { group: "g2", rank: 10 }],
];

async function rows(store: DurableStore, list: readonly Row[] = ROWS): Promise<void> {
  for (const [key, values] of list) await store.update(upsert(key, fields(values)));
}

const BY_KEY: Query["order"] = [{ field: "key", direction: "ascending" }];

async function keysOf(store: DurableStore, query: Partial<Query>): Promise<string> {
  const found = await store.find({ collection: "things", filters: [], order: BY_KEY, limit: 100, ...query });
  return found.map(({ key }) => key).join("");
}

async function getsWhatIsThere(store: DurableStore): Promise<void> {
  await rows(store);
  assert.equal(await store.get("things", "z"), undefined);
  assert.equal(await store.get("bodies", "a"), undefined);
  const found = await store.getMany("things", ["c", "z", "a", "c"]);
  assert.deepEqual(found.map(({ key }) => key).sort(), ["a", "c"]);
  assert.deepEqual(await store.getMany("things", []), []);
  sameJson(await store.get("things", "f"), { key: "f", revision: 1, group: "g2", rank: 10 });
}

const FILTERED: readonly (readonly [Filter, string])[] = [
  [{ field: "group", equals: "g1" }, "abc"],
  [{ field: "group", equals: "G1" }, ""],
  [{ field: "rank", equals: 5 }, "bc"],
  [{ field: "done", equals: true }, "bc"],
  [{ field: "done", equals: false }, "ade"],
  [{ field: "state", equals: null }, "f"],
  [{ field: "done", equals: null }, "f"],
  [{ field: "key", equals: "a" }, "a"],
  [{ field: "revision", equals: 1 }, "abcdef"],
  [{ field: "state", in: ["READY", "LOST"] }, "abde"],
  [{ field: "state", in: ["DONE"] }, "c"],
  [{ field: "state", in: ["DONE", null] }, "cf"],
  [{ field: "state", in: [] }, ""],
  [{ field: "rank", in: [1, 10, 11] }, "af"],
  [{ field: "done", in: [true, false] }, "abcde"],
  [{ field: "rank", from: 5 }, "bcef"],
  [{ field: "rank", below: 5 }, "ad"],
  [{ field: "rank", from: 3, below: 9 }, "bcd"],
  [{ field: "rank", from: 9, below: 9 }, ""],
  [{ field: "state", from: "DONE", below: "READY" }, "ce"],
  [{ field: "key", from: "b", below: "d" }, "bc"],
  [{ field: "rank" }, "abcdef"],
];

async function filters(store: DurableStore): Promise<void> {
  await rows(store);
  for (const [filter, keys] of FILTERED) {
    assert.equal(await keysOf(store, { filters: [filter] }), keys, JSON.stringify(filter));
  }
}

async function combinesFilters(store: DurableStore): Promise<void> {
  await rows(store);
  assert.equal(
    await keysOf(store, {
      filters: [
        { field: "group", equals: "g1" },
        { field: "state", in: ["READY", "DONE"] },
        { field: "rank", from: 2 },
        { field: "done", equals: true },
      ],
    }),
    "bc",
  );
}

async function sorts(store: DurableStore): Promise<void> {
  await rows(store);
  const down = { field: "rank", direction: "descending" } as const;
  assert.equal(await keysOf(store, { order: [down, ...BY_KEY] }), "febcda");
  assert.equal(await keysOf(store, { order: [down, { field: "key", direction: "descending" }] }), "fecbda");
  assert.equal(
    await keysOf(store, { order: [{ field: "rank", direction: "ascending" }, ...BY_KEY] }),
    "adbcef",
  );
  assert.equal(
    await keysOf(store, { filters: [{ field: "group", equals: "g1" }], order: [down, ...BY_KEY], limit: 2 }),
    "bc",
  );
  const texts = ["Z", "a", "aa", "a\u0300", "é", "\uffff", "\u{10000}", "\u{10ffff}"];
  for (const [at, group] of [...texts.entries()].reverse()) {
    await store.update(upsert(`text${at}`, fields({ group, rank: 100 })));
  }
  const found = await store.find({
    collection: "things",
    filters: [{ field: "rank", equals: 100 }],
    order: [{ field: "group", direction: "ascending" }, ...BY_KEY],
    limit: 100,
  });
  assert.deepEqual(
    found.map((document) => document.group),
    texts,
  );
}

/** Walks all pages by the last document of each. */
async function walk(store: DurableStore, query: Query): Promise<readonly Document[]> {
  const seen: Document[] = [];
  for (let after: readonly (string | number)[] | undefined; ; ) {
    const page = await store.find({ ...query, ...(after === undefined ? {} : { after }) });
    assert.ok(page.length <= query.limit);
    seen.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < query.limit) return seen;
    assert.ok(seen.length <= 1000, "paging ends");
    after = query.order.map(({ field }) => last[field] as string | number);
  }
}

const TIED: readonly Row[] = Array.from({ length: 23 }, (_, at) => [
  `k${String((at * 7) % 23).padStart(2, "0")}`,
  { group: `g${at % 2}`, state: ["A", "B", "C"][at % 3] ?? "", rank: at % 4 },
]);

function expectedOrder(list: readonly Row[], direction: 1 | -1, keys: 1 | -1): readonly string[] {
  const rank = ([, values]: Row) => Number(values.rank);
  return [...list]
    .sort((a, b) => direction * (rank(a) - rank(b)) || keys * (a[0] < b[0] ? -1 : 1))
    .map(([key]) => key);
}

async function pages(store: DurableStore): Promise<void> {
  await rows(store, TIED);
  for (const direction of ["ascending", "descending"] as const) {
    for (const keys of ["ascending", "descending"] as const) {
      for (const limit of [1, 4, 23, 50]) {
        const seen = await walk(store, {
          collection: "things",
          filters: [],
          order: [
            { field: "rank", direction },
            { field: "key", direction: keys },
          ],
          limit,
        });
        assert.deepEqual(
          seen.map(({ key }) => key),
          expectedOrder(TIED, direction === "ascending" ? 1 : -1, keys === "ascending" ? 1 : -1),
          `${direction} ${keys} by ${limit}`,
        );
      }
    }
  }
}

async function pagesUnderIn(store: DurableStore): Promise<void> {
  await rows(store, TIED);
  const matching = TIED.filter(([, values]) => values.group === "g0" && values.state !== "B");
  const seen = await walk(store, {
    collection: "things",
    filters: [
      { field: "group", equals: "g0" },
      { field: "state", in: ["A", "C", "X", "A"] },
    ],
    order: [{ field: "rank", direction: "descending" }, ...BY_KEY],
    limit: 3,
  });
  assert.deepEqual(
    seen.map(({ key }) => key),
    expectedOrder(matching, -1, 1),
  );
}

async function followsChanges(store: DurableStore): Promise<void> {
  await rows(store);
  await store.update(
    amend("a", { set: [[["group"], "g2"]], unset: [["state"]], increment: [[["rank"], 7]] }),
  );
  assert.equal(await keysOf(store, { filters: [{ field: "group", equals: "g1" }] }), "bc");
  assert.equal(await keysOf(store, { filters: [{ field: "state", equals: null }] }), "af");
  assert.equal(await keysOf(store, { filters: [{ field: "rank", from: 8, below: 9 }] }), "a");
  assert.equal(await keysOf(store, { filters: [{ field: "revision", equals: 2 }] }), "a");
}

async function counts(store: DurableStore): Promise<void> {
  await rows(store);
  const count = async (
    by: string,
    chosen: readonly Filter[] = [],
  ): Promise<readonly (readonly [Scalar, number])[]> =>
    [...(await store.countBy("things", chosen, by))].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  assert.deepEqual(await count("state"), [
    ["DONE", 1],
    ["LOST", 1],
    ["READY", 3],
    [null, 1],
  ]);
  assert.deepEqual(await count("done"), [
    [false, 3],
    [null, 1],
    [true, 2],
  ]);
  assert.deepEqual(await count("rank", [{ field: "rank", in: [5, 9] }]), [
    [5, 2],
    [9, 1],
  ]);
  assert.deepEqual(await count("state", [{ field: "group", equals: "none" }]), []);
}

async function insertsOnce(store: DurableStore): Promise<void> {
  await store.insertMany("things", [{ key: "a", rank: 1, bulk: "b" }]);
  await store.update(amend("a", fields({ rank: 2 })));
  const inserted = ["b", "a", "c", "b"].map((key, at) => ({ key, rank: 10 + at, bulk: "n" }));
  await store.insertMany("things", inserted);
  await store.insertMany("things", inserted);
  await store.insertMany("things", []);
  const all = await store.getMany("things", ["a", "b", "c"], { whole: true });
  sameJson(
    [...all].sort((x, y) => (x.key < y.key ? -1 : 1)),
    [
      { key: "a", revision: 2, rank: 2, bulk: "b" },
      { key: "b", revision: 1, rank: 10, bulk: "n" },
      { key: "c", revision: 1, rank: 12, bulk: "n" },
    ],
  );
}

async function takesThousand(store: DurableStore): Promise<void> {
  const keys = Array.from({ length: 1000 }, (_, at) => `k${at}`);
  await store.insertMany(
    "bodies",
    keys.map((key) => ({ key, text: key })),
  );
  const found = await store.getMany("bodies", keys, { whole: true });
  assert.equal(found.length, 1000);
  assert.ok(found.every(({ key, text }) => key === text));
  assert.equal(await store.deleteMany("bodies", keys), 1000);
}

async function deletesUnchanged(store: DurableStore): Promise<void> {
  await rows(store);
  await store.update({ ...upsert("b", fields({ rank: 9 })), ifAbsent: "refuse" });
  const read = ["a", "b"].map((key) => ({ key, revision: 1 }));
  assert.equal(await store.deleteMany("things", read), 1);
  assert.equal(await store.get("things", "a"), undefined);
  assert.equal((await store.get("things", "b"))?.rank, 9);
}

async function deletes(store: DurableStore): Promise<void> {
  await rows(store);
  assert.equal(await store.deleteMany("things", ["a", "z", "f"]), 2);
  assert.equal(await store.deleteMany("things", ["a", "z", "f"]), 0);
  assert.equal(await store.deleteMany("things", []), 0);
  assert.equal(await keysOf(store, {}), "bcde");
  assert.equal(await store.get("things", "a"), undefined);
  const again = await store.update(upsert("a", fields({ rank: 1 })));
  sameJson(again.document, { key: "a", revision: 1, rank: 1 });
}
