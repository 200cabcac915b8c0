import { describe, expect, it } from "vitest";
import { type CreateSchemaInput, createSchema } from "../../../src/domain/schemas/create.ts";
import { deleteRelease, deleteSchema } from "../../../src/domain/schemas/delete.ts";
import { listSchemaEvents } from "../../../src/domain/schemas/history.ts";
import { publishRelease } from "../../../src/domain/schemas/publish.ts";
import { getWholeSchema } from "../../../src/domain/schemas/whole.ts";
import type { Json } from "../../../src/json.ts";
import {
  always,
  badFields,
  bodyIds,
  change,
  failure,
  openSchemas,
  publication,
  publishAll,
  schemaNow,
  withMethods,
} from "./support.ts";

function creation(...documents: readonly Json[]): CreateSchemaInput {
  return {
    name: "orders",
    actor: "importer",
    releases: documents.map((document, index) => ({
      document,
      note: `note ${index}`,
      createTime: index + 1,
    })),
  };
}

const whole = { name: "orders", maxChars: 1_000_000 };

describe("a schema made with its releases", () => {
  it("has them in order, equal neighbours too, the last one active", async () => {
    const { context } = await openSchemas();
    const made = await createSchema(context, creation({ type: "object" }, { type: "object" }, true));
    expect(made).toMatchObject({ activeRelease: 3, latestRelease: 3, releaseCount: 3, revision: 1 });
    const { releases, schema } = await getWholeSchema(context, whole);
    expect(schema).toEqual(made);
    expect(
      releases.map(({ number, document, note, createTime }) => [number, document, note, createTime]),
    ).toEqual([
      [1, { type: "object" }, "note 0", 1],
      [2, { type: "object" }, "note 1", 2],
      [3, true, "note 2", 3],
    ]);
    expect(releases.map(({ change: made }) => made)).toEqual([undefined, "IDENTICAL", undefined]);
    const { events } = await listSchemaEvents(
      context,
      { name: "orders", pageSize: 0, pageToken: "" },
      always,
    );
    expect(events.map(({ type, release }) => [type, release])).toEqual([["IMPORTED", 3]]);
  });

  it("is refused where the name is taken, and nothing is left of the attempt", async () => {
    const bench = await openSchemas();
    await publishAll(bench, { type: "string" });
    const before = await bodyIds(bench);
    expect(await createSchema(bench.context, creation(true))).toBeUndefined();
    expect(await bodyIds(bench)).toEqual(before);
    expect((await schemaNow(bench)).revision).toBe(1);
  });

  it("takes the place of a deleted one for good, and its numbers go on", async () => {
    const bench = await openSchemas();
    await publishAll(bench, { type: "string" }, { type: "number" });
    await deleteSchema(bench.context, change({}));
    const made = await createSchema(bench.context, creation(true));
    expect(made).toMatchObject({ activeRelease: 3, releaseCount: 1, revision: 4, deleteTime: undefined });
    const { releases } = await getWholeSchema(bench.context, whole);
    expect(releases.map(({ number }) => number)).toEqual([3]);
    await expect.poll(async () => (await bodyIds(bench)).length).toBe(1);
  });

  it("of many made at once under one name is made once", async () => {
    const bench = await openSchemas();
    const made = await Promise.all(
      Array.from({ length: 10 }, () => createSchema(bench.context, creation({ type: "string" }))),
    );
    expect(made.filter((schema) => schema !== undefined)).toHaveLength(1);
    await expect.poll(async () => (await bodyIds(bench)).length).toBe(1);
  });

  it("is judged as a whole before anything is stored", async () => {
    const bench = await openSchemas();
    const { context } = bench;
    expect(await failure(createSchema(context, creation(true, { type: "nothing" })))).toMatchObject({
      reason: "INVALID_SCHEMA",
    });
    expect(await bodyIds(bench)).toEqual([]);
    expect(await badFields(createSchema(context, { ...creation(true), name: "" }))).toEqual(["name"]);
    expect(await badFields(createSchema(context, creation()))).toEqual(["releases"]);
    const long = { ...creation(true), releases: [{ document: true, note: "x".repeat(2000) }] };
    expect(await badFields(createSchema(context, long))).toEqual(["releases[0].note"]);
    const many = {
      ...creation(),
      releases: Array.from({ length: 10_001 }, () => ({ document: true, note: "" })),
    };
    expect(await failure(createSchema(context, many))).toMatchObject({ reason: "LIMIT_REACHED" });
  });
});

describe("a release for a schema that has to be there", () => {
  it("is refused where there is none", async () => {
    const { context } = await openSchemas();
    const refused = publishRelease(context, publication(true, { existing: true }));
    expect(await failure(refused)).toMatchObject({ reason: "SCHEMA_NOT_FOUND" });
    await createSchema(context, creation({ type: "object" }));
    const { outcome } = await publishRelease(context, publication(true, { existing: true }));
    expect(outcome).toBe("RELEASED");
  });
});

describe("a schema read whole", () => {
  it("is refused where it is too large, deleted, or was never there", async () => {
    const bench = await openSchemas();
    expect(await failure(getWholeSchema(bench.context, whole))).toMatchObject({ reason: "SCHEMA_NOT_FOUND" });
    await publishAll(bench, { type: "string" });
    const small = getWholeSchema(bench.context, { ...whole, maxChars: 10 });
    expect(await failure(small)).toMatchObject({ kind: "resource_exhausted", reason: "TOO_LARGE" });
    await deleteSchema(bench.context, change({}));
    expect(await failure(getWholeSchema(bench.context, whole))).toMatchObject({ reason: "SCHEMA_DELETED" });
  });

  it("is read again where a release went between head and body, and has what is left", async () => {
    const bench = await openSchemas();
    await publishAll(bench, { type: "string" }, { type: "number" });
    const { context } = bench;
    let first = true;
    const bodies = withMethods(context.bodies, {
      getMany: async (ids, options) => {
        if (first) {
          first = false;
          await deleteRelease(context, change({ release: 1, allowDeleteSchema: false }));
          return new Map();
        }
        return context.bodies.getMany(ids, options);
      },
    });
    const { releases } = await getWholeSchema({ ...context, bodies }, whole);
    expect(releases.map(({ number }) => number)).toEqual([2]);
    const broken = withMethods(context.bodies, { getMany: async () => new Map() });
    await expect(getWholeSchema({ ...context, bodies: broken }, whole)).rejects.toThrow("is not there");
  });
});
