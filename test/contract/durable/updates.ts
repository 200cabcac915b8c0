import assert from "node:assert/strict";
import type { Json } from "../../../src/json.ts";
import type { Change, Condition, DurableStore } from "../../../src/ports/durable-store.ts";
import { amend, type Check, fields, given, sameJson, upsert, whole } from "./harness.ts";

export const updateChecks: readonly Check[] = [
  { promise: "an insert makes revision 1 and answers the document", run: insertsRevisionOne },
  { promise: "every durable write adds one to the revision", run: countsRevisions },
  { promise: "keepRevision leaves the revision as it is", run: keepsRevision },
  { promise: "an absent document refuses an update that may not insert", run: refusesAbsent },
  { promise: "conditions are not looked at when the document is absent", run: insertsIgnoringConditions },
  { promise: "an inserted document holds nothing of the conditions", run: insertHoldsOnlyTheChange },
  { promise: "a refusal answers the whole current document and changes nothing", run: refusesWhole },
  { promise: "every condition tells what holds from what does not", run: judgesConditions },
  { promise: "all conditions must hold", run: needsAllConditions },
  { promise: "a condition sees the heavy fields", run: judgesHeavyFields },
  { promise: "set makes the objects on the way and keeps their other keys", run: setsNested },
  { promise: "unset removes a key and leaves absent ones alone", run: unsets },
  { promise: "increment starts at 0 and takes fractions and negative amounts", run: increments },
  { promise: "push makes the array, appends, and keeps the last ones", run: pushes },
  { promise: "one change may hold every kind", run: mixesKinds },
  { promise: "a change whose shape does not fit is refused as a whole", run: refusesMisfits },
  { promise: "what looks like an index is a key of an object, never of an array", run: indexesAreKeys },
];

async function insertsRevisionOne(store: DurableStore): Promise<void> {
  const result = await store.update(upsert("a", fields({ group: "g", rank: 3 })));
  assert.equal(result.outcome, "applied");
  sameJson(result.document, { key: "a", revision: 1, group: "g", rank: 3 });
  sameJson(await store.get("things", "a"), result.document);
}

async function countsRevisions(store: DurableStore): Promise<void> {
  for (const revision of [1, 2, 3]) {
    const result = await store.update(upsert("a", fields({ rank: 7 })));
    assert.equal(result.document?.revision, revision);
    assert.equal((await store.get("things", "a"))?.revision, revision);
  }
}

async function keepsRevision(store: DurableStore): Promise<void> {
  const inserted = await store.update(upsert("a", { ...fields({ rank: 1 }), keepRevision: true }));
  assert.equal(inserted.document?.revision, 1, "even then an insert is revision 1");
  const result = await store.update(amend("a", { ...fields({ rank: 2 }), keepRevision: true }));
  sameJson(result.document, { key: "a", revision: 1, rank: 2 });
  sameJson(await store.get("things", "a"), { key: "a", revision: 1, rank: 2 });
}

async function refusesAbsent(store: DurableStore): Promise<void> {
  const result = await store.update(amend("a", fields({ rank: 1 })));
  assert.equal(result.outcome, "refused");
  assert.equal(result.document, undefined);
  assert.equal(await store.get("things", "a"), undefined);
}

async function insertsIgnoringConditions(store: DurableStore): Promise<void> {
  const conditions: Condition[] = [
    { path: ["state"], test: "equals", value: "READY" },
    { path: ["state"], test: "in", values: ["READY"] },
    { path: ["data", "x"], test: "in", values: ["a", "b"] },
    { path: ["count"], test: "at_most", value: -1 },
    { path: ["data"], test: "is_object" },
    { path: ["revision"], test: "equals", value: 5 },
  ];
  const result = await store.update(upsert("a", fields({ rank: 1 }), conditions));
  assert.equal(result.outcome, "applied");
}

async function insertHoldsOnlyTheChange(store: DurableStore): Promise<void> {
  const conditions: Condition[] = [
    { path: ["state"], test: "equals", value: "READY" },
    { path: ["group"], test: "in", values: ["g", "g"] },
    { path: ["data", "x"], test: "equals", value: 1 },
    { path: ["list"], test: "none_with", field: "id", value: "r" },
  ];
  await store.update(upsert("a", fields({ rank: 1 }), conditions));
  sameJson(await whole(store, "a"), { key: "a", revision: 1, rank: 1 });
}

