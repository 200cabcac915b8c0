import { describe, expect, it } from "vitest";
import { deleteRelease, deleteSchema } from "../../../src/domain/schemas/delete.ts";
import { publishRelease } from "../../../src/domain/schemas/publish.ts";
import { getRelease } from "../../../src/domain/schemas/reads.ts";
import { revertSchema } from "../../../src/domain/schemas/revert.ts";
import { unavailable } from "../../../src/errors.ts";
import type { Json } from "../../../src/json.ts";
import type { DurableStore } from "../../../src/ports/durable-store.ts";
import {
  badFields,
  bodyIds,
  change,
  failure,
  headOf,
  named,
  openSchemas,
  publication,
  publishAll,
  schemaNow,
  withMethods,
} from "./support.ts";

const A = { type: "string" };
const B = { type: "number" };

describe("publishing", () => {
  it("under a new name makes the schema with release 1, active", async () => {
    const bench = await openSchemas();
    const published = await publishRelease(
      bench.context,
      publication(A, { labels: { team: "x" }, description: "d", note: "first", actor: "ann" }),
    );
    expect(published).toMatchObject({
      outcome: "CREATED",
      replayed: false,
      appliedRevision: 1,
      release: {
        name: "orders",
        number: 1,
        document: undefined,
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        dialect: "2020-12",
        change: undefined,
        createTime: bench.clock.time,
        createdBy: "ann",
        note: "first",
      },
      schema: {
        name: "orders",
        activeRelease: 1,
        latestRelease: 1,
        releaseCount: 1,
        compatibility: "NONE",
        labels: { team: "x" },
        description: "d",
        createTime: bench.clock.time,
        updateTime: bench.clock.time,
        deleteTime: undefined,
        revision: 1,
      },
    });
    expect(await schemaNow(bench)).toEqual(published.schema);
  });

  it("of another content makes the next release and activates it", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A);
    bench.clock.time += 5;
    const published = await publishRelease(bench.context, publication(B));
    expect(published).toMatchObject({
      outcome: "RELEASED",
      appliedRevision: 2,
      release: { number: 2 },
      schema: {
        activeRelease: 2,
        latestRelease: 2,
        releaseCount: 2,
        revision: 2,
        updateTime: bench.clock.time,
      },
    });
  });

  it("of what is active writes nothing, whatever the key order and number spelling", async () => {
    const bench = await openSchemas();
    const first = JSON.parse('{"minimum":1,"type":"number","x":{"a":1,"b":[1.50]}}') as Json;
    const again = JSON.parse('{"x":{"b":[1.5e0],"a":1.0},"type":"number","minimum":1.0}') as Json;
    const { schema, release } = await publishRelease(bench.context, publication(first, { note: "n" }));
    const before = await headOf(bench);
    expect(await publishRelease(bench.context, publication(again, { note: "other" }))).toEqual({
      outcome: "UNCHANGED",
      release,
      schema,
      replayed: false,
      appliedRevision: 0,
    });
    expect(await headOf(bench)).toEqual(before);
    expect(await bodyIds(bench)).toHaveLength(1);
  });

  it("of an older release's content makes a new release", async () => {
    const bench = await openSchemas();
    const published = await publishAll(bench, A, B, A);
    expect(published).toMatchObject({ outcome: "RELEASED", release: { number: 3, change: "BREAKING" } });
  });

  it("says when the content is the predecessor's, which was not active", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A, B);
    await revertSchema(bench.context, change({ release: 1 }));
    const published = await publishRelease(bench.context, publication(B));
    expect(published).toMatchObject({ outcome: "RELEASED", release: { number: 3, change: "IDENTICAL" } });
  });

  it("keeps the document as it came: key order, and any key", async () => {
    const bench = await openSchemas();
    const text = '{"zeta":1,"alpha":{"__proto__":{"a.b":1,"$c":2},"":3},"type":"string","nul":"\\u0000"}';
    await publishAll(bench, JSON.parse(text) as Json);
    const { release } = await getRelease(bench.context, named({ release: 0 }));
    expect(JSON.stringify(release.document)).toBe(text);
  });

  it.each([true, false])("takes the schema %s", async (document) => {
    const bench = await openSchemas();
    expect(await publishAll(bench, document)).toMatchObject({ outcome: "CREATED" });
    const { release } = await getRelease(bench.context, named({ release: 0 }));
    expect(release.document).toBe(document);
  });

  it.each([
    ["http://json-schema.org/draft-07/schema#", "draft-07"],
    ["http://json-schema.org/draft-07/schema", "draft-07"],
    ["https://json-schema.org/draft/2019-09/schema", "2019-09"],
    ["https://json-schema.org/draft/2020-12/schema", "2020-12"],
  ])("of %s is of dialect %s", async (uri, dialect) => {
    const bench = await openSchemas();
    expect(await publishAll(bench, { $schema: uri })).toMatchObject({ release: { dialect } });
  });

  it("takes a document of as many values as may be", async () => {
    const bench = await openSchemas();
    const document = { enum: Array.from({ length: 19_998 }, (_, i) => i) };
    const { outcome } = await publishRelease(bench.context, publication(document));
    expect(outcome).toBe("CREATED");
  });

  it("over what is left of a purged schema goes on with its numbers and revisions", async () => {
    const bench = await openSchemas();
    await bench.instance.durable.update({
      collection: "schemas",
      key: "orders",
      conditions: [],
      change: {
        set: [
          [["live"], false],
          [["latest"], 7],
          [["delete_time"], 5],
        ],
      },
      ifAbsent: "insert",
    });
    expect(await publishAll(bench, A)).toMatchObject({
      outcome: "CREATED",
      release: { number: 8 },
      schema: { activeRelease: 8, latestRelease: 8, releaseCount: 1, revision: 2, deleteTime: undefined },
    });
  });
});

