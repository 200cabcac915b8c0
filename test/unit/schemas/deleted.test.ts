import { describe, expect, it } from "vitest";
import { SCHEMA_BODIES } from "../../../src/domain/schemas/collections.ts";
import { createSchema } from "../../../src/domain/schemas/create.ts";
import { deleteRelease, deleteSchema } from "../../../src/domain/schemas/delete.ts";
import { listSchemaEvents } from "../../../src/domain/schemas/history.ts";
import { publishRelease } from "../../../src/domain/schemas/publish.ts";
import { purgeSchema } from "../../../src/domain/schemas/purge.ts";
import { getRelease } from "../../../src/domain/schemas/reads.ts";
import { ORPHAN_AGE_MS, SchemaRetention } from "../../../src/domain/schemas/retention.ts";
import { undeleteSchema } from "../../../src/domain/schemas/undelete.ts";
import {
  always,
  type Bench,
  badFields,
  bodyIds,
  bound,
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
const DAY = 24 * 3_600_000;

async function deletedBench() {
  const bench = await openSchemas({ deletedRetentionMs: DAY });
  await publishAll(bench, A, B);
  const { schema } = await deleteSchema(bench.context, change({}));
  return { ...bench, schema };
}

const typesOf = async ({ context }: Bench) =>
  (await listSchemaEvents(context, { name: "orders", pageSize: 0, pageToken: "" }, always)).events.map(
    ({ type }) => type,
  );

describe("undeleting a schema", () => {
  it("brings it back as it was, and says who did it", async () => {
    const bench = await deletedBench();
    expect(bench.schema.purgeTime).toBe(bench.clock.time + DAY);
    const back = await undeleteSchema(bench.context, change({ actor: "ada", note: "needed" }));
    expect(back).toMatchObject({ replayed: false, appliedRevision: 4 });
    expect(back.schema).toMatchObject({ activeRelease: 2, releaseCount: 2 });
    expect([back.schema.deleteTime, back.schema.purgeTime]).toEqual([undefined, undefined]);
    expect(await getRelease(bench.context, named({ release: 0 }))).toMatchObject({
      release: { document: B },
    });
    expect(await typesOf(bench)).toEqual(["PUBLISHED", "PUBLISHED", "DELETED", "RESTORED"]);
  });

  it("is for deleted schemas only", async () => {
    const { context } = await openSchemas();
    expect(await failure(undeleteSchema(context, change({})))).toMatchObject({ reason: "SCHEMA_NOT_FOUND" });
    await publishRelease(context, publication(A));
    expect(await failure(undeleteSchema(context, change({})))).toMatchObject({
      kind: "already_exists",
      reason: "SCHEMA_NOT_DELETED",
    });
  });

  it("holds to the etag, and a repeated request is applied once", async () => {
    const { context, schema } = await deletedBench();
    await undeleteSchema(context, change({ etag: schema.etag, requestId: "u" }));
    expect(await failure(undeleteSchema(context, change({ etag: schema.etag })))).toMatchObject({
      reason: "ETAG_MISMATCH",
    });
    await deleteSchema(context, change({}));
    const again = await undeleteSchema(context, change({ etag: schema.etag, requestId: "u" }));
    expect(again).toMatchObject({ replayed: true, appliedRevision: 4, schema: { revision: 5 } });
    expect(again.schema.deleteTime).toBeDefined();
    expect(await badFields(undeleteSchema(context, change({ name: "/" })))).toEqual(["name"]);
  });
});

describe("purging a schema", () => {
  it("leaves its name, its last release number and its revision, and removes the bodies", async () => {
    const bench = await deletedBench();
    await expect(purgeSchema(bench.context, change({}))).resolves.toEqual({
      releases: 2,
      replayed: false,
      appliedRevision: 4,
    });
    const { requests, events, tail, ...rest } = { ...(await headOf(bench)) };
    expect([requests, events, tail]).not.toContain(undefined);
    expect(rest).toEqual({
      key: "orders",
      revision: 4,
      live: false,
      deleted: false,
      latest: 2,
      update_time: bench.clock.time,
    });
    expect(await bodyIds(bench)).toEqual([]);
    expect(await failure(undeleteSchema(bench.context, change({})))).toMatchObject({
      reason: "SCHEMA_NOT_FOUND",
    });
  });

  it("is followed by numbers and a revision that go on", async () => {
    const bench = await deletedBench();
    await purgeSchema(bench.context, change({}));
    const next = await publishRelease(bench.context, publication(A));
    expect(next).toMatchObject({ outcome: "CREATED", release: { number: 3 }, appliedRevision: 5 });
    const { schema } = next;
    expect(schema).toMatchObject({ releaseCount: 1, activeRelease: 3, deleteTime: undefined });
    // An etag from before the purge names another schema.
    expect(await failure(deleteSchema(bench.context, change({ etag: bench.schema.etag })))).toMatchObject({
      reason: "ETAG_MISMATCH",
    });
    expect(await typesOf(bench)).toEqual(["PUBLISHED", "PUBLISHED", "DELETED", "PURGED", "PUBLISHED"]);
  });

  it("is refused for a schema that is not deleted", async () => {
    const { context } = await openSchemas();
    await publishRelease(context, publication(A));
    expect(await failure(purgeSchema(context, change({})))).toMatchObject({
      kind: "failed_precondition",
      reason: "SCHEMA_NOT_DELETED",
    });
    expect(await badFields(purgeSchema(context, change({ name: "/" })))).toEqual(["name"]);
  });

  it("answers a repeated request what it did, whatever came since", async () => {
    const { context } = await deletedBench();
    await purgeSchema(context, change({ requestId: "p" }));
    const replay = { releases: 2, replayed: true, appliedRevision: 4 };
    expect(await purgeSchema(context, change({ requestId: "p" }))).toEqual(replay);
    await publishRelease(context, publication(A));
    expect(await purgeSchema(context, change({ requestId: "p" }))).toEqual(replay);
  });

  it("and undeleting at once: one of them has its way", async () => {
    const bench = await deletedBench();
    const both = await Promise.allSettled([
      purgeSchema(bench.context, change({})),
      undeleteSchema(bench.context, change({})),
    ]);
    expect(both.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});

describe("the retention of schemas", () => {
  it("purges a deleted schema at the time that was told, and no other", async () => {
    const bench = await deletedBench();
    await publishRelease(bench.context, publication(A, { name: "kept" }));
    const retention = new SchemaRetention(bench.context);
    bench.clock.time += DAY;
    await retention.sweep();
    expect((await schemaNow(bench)).purgeTime).toBe(bench.clock.time);
    bench.clock.time += 1;
    await retention.sweep();
    expect(await failure(schemaNow(bench))).toMatchObject({ reason: "SCHEMA_NOT_FOUND" });
    expect((await schemaNow(bench, "kept")).releaseCount).toBe(1);
  });

  it("purges more than one step holds, and leaves those that were restored meanwhile", async () => {
    const bench = await openSchemas({ deletedRetentionMs: DAY });
    const names = Array.from({ length: 150 }, (_, i) => `s${i}`);
    for (const name of names) {
      await publishRelease(bench.context, publication(A, { name }));
      await deleteSchema(bench.context, change({ name }));
    }
    bench.clock.time += DAY + 1;
    const port = bound(bench.context.store);
    let restored = false;
    const store = withMethods(port, {
      find: async (query, signal) => {
        const found = await port.find(query, signal);
        if (!restored) await undeleteSchema(bench.context, change({ name: "s7" }));
        restored = true;
        return found;
      },
    });
    await new SchemaRetention({ ...bench.context, store }).sweep();
    const live = [{ field: "live", equals: true }];
    expect(await bench.instance.durable.countBy("schemas", live, "live")).toEqual(new Map([[true, 1]]));
    expect((await schemaNow(bench, "s7")).deleteTime).toBeUndefined();
  });

  it("is told, and tried again, when the store is away", async () => {
    const bench = await deletedBench();
    bench.clock.time += DAY + 1;
    const objects = withMethods(bench.context.objects, {
      transform: async () => {
        throw new Error("away");
      },
    });
    await expect(new SchemaRetention({ ...bench.context, objects }).sweep()).rejects.toThrow("away");
  });

  it("has no time for schemas that were deleted without one", async () => {
    const bench = await openSchemas();
    await publishRelease(bench.context, publication(A));
    const { schema } = await deleteSchema(bench.context, change({}));
    expect(schema.purgeTime).toBeUndefined();
    bench.clock.time += 10_000 * DAY;
    await new SchemaRetention(bench.context).sweep();
    expect((await schemaNow(bench)).releaseCount).toBe(1);
  });

  it("removes old bodies that no head names, and only those", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A, B);
    await deleteRelease(bench.context, { ...change({}), release: 1, allowDeleteSchema: false });
    await createSchema(bench.context, {
      name: "imported",
      actor: "",
      releases: [{ document: A, note: "", createTime: 1 }],
    });
    const kept = await bodyIds(bench);
    const orphan = (key: string, schema: string) => ({
      key,
      schema,
      text: "{}",
      note: "",
      created_by: "",
      create_time: bench.clock.time,
    });
    const orphans = Array.from({ length: 700 }, (_, i) => orphan(`orphan${i}`, i % 2 ? "orders" : "nowhere"));
    await bench.instance.durable.insertMany(SCHEMA_BODIES.name, orphans);
    const retention = new SchemaRetention(bench.context);
    bench.clock.time += ORPHAN_AGE_MS;
    await retention.sweep();
    expect(await bodyIds(bench)).toHaveLength(kept.length + 700);
    bench.clock.time += 1;
    await retention.sweep();
    // A sweep does a bounded amount, and the next one goes on.
    expect((await bodyIds(bench)).length).toBeGreaterThan(kept.length);
    await retention.sweep();
    expect(await bodyIds(bench)).toEqual(kept);
  });
});