async function refusesWhole(store: DurableStore): Promise<void> {
  const before = await given(store, "a", { state: "DONE", bulk: { x: [1] }, log: ["l"] });
  const result = await store.update(
    upsert("a", fields({ rank: 1 }), [{ path: ["state"], test: "equals", value: "READY" }]),
  );
  assert.equal(result.outcome, "refused");
  sameJson(result.document, before);
  sameJson(await whole(store, "a"), before);
}

const SUBJECT: Readonly<Record<string, Json>> = {
  text: "x",
  number: 1.5,
  zero: 0,
  yes: true,
  nothing: null,
  object: { inner: 1, deep: { leaf: "l" }, nothing: null },
  empty: {},
  list: [1, "x", null, { inner: 1 }],
  records: [{ id: "r1", n: 1 }, { id: "r2", n: 2 }, {}],
  none: [],
};

/** Each condition and whether it holds for the subject. */
const JUDGED: readonly (readonly [Condition, boolean])[] = [
  [{ path: ["text"], test: "equals", value: "x" }, true],
  [{ path: ["text"], test: "equals", value: "X" }, false],
  [{ path: ["number"], test: "equals", value: 1.5 }, true],
  [{ path: ["number"], test: "equals", value: "1.5" }, false],
  [{ path: ["zero"], test: "equals", value: false }, false],
  [{ path: ["zero"], test: "equals", value: null }, false],
  [{ path: ["yes"], test: "equals", value: true }, true],
  [{ path: ["yes"], test: "equals", value: 1 }, false],
  [{ path: ["nothing"], test: "equals", value: null }, true],
  [{ path: ["absent"], test: "equals", value: null }, true],
  [{ path: ["absent", "deeper"], test: "equals", value: null }, true],
  [{ path: ["text", "deeper"], test: "equals", value: null }, true],
  [{ path: ["list", "inner"], test: "equals", value: null }, true],
  [{ path: ["list", "inner"], test: "equals", value: 1 }, false],
  [{ path: ["list", "0"], test: "equals", value: 1 }, false],
  [{ path: ["list"], test: "equals", value: 1 }, false],
  [{ path: ["list"], test: "equals", value: null }, false],
  [{ path: ["object"], test: "equals", value: null }, false],
  [{ path: ["object", "inner"], test: "equals", value: 1 }, true],
  [{ path: ["object", "deep", "leaf"], test: "equals", value: "l" }, true],
  [{ path: ["object", "nothing"], test: "equals", value: null }, true],
  [{ path: ["revision"], test: "equals", value: 1 }, true],
  [{ path: ["revision"], test: "equals", value: 2 }, false],
  [{ path: ["key"], test: "equals", value: "subject" }, true],
  [{ path: ["text"], test: "in", values: ["y", "x"] }, true],
  [{ path: ["text"], test: "in", values: ["x"] }, true],
  [{ path: ["text"], test: "in", values: ["y", "z"] }, false],
  [{ path: ["text"], test: "in", values: [] }, false],
  [{ path: ["list"], test: "in", values: ["x", 1] }, false],
  [{ path: ["absent"], test: "in", values: ["x", null] }, true],
  [{ path: ["list", "inner"], test: "in", values: ["x", null] }, true],
  [{ path: ["absent"], test: "in", values: ["x", 1] }, false],
  [{ path: ["number"], test: "at_most", value: 1.5 }, true],
  [{ path: ["number"], test: "at_most", value: 1 }, false],
  [{ path: ["zero"], test: "at_most", value: -1 }, false],
  [{ path: ["absent"], test: "at_most", value: 0 }, true],
  [{ path: ["absent"], test: "at_most", value: -1 }, false],
  [{ path: ["list", "inner"], test: "at_most", value: 0 }, true],
  [{ path: ["text"], test: "at_most", value: 9 }, false],
  [{ path: ["nothing"], test: "at_most", value: 9 }, false],
  [{ path: ["list"], test: "at_most", value: 9 }, false],
  [{ path: ["object"], test: "is_object" }, true],
  [{ path: ["empty"], test: "is_object" }, true],
  [{ path: ["object", "deep"], test: "is_object" }, true],
  [{ path: ["records"], test: "is_object" }, false],
  [{ path: ["none"], test: "is_object" }, false],
  [{ path: ["text"], test: "is_object" }, false],
  [{ path: ["nothing"], test: "is_object" }, false],
  [{ path: ["absent"], test: "is_object" }, false],
  [{ path: ["records"], test: "none_with", field: "id", value: "r3" }, true],
  [{ path: ["records"], test: "none_with", field: "id", value: "r2" }, false],
  [{ path: ["records"], test: "none_with", field: "n", value: 2 }, false],
  [{ path: ["records"], test: "none_with", field: "n", value: "2" }, true],
  [{ path: ["none"], test: "none_with", field: "id", value: "r1" }, true],
  [{ path: ["absent"], test: "none_with", field: "id", value: "r1" }, true],
  [{ path: ["object"], test: "none_with", field: "inner", value: 1 }, true],
];

