import assert from "node:assert/strict";
import type { Json } from "../../../src/json.ts";
import type { Condition, DurableStore, Path } from "../../../src/ports/durable-store.ts";
import { amend, type Check, fields, given, sameJson, upsert, whole } from "./harness.ts";

export const valueChecks: readonly Check[] = [
  { promise: "keys of any text come back as they were", run: keepsWeirdKeys },
  { promise: "paths name keys of any text", run: reachesWeirdKeys },
  { promise: "numbers come back as they were", run: keepsNumbers },
  { promise: "text comes back as it was", run: keepsText },
  { promise: "deep values come back as they were", run: keepsDepth },
  { promise: "a document of 300 KiB comes back as it was", run: keepsBigDocuments },
  { promise: "what a caller holds is never shared with the store", run: sharesNothing },
  { promise: "heavy fields come back only on demand", run: hidesHeavyFields },
];

const WEIRD_KEYS = [
  "a.b",
  ".",
  "..",
  "$",
  "$set",
  "$$",
  "a$b",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "",
  " ",
  " x",
  "x ",
  "\tx",
  "x\u00a0",
  "\u0085",
  "%_",
  "%_x",
  "x%_",
  "\0",
  "a\0b",
  "%",
  "%2E",
  "%25",
  "%%",
  "%0",
  "~",
  "~1",
  "\\",
  "/",
  "'",
  '"',
  "0",
  "1",
  "12",
  "01",
  "-1",
  "length",
  "_id",
  "_bsontype",
  "toBSON",
  "toJSON",
  "$ref",
  "$id",
  "$oid",
  "$date",
  "$[]",
  "$[x]",
  "é",
  "e\u0301",
  "\u{10000}",
  "\uffff",
  "[0]",
  "*",
  "#",
];

function weirdObject(): Record<string, Json> {
  const object: Record<string, Json> = JSON.parse('{"__proto__": {"__proto__": 1, "polluted": true}}');
  for (const key of WEIRD_KEYS) if (key !== "__proto__") object[key] = { [key]: key, list: [{ [key]: 1 }] };
  return object;
}

async function keepsWeirdKeys(store: DurableStore): Promise<void> {
  const before = await given(store, "a", { data: weirdObject(), bulk: weirdObject() });
  sameJson(before, { key: "a", revision: 1, data: weirdObject(), bulk: weirdObject() });
  const [found] = await store.find({
    collection: "things",
    filters: [],
    order: [{ field: "key", direction: "ascending" }],
    limit: 1,
  });
  sameJson(found?.data, weirdObject());
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
}

async function reachesWeirdKeys(store: DurableStore): Promise<void> {
  await given(store, "a", { data: {} });
  const paths = WEIRD_KEYS.flatMap((key): Path[] => [
    ["data", key],
    ["deep", key, key],
  ]);
  const each = (test: (path: Path) => Condition) => paths.map(test);
  const absent = each((path) => ({ path, test: "equals", value: null }));
  const one = [
    ...each((path) => ({ path, test: "equals", value: 1 })),
    ...each((path) => ({ path, test: "in", values: [1, "x"] })),
    ...each((path) => ({ path, test: "at_most", value: 1 })),
  ];
  const set = await store.update(amend("a", { set: paths.map((path) => [path, 1]) }, absent));
  assert.equal(set.outcome, "applied", "absent before");
  const incremented = await store.update(amend("a", { increment: paths.map((path) => [path, 1]) }, one));
  assert.equal(incremented.outcome, "applied", "1 in between");
  const valued = (value: Json) => Object.fromEntries(WEIRD_KEYS.map((key): [string, Json] => [key, value]));
  const deep = Object.fromEntries(WEIRD_KEYS.map((key): [string, Json] => [key, { [key]: 2 }]));
  const middle = await whole(store, "a");
  sameJson(middle.data, valued(2));
  sameJson(middle.deep, deep);

  const pushed = WEIRD_KEYS.map((key) => ({ path: ["lists", key] as const, value: { id: key } }));
  await store.update(amend("a", { unset: paths, push: pushed }));
  const end = await whole(store, "a");
  sameJson(end.data, {});
  sameJson(end.lists, Object.fromEntries(WEIRD_KEYS.map((key): [string, Json] => [key, [{ id: key }]])));
  for (const { path, value } of pushed) {
    const again = await store.update(
      amend("a", {}, [{ path, test: "none_with", field: "id", value: value.id }]),
    );
    assert.equal(again.outcome, "refused", `none_with ${JSON.stringify(path)}`);
  }
}