describe("publishing by many at once", () => {
  it("of one content makes one release, also by those who do not take turns", async () => {
    const here = await openSchemas({ idPrefix: "a" });
    const elsewhere = await openSchemas({ instance: here.instance, idPrefix: "b" });
    const calls = Array.from({ length: 50 }, (_, i) =>
      publishRelease((i % 2 === 0 ? here : elsewhere).context, publication(A)),
    );
    const outcomes = (await Promise.all(calls)).map(({ outcome, release }) => [outcome, release?.number]);
    expect(outcomes.filter(([outcome]) => outcome === "CREATED")).toHaveLength(1);
    expect(outcomes.every(([, number]) => number === 1)).toBe(true);
    expect(await schemaNow(here)).toMatchObject({ releaseCount: 1, latestRelease: 1, revision: 1 });
  });

  it("of different contents gives each its own number, without a gap", async () => {
    const bench = await openSchemas();
    const documents = Array.from({ length: 20 }, (_, i) => ({ const: i }));
    const calls = documents.map((document) => publishRelease(bench.context, publication(document)));
    const numbers = (await Promise.all(calls)).map(({ release }) => release?.number ?? 0);
    expect(numbers.toSorted((a, b) => a - b)).toEqual(documents.map((_, i) => i + 1));
    for (const [i, number] of numbers.entries()) {
      const { release } = await getRelease(bench.context, named({ release: number }));
      expect(release.document).toEqual(documents[i]);
    }
  });

  it("leaves no body of a call that found its content published by a faster one", async () => {
    const faster = await openSchemas({ idPrefix: "faster" });
    let rounds = 0;
    const slower = await openSchemas({
      instance: faster.instance,
      idPrefix: "slower",
      objects: (objects) =>
        withMethods(objects, {
          transform: async (...args) => {
            // Between the first look and the write.
            if (++rounds === 2) await publishRelease(faster.context, publication(A));
            return objects.transform(...args);
          },
        }),
    });
    expect(await publishRelease(slower.context, publication(A))).toMatchObject({ outcome: "UNCHANGED" });
    await expect.poll(() => bodyIds(faster)).toEqual([expect.stringContaining("faster")]);
  });
});