async function judgesConditions(store: DurableStore): Promise<void> {
  await given(store, "subject", SUBJECT);
  for (const [condition, holds] of JUDGED) {
    for (const make of [amend, upsert]) {
      const result = await store.update(make("subject", { keepRevision: true }, [condition]));
      assert.equal(result.outcome, holds ? "applied" : "refused", JSON.stringify(condition));
    }
  }
}

async function needsAllConditions(store: DurableStore): Promise<void> {
  await given(store, "subject", SUBJECT);
  const held: Condition = { path: ["text"], test: "equals", value: "x" };
  const broken: Condition = { path: ["text"], test: "in", values: ["y", "z"] };
  for (const [conditions, outcome] of [
    [[held, { path: ["zero"], test: "at_most", value: 0 }], "applied"],
    [[held, broken], "refused"],
    [[broken, held], "refused"],
  ] as const) {
    assert.equal((await store.update(amend("subject", {}, conditions))).outcome, outcome);
  }
}

async function judgesHeavyFields(store: DurableStore): Promise<void> {
  await given(store, "a", { bulk: { x: 1 } });
  const result = await store.update(
    amend("a", { set: [[["bulk", "x"], 2]] }, [{ path: ["bulk", "x"], test: "equals", value: 1 }]),
  );
  sameJson(result.document, { key: "a", revision: 2 });
  sameJson(await whole(store, "a"), { key: "a", revision: 2, bulk: { x: 2 } });
}

async function expectChange(
  store: DurableStore,
  before: Readonly<Record<string, Json>>,
  change: Change,
  after: Readonly<Record<string, Json>>,
): Promise<void> {
  const { key } = await given(store, crypto.randomUUID(), before);
  const result = await store.update(amend(key, change));
  assert.equal(result.outcome, "applied", JSON.stringify(change));
  const expected = { key, revision: 2, ...after };
  sameJson(result.document, expected);
  sameJson(await whole(store, key), expected);
}

async function setsNested(store: DurableStore): Promise<void> {
  await setsOtherNames(store);
  await expectChange(
    store,
    { data: { kept: 1, over: { x: 1 } } },
    {
      set: [
        [["data", "new", "deep"], true],
        [["data", "over"], null],
        [["other", "a", "b"], [{ c: 1 }]],
        [["flat"], {}],
      ],
    },
    { data: { kept: 1, over: null, new: { deep: true } }, other: { a: { b: [{ c: 1 }] } }, flat: {} },
  );
}

/** Of the same values: FerretDB takes such an object for the one that is there. */
async function setsOtherNames(store: DurableStore): Promise<void> {
  const values: readonly Json[] = [
    { old: 1 },
    { new: 1 },
    { deep: { a: null } },
    { deep: { b: null } },
    { list: [{ a: 1 }] },
    { list: [{ b: 1 }] },
    { list: [[{ b: 1 }]] },
    { list: [[{ c: 1 }]] },
    [{ a: 1 }],
    [{ b: 1 }],
    { old: 1 },
  ];
  for (const value of values) {
    await store.update(upsert("other names", fields({ data: value })));
    sameJson((await store.get("things", "other names"))?.data, value);
  }
  // A name that changed inside of an object that was set before, and then the first object again.
  const renamed: Change = { unset: [["data", "old"]], set: [[["data", "new"], 1]] };
  await store.update(amend("other names", renamed));
  await store.update(amend("other names", fields({ data: { old: 1 } })));
  sameJson((await store.get("things", "other names"))?.data, { old: 1 });
}