async function keepsNumbers(store: DurableStore): Promise<void> {
  const numbers = [
    0, -0, 1, -1, 1.5, 3e9, -3e9, 2147483647, 2147483648, -2147483648, 4294967296, 9007199254740991,
    -9007199254740991, 9007199254740992, 1e300, -1e300, 5e-324, 0.1, 1.7976931348623157e308,
  ];
  const before = await given(store, "a", { data: numbers, one: 3e9, bulk: numbers });
  sameJson(before, { key: "a", revision: 1, data: numbers, one: 3e9, bulk: numbers });
}

async function keepsText(store: DurableStore): Promise<void> {
  const texts = [
    "",
    "\0",
    "a\0b",
    "é",
    "\u{1f600}",
    "\uffff",
    "\u2028",
    '"\\/',
    "$x",
    "%2E",
    "2020-01-01T00:00:00Z",
    "x".repeat(10_000),
  ];
  sameJson((await given(store, "a", { texts })).texts, texts);
  await given(store, "$key.%2E", { rank: 1 });
  sameJson(await store.getMany("things", ["$key.%2E"]), [{ key: "$key.%2E", revision: 1, rank: 1 }]);
}

async function keepsDepth(store: DurableStore): Promise<void> {
  let value: Json = "leaf";
  for (let depth = 0; depth < 15; depth += 1) value = { d: [value] };
  sameJson((await given(store, "a", { data: value })).data, value);
}

async function keepsBigDocuments(store: DurableStore): Promise<void> {
  const rows = Array.from({ length: 3000 }, (_, index) => ({
    index,
    text: "x".repeat(70),
    odd: index % 2 === 1,
  }));
  assert.ok(JSON.stringify(rows).length > 300 * 1024);
  // Compared as text: the difference of two big objects takes seconds to print.
  const text = (value: Json | undefined) => JSON.stringify(value, ["index", "text", "odd"]);
  assert.ok(text((await given(store, "heavy", { bulk: rows })).bulk) === text(rows));
  assert.ok(text((await given(store, "light", { data: rows })).data) === text(rows));
}

async function sharesNothing(store: DurableStore): Promise<void> {
  const list = [1];
  const updating = store.update(
    upsert("a", { ...fields({ data: { list } }), push: [{ path: ["pushed"], value: list }] }),
  );
  const expected = { key: "a", revision: 1, data: { list: [1] }, pushed: [[1]] };
  const applied = (await updating).document;
  list.push(2);
  sameJson(await whole(store, "a"), expected);
  const inserted = { key: "b", list };
  await store.insertMany("things", [inserted]);
  list.push(3);
  sameJson((await whole(store, "b")).list, [1, 2]);
  const seen = [
    applied,
    await store.get("things", "a"),
    (await store.getMany("things", ["a"]))[0],
    (await store.update(amend("a", {}, [{ path: ["data"], test: "equals", value: null }]))).document,
  ];
  for (const document of seen) {
    assert.ok(document);
    (document.data as { list: Json[] }).list.push("mine");
  }
  sameJson(await whole(store, "a"), expected);
}

async function hidesHeavyFields(store: DurableStore): Promise<void> {
  const inserted = await store.update(upsert("a", fields({ rank: 1, group: "g", bulk: { x: 1 }, log: [1] })));
  const light = { key: "a", revision: 1, rank: 1, group: "g" };
  sameJson(inserted.document, light);
  sameJson(await store.get("things", "a"), light);
  sameJson(await store.getMany("things", ["a"]), [light]);
  const cursor = (await store.changes("things", undefined, 10)).cursor;
  const order = [{ field: "key", direction: "ascending" }] as const;
  sameJson(await store.find({ collection: "things", filters: [], order, limit: 10 }), [light]);
  sameJson(
    await store.find({ collection: "things", filters: [], order, limit: 10, omit: ["rank", "absent"] }),
    [{ key: "a", revision: 1, group: "g" }],
  );
  const updated = await store.update(amend("a", { push: [{ path: ["log"], value: 2 }] }));
  sameJson(updated.document, { ...light, revision: 2 });
  sameJson((await store.changes("things", cursor, 10)).documents.at(-1), { ...light, revision: 2 });
  const heavy = { ...light, revision: 2, bulk: { x: 1 }, log: [1, 2] };
  sameJson(await whole(store, "a"), heavy);
  sameJson(await store.getMany("things", ["a"], { whole: true }), [heavy]);
  await store.update(amend("a", { unset: [["bulk"], ["log"]] }));
  sameJson(await whole(store, "a"), { ...light, revision: 3 });
}