describe("a repeated request_id", () => {
  it("is applied once and answered with what it made", async () => {
    const bench = await openSchemas();
    const first = await publishRelease(bench.context, publication(A, { requestId: "r1", note: "n" }));
    await publishRelease(bench.context, publication(B));
    const again = await publishRelease(bench.context, publication(A, { requestId: "r1", note: "n" }));
    expect(again).toEqual({
      outcome: "CREATED",
      release: first.release,
      schema: await schemaNow(bench),
      replayed: true,
      appliedRevision: 1,
    });
    expect(again.schema.revision).toBe(2);
  });

  it("is looked at before the etag", async () => {
    const bench = await openSchemas();
    const { schema } = await publishAll(bench, A);
    const input = publication(B, { requestId: "r2", etag: schema.etag });
    expect(await publishRelease(bench.context, input)).toMatchObject({
      outcome: "RELEASED",
      replayed: false,
    });
    expect(await publishRelease(bench.context, input)).toMatchObject({ outcome: "RELEASED", replayed: true });
  });

  it("whose release was deleted since is answered without it", async () => {
    const bench = await openSchemas();
    await publishRelease(bench.context, publication(A, { requestId: "r1" }));
    await publishAll(bench, B);
    await deleteRelease(bench.context, change({ release: 1, allowDeleteSchema: false }));
    const again = await publishRelease(bench.context, publication(A, { requestId: "r1" }));
    expect(again).toMatchObject({ replayed: true, release: undefined, schema: { releaseCount: 1 } });
  });

  it("of a schema purged since says that it was applied", async () => {
    const bench = await openSchemas();
    await publishRelease(bench.context, publication(A, { requestId: "r1" }));
    await bench.instance.durable.update({
      collection: "schemas",
      key: "orders",
      conditions: [],
      change: { set: [[["live"], false]], keepRevision: true },
      ifAbsent: "refuse",
    });
    const error = await failure(publishRelease(bench.context, publication(A, { requestId: "r1" })));
    expect(error).toMatchObject({ kind: "not_found", reason: "SCHEMA_NOT_FOUND", applied: "yes" });
  });

  it("with another content is refused", async () => {
    const bench = await openSchemas();
    await publishRelease(bench.context, publication(A, { requestId: "r1" }));
    const error = await failure(publishRelease(bench.context, publication(B, { requestId: "r1" })));
    expect(error).toMatchObject({ kind: "invalid_argument", reason: "REQUEST_ID_REUSED" });
  });
});

describe("validate_only", () => {
  it("gives the same answer and writes nothing", async () => {
    const bench = await openSchemas();
    const rehearse = (document: Json) =>
      publishRelease(bench.context, publication(document, { validateOnly: true }));
    expect(await rehearse(A)).toMatchObject({
      outcome: "CREATED",
      release: { number: 1 },
      appliedRevision: 0,
    });
    expect(await headOf(bench)).toBeUndefined();
    expect(await bodyIds(bench)).toEqual([]);

    const { schema } = await publishAll(bench, A);
    expect(await rehearse(A)).toMatchObject({ outcome: "UNCHANGED", schema });
    const rehearsed = await rehearse(B);
    const done = await publishAll(bench, B);
    expect(rehearsed).toEqual({ ...done, appliedRevision: 0 });
    expect(await schemaNow(bench)).toMatchObject({ revision: 2 });
  });

  it("fails as the call would", async () => {
    const bench = await openSchemas();
    const bad = publication({ type: "strin" }, { validateOnly: true });
    expect(await badFields(publishRelease(bench.context, bad))).toEqual(["document/type"]);
    await publishAll(bench, A);
    await deleteSchema(bench.context, change({}));
    const error = await failure(publishRelease(bench.context, publication(A, { validateOnly: true })));
    expect(error).toMatchObject({ kind: "failed_precondition", reason: "SCHEMA_DELETED" });
  });
});