async function unsets(store: DurableStore): Promise<void> {
  await expectChange(
    store,
    { data: { a: 1, b: { c: 2 } }, gone: 1, text: "t", list: [{ a: 1 }] },
    {
      unset: [
        ["gone"],
        ["data", "b", "c"],
        ["absent"],
        ["none", "x"],
        ["text", "x"],
        ["list", "a"],
        ["list", "0"],
      ],
    },
    { data: { a: 1, b: {} }, text: "t", list: [{ a: 1 }] },
  );
}

async function increments(store: DurableStore): Promise<void> {
  await expectChange(
    store,
    { n: 1, big: 2147483647, fraction: 0.5 },
    {
      increment: [
        [["n"], -3],
        [["big"], 2147483647],
        [["fraction"], 0.25],
        [["absent"], 2.5],
        [["deep", "n"], 1],
      ],
    },
    { n: -2, big: 4294967294, fraction: 0.75, absent: 2.5, deep: { n: 1 } },
  );
}

async function pushes(store: DurableStore): Promise<void> {
  await expectChange(
    store,
    { list: [1], short: [1, 2, 3], full: [1, 2, 3], nested: { l: [{ a: 1 }] } },
    {
      push: [
        { path: ["list"], value: { a: [1] } },
        { path: ["short"], value: 4, keepLast: 10 },
        { path: ["full"], value: 4, keepLast: 3 },
        { path: ["made"], value: [1], keepLast: 1 },
        { path: ["nested", "l"], value: { a: 2 }, keepLast: 1 },
      ],
    },
    {
      list: [1, { a: [1] }],
      short: [1, 2, 3, 4],
      full: [2, 3, 4],
      made: [[1]],
      nested: { l: [{ a: 2 }] },
    },
  );
}

async function mixesKinds(store: DurableStore): Promise<void> {
  await expectChange(
    store,
    { data: { a: 1, b: 2, n: 1, l: [] } },
    {
      set: [[["data", "a"], "x"]],
      unset: [["data", "b"]],
      increment: [[["data", "n"], 1]],
      push: [{ path: ["data", "l"], value: 1 }],
    },
    { data: { a: "x", n: 2, l: [1] } },
  );
}

const MISFITS: readonly Change[] = [
  { set: [[["text", "x"], 1]] },
  { set: [[["nothing", "x"], 1]] },
  { set: [[["list", "x"], 1]] },
  { set: [[["list", "0"], 1]] },
  { set: [[["records", "id"], 1]] },
  { set: [[["object", "inner", "x"], 1]] },
  { increment: [[["text"], 1]] },
  { increment: [[["nothing"], 1]] },
  { increment: [[["text", "x"], 1]] },
  { push: [{ path: ["text"], value: 1 }] },
  { push: [{ path: ["nothing"], value: 1 }] },
  { push: [{ path: ["object"], value: 1, keepLast: 2 }] },
  { push: [{ path: ["number", "x"], value: 1 }] },
];

async function refusesMisfits(store: DurableStore): Promise<void> {
  const before = await given(store, "subject", SUBJECT);
  for (const misfit of MISFITS) {
    for (const make of [amend, upsert]) {
      const change: Change = { ...misfit, set: [[["good"], 1], ...(misfit.set ?? [])] };
      const result = await store.update(make("subject", change));
      assert.equal(result.outcome, "refused", JSON.stringify(misfit));
      sameJson(result.document, before);
    }
  }
  sameJson(await whole(store, "subject"), before);
}

async function indexesAreKeys(store: DurableStore): Promise<void> {
  await expectChange(
    store,
    { data: {} },
    {
      set: [
        [["data", "0"], "a"],
        [["data", "12", "3"], "b"],
      ],
    },
    {
      data: { "0": "a", "12": { "3": "b" } },
    },
  );
}