describe("publishing is refused", () => {
  it("to a soft-deleted name", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A);
    await deleteSchema(bench.context, change({}));
    const error = await failure(publishRelease(bench.context, publication(B)));
    expect(error).toMatchObject({ kind: "failed_precondition", reason: "SCHEMA_DELETED", applied: "no" });
  });

  it("with an etag that is not current, or of a schema that is not there", async () => {
    const bench = await openSchemas();
    const { schema } = await publishAll(bench, A);
    await publishAll(bench, B);
    const stale = publication(A, { etag: schema.etag });
    const mismatch = { kind: "aborted", reason: "ETAG_MISMATCH" };
    expect(await failure(publishRelease(bench.context, stale))).toMatchObject(mismatch);
    expect(await failure(publishRelease(bench.context, { ...stale, name: "other" }))).toMatchObject(mismatch);
    expect(await schemaNow(bench)).toMatchObject({ revision: 2 });
  });

  it("with settings that differ from those of a schema that is there", async () => {
    const bench = await openSchemas();
    const given = { labels: { a: "1", b: "2" }, description: "d", compatibility: "NONE" as const };
    await publishRelease(bench.context, publication(A, given));
    const same = publication(B, { ...given, labels: { b: "2", a: "1" } });
    expect(await publishRelease(bench.context, same)).toMatchObject({ outcome: "RELEASED" });
    const other = publication(A, { labels: { a: "1" }, description: "e" });
    expect(await badFields(publishRelease(bench.context, other))).toEqual(["labels", "description"]);
  });

  it("with every bad field named at once", async () => {
    const bench = await openSchemas();
    const bad = publication(undefined, {
      name: "-",
      note: "n".repeat(1025),
      actor: "a".repeat(129),
      etag: "?",
      requestId: "r".repeat(129),
      labels: { "": "x", ["k".repeat(129)]: "x", ok: "v".repeat(129) },
      description: "d".repeat(4097),
    });
    expect(await badFields(publishRelease(bench.context, bad))).toEqual([
      "name",
      "note",
      "actor",
      "request_id",
      "etag",
      "labels",
      "labels",
      'labels["ok"]',
      "description",
      "document",
    ]);
  });

  it("with more than 64 labels", async () => {
    const bench = await openSchemas();
    const labels = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, "v"]));
    expect(await badFields(publishRelease(bench.context, publication(A, { labels })))).toEqual(["labels"]);
  });

  it.each<[string, Json]>([
    ["too long", { description: "x".repeat(512 * 1024) }],
    ["too deep", Array.from({ length: 30 }).reduce<Json>((inner) => ({ not: inner }), {})],
    ["of too many values", { enum: Array.from({ length: 19_999 }, () => 1) }],
    ["with half a character", { title: "\ud800" }],
    ["with half a character in a key", { "\ud800": 1 }],
    ["with a number that JSON cannot say", { minimum: Number.NaN }],
  ])("of a document that is %s", async (_, document) => {
    const bench = await openSchemas();
    expect(await badFields(publishRelease(bench.context, publication(document)))).toEqual(["document"]);
    expect(await bodyIds(bench)).toEqual([]);
  });

  it.each<[Json, string]>([
    [7, "document"],
    [{ type: "strin" }, "document/type"],
    [{ $schema: 7 }, "document/$schema"],
    [{ $schema: "http://json-schema.org/draft-04/schema#" }, "document/$schema"],
    [{ properties: { a: { $ref: "https://example.com/a" } } }, "document/properties/a/$ref"],
    [{ properties: { a: { pattern: "(?=a)" } } }, "document/properties/a/pattern"],
  ])("of %j, which is no usable schema, with the place", async (document, field) => {
    const bench = await openSchemas();
    const call = publishRelease(bench.context, publication(document));
    const error = await failure(call);
    expect(error).toMatchObject({ kind: "invalid_argument", reason: "INVALID_SCHEMA" });
    expect(error.violations.map((violation) => violation.field)).toEqual([field]);
    expect(await bodyIds(bench)).toEqual([]);
  });

  it("beyond 10,000 releases", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A);
    const [release] = ((await headOf(bench))?.releases ?? []) as readonly { readonly b: string }[];
    const releases = Array.from({ length: 10_000 }, (_, i) => ({ ...release, n: i + 1 }));
    await bench.instance.durable.update({
      collection: "schemas",
      key: "orders",
      conditions: [],
      change: {
        set: [
          [["releases"], releases],
          [["count"], 10_000],
          [["latest"], 10_000],
          [["active"], 10_000],
        ],
      },
      ifAbsent: "refuse",
    });
    const error = await failure(publishRelease(bench.context, publication(B)));
    expect(error).toMatchObject({ kind: "resource_exhausted", reason: "LIMIT_REACHED", applied: "no" });
    // The largest head that there may be stays far below what a document may have.
    expect(JSON.stringify(await headOf(bench)).length).toBeLessThan(3_000_000);
    expect(await publishRelease(bench.context, publication(A))).toMatchObject({ outcome: "UNCHANGED" });
  });
});

describe("publishing while the durable store fails", () => {
  const failing = (how: (store: DurableStore) => Partial<DurableStore>) =>
    openSchemas({ store: (store) => withMethods(store, how(store)) });

  it("at the body says that nothing was applied, whatever became of the body", async () => {
    const bench = await failing(() => ({
      insertMany: async () => {
        throw unavailable("durable", { applied: "unknown" });
      },
    }));
    const error = await failure(publishRelease(bench.context, publication(A)));
    expect(error).toMatchObject({ kind: "unavailable", applied: "no" });
    expect(await headOf(bench)).toBeUndefined();
  });

  it("at the history of a repeated request says that it was applied", async () => {
    let away = false;
    const bench = await openSchemas({
      objects: (objects) =>
        withMethods(objects, {
          history: async (...args) => {
            if (away) throw unavailable("durable");
            return objects.history(...args);
          },
        }),
    });
    await publishRelease(bench.context, publication(A, { requestId: "r1" }));
    away = true;
    const error = await failure(publishRelease(bench.context, publication(A, { requestId: "r1" })));
    expect(error).toMatchObject({ kind: "unavailable", applied: "yes" });
  });
});
