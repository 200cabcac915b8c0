import { describe, expect, it } from "vitest";
import { deleteRelease, deleteSchema } from "../../../src/domain/schemas/delete.ts";
import { listSchemaEvents } from "../../../src/domain/schemas/history.ts";
import { publishRelease } from "../../../src/domain/schemas/publish.ts";
import { getRelease } from "../../../src/domain/schemas/reads.ts";
import { revertSchema } from "../../../src/domain/schemas/revert.ts";
import { type UpdateInput, updateSchema } from "../../../src/domain/schemas/update.ts";
import {
  always,
  type Bench,
  badFields,
  bodyIds,
  change,
  failure,
  named,
  openSchemas,
  publication,
  publishAll,
  schemaNow,
} from "./support.ts";

const A = { type: "string" };
const B = { type: "number" };
const C = { type: "array" };

const deletion = (
  release: number,
  more: { allowDeleteSchema?: boolean; requestId?: string; etag?: string } = {},
) => change({ release, allowDeleteSchema: false, ...more });

const update = (more: Partial<UpdateInput>): UpdateInput => ({
  ...change({}),
  compatibility: undefined,
  labels: undefined,
  description: undefined,
  updateMask: undefined,
  ...more,
});

describe("deleting a release", () => {
  it("that is active makes the highest below it active", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A, B, C);
    expect(await deleteRelease(bench.context, deletion(3))).toMatchObject({
      revertedTo: 2,
      schemaDeleted: false,
      replayed: false,
      appliedRevision: 4,
      schema: { activeRelease: 2, latestRelease: 3, releaseCount: 2 },
    });
    expect(await getRelease(bench.context, named({ release: 0 }))).toMatchObject({
      release: { document: B },
    });
  });

  it("that is active and lowest makes the highest remaining active", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A, B, C);
    await revertSchema(bench.context, change({ release: 1 }));
    expect(await deleteRelease(bench.context, deletion(1))).toMatchObject({
      revertedTo: 3,
      schema: { activeRelease: 3 },
    });
  });

  it("that is not active leaves the active one", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A, B);
    expect(await deleteRelease(bench.context, deletion(1))).toMatchObject({
      revertedTo: 0,
      schema: { activeRelease: 2, releaseCount: 1 },
    });
  });

  it("removes its body and no other", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A, B);
    const [first, second] = await bodyIds(bench);
    expect([first, second]).not.toContain(undefined);
    await deleteRelease(bench.context, deletion(2));
    await expect.poll(() => bodyIds(bench)).toEqual([first]);
  });

  it("never frees its number", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A, B);
    await deleteRelease(bench.context, deletion(2));
    expect(await publishAll(bench, B)).toMatchObject({ release: { number: 3 } });
  });

  it("that is the only one is refused, or deletes the schema when that is allowed", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A);
    const error = await failure(deleteRelease(bench.context, deletion(1)));
    expect(error).toMatchObject({ kind: "failed_precondition", reason: "ONLY_RELEASE", applied: "no" });
    const deleted = await deleteRelease(bench.context, deletion(1, { allowDeleteSchema: true }));
    // The release stays with the schema, to come back with it.
    expect(deleted).toMatchObject({
      revertedTo: 0,
      schemaDeleted: true,
      schema: { deleteTime: bench.clock.time, activeRelease: 1, releaseCount: 1 },
    });
    expect(await bodyIds(bench)).toHaveLength(1);
  });

  it("that may delete the schema does not while others remain", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A, B);
    const deleted = await deleteRelease(bench.context, deletion(2, { allowDeleteSchema: true }));
    expect(deleted).toMatchObject({ schemaDeleted: false, revertedTo: 1, schema: { deleteTime: undefined } });
  });

  it("again by the same request_id tells what it did", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A, B);
    await deleteRelease(bench.context, deletion(2, { requestId: "r" }));
    await publishAll(bench, C);
    expect(await deleteRelease(bench.context, deletion(2, { requestId: "r" }))).toMatchObject({
      revertedTo: 1,
      schemaDeleted: false,
      replayed: true,
      appliedRevision: 3,
      schema: { activeRelease: 3 },
    });
  });

  it("that deleted the schema, again by the same request_id, says so", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A);
    const input = deletion(1, { requestId: "r", allowDeleteSchema: true });
    await deleteRelease(bench.context, input);
    expect(await deleteRelease(bench.context, input)).toMatchObject({ schemaDeleted: true, replayed: true });
  });

  it("that is not there is NOT_FOUND, and 0 is none", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A, B);
    const error = await failure(deleteRelease(bench.context, deletion(3)));
    expect(error).toMatchObject({ kind: "not_found", reason: "RELEASE_NOT_FOUND" });
    expect(await badFields(deleteRelease(bench.context, deletion(0)))).toEqual(["release"]);
  });
});

describe("deleting a schema", () => {
  it("hides it from everything but GetSchema and the history", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A);
    const { schema } = await deleteSchema(bench.context, change({}));
    expect(schema).toMatchObject({ deleteTime: bench.clock.time, revision: 2, releaseCount: 1 });
    const deleted = { kind: "not_found", reason: "SCHEMA_DELETED" };
    const { context } = bench;
    expect(await failure(deleteSchema(context, change({})))).toMatchObject(deleted);
    expect(await failure(revertSchema(context, change({ release: 1 })))).toMatchObject(deleted);
    expect(await failure(deleteRelease(context, deletion(1)))).toMatchObject(deleted);
    expect(await failure(updateSchema(context, update({ description: "d" })))).toMatchObject(deleted);
    expect(await schemaNow(bench)).toEqual(schema);
  });

  it("that is not there is NOT_FOUND", async () => {
    const bench = await openSchemas();
    const error = await failure(deleteSchema(bench.context, change({})));
    expect(error).toMatchObject({ kind: "not_found", reason: "SCHEMA_NOT_FOUND" });
  });
});

describe("reverting", () => {
  it("makes another release active, as often as asked, and changes no release", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A, B);
    const reverted = await revertSchema(bench.context, change({ release: 1, note: "oops" }));
    expect(reverted).toMatchObject({
      schema: { activeRelease: 1, latestRelease: 2, revision: 3 },
      appliedRevision: 3,
    });
    const forward = await revertSchema(bench.context, change({ release: 2 }));
    expect(forward).toMatchObject({ schema: { activeRelease: 2, revision: 4 } });
  });

  it("to what is active writes nothing", async () => {
    const bench = await openSchemas();
    const { schema } = await publishAll(bench, A);
    const reverted = await revertSchema(bench.context, change({ release: 1 }));
    expect(reverted).toEqual({ schema, replayed: false, appliedRevision: 0 });
  });

  it("to no release is refused", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A);
    const error = await failure(revertSchema(bench.context, change({ release: 2 })));
    expect(error).toMatchObject({ kind: "not_found", reason: "RELEASE_NOT_FOUND" });
    expect(await badFields(revertSchema(bench.context, change({ release: 0 })))).toEqual(["release"]);
  });
});

describe("updating", () => {
  const given = { labels: { a: "1" }, description: "d" };
  const published = async (): Promise<Bench> => {
    const bench = await openSchemas();
    await publishRelease(bench.context, publication(A, given));
    return bench;
  };

  it.each<[string, Partial<UpdateInput>, object]>([
    ["what is present", { description: "e" }, { labels: { a: "1" }, description: "e" }],
    ["labels as a whole", { labels: { b: "2" } }, { labels: { b: "2" }, description: "d" }],
    [
      "what the mask names",
      { description: "e", updateMask: ["description"] },
      { ...given, description: "e" },
    ],
    [
      "what the mask names but is absent, by clearing it",
      { updateMask: ["labels"] },
      { labels: {}, description: "d" },
    ],
    [
      "everything by *",
      { description: "e", updateMask: ["*"] },
      { labels: {}, description: "e", compatibility: "NONE" },
    ],
    ["compatibility", { compatibility: "FULL" }, { ...given, compatibility: "FULL" }],
    ["compatibility to NONE", { compatibility: "NONE" }, { ...given, compatibility: "NONE" }],
    ["compatibility by clearing it", { updateMask: ["compatibility"] }, { ...given, compatibility: "NONE" }],
  ])("sets %s", async (_, input, expected) => {
    const bench = await published();
    const changed = await updateSchema(bench.context, update(input));
    expect(changed).toMatchObject({
      appliedRevision: 2,
      replayed: false,
      schema: { ...expected, revision: 2 },
    });
    expect(changed.schema.labels).toEqual({ ...given, ...expected }.labels);
    expect(await schemaNow(bench)).toEqual(changed.schema);
  });

  it.each<[string, Partial<UpdateInput>, string[]]>([
    ["nothing", {}, ["update_mask"]],
    ["an unknown field", { updateMask: ["name"] }, ["update_mask"]],
    ["a path below labels", { updateMask: ["labels.a"] }, ["update_mask"]],
    ["a field beside *", { updateMask: ["*", "labels"] }, ["update_mask"]],
    [
      "what is present but not in the mask",
      { ...given, updateMask: ["compatibility"] },
      ["labels", "description"],
    ],
    ["bad values", { labels: { "": "" }, description: "\u0000" }, ["labels", "description"]],
  ])("of %s is refused", async (_, input, fields) => {
    const bench = await published();
    expect(await badFields(updateSchema(bench.context, update(input)))).toEqual(fields);
  });

  it("by an old etag changes nothing, by a current one it does", async () => {
    const bench = await published();
    const { etag } = await schemaNow(bench);
    await updateSchema(bench.context, update({ description: "e", etag }));
    const error = await failure(updateSchema(bench.context, update({ description: "f", etag })));
    expect(error).toMatchObject({ kind: "aborted", reason: "ETAG_MISMATCH", applied: "no" });
    expect(await schemaNow(bench)).toMatchObject({ description: "e", revision: 2 });
  });

  it("by one request_id is applied once", async () => {
    const bench = await published();
    await updateSchema(bench.context, update({ description: "e", requestId: "r" }));
    await updateSchema(bench.context, update({ description: "f" }));
    const again = await updateSchema(bench.context, update({ description: "e", requestId: "r" }));
    expect(again).toMatchObject({ replayed: true, appliedRevision: 2, schema: { description: "f" } });
  });

  it("takes labels of any key", async () => {
    const bench = await published();
    const labels = JSON.parse('{"__proto__":"p","a.b":"1","$c":"2"}');
    const { schema } = await updateSchema(bench.context, update({ labels }));
    expect(JSON.stringify(Object.entries((await schemaNow(bench)).labels).sort())).toBe(
      JSON.stringify(Object.entries(labels).sort()),
    );
    expect(Object.getPrototypeOf(schema.labels)).toBe(Object.prototype);
  });
});

describe("the audit trail", () => {
  it("tells every change with who, when and why, oldest first, by pages", async () => {
    const bench = await openSchemas();
    const { context, clock } = bench;
    const by = { actor: "ann", note: "why", requestId: "r" };
    await publishRelease(context, publication(A, by));
    clock.time += 1;
    await publishAll(bench, B);
    await revertSchema(context, change({ release: 1 }));
    await updateSchema(context, update({ description: "d" }));
    await deleteRelease(context, deletion(1));
    await deleteSchema(context, change({ actor: "bob" }));
    const expected = [
      { type: "PUBLISHED", revision: 1, time: clock.time - 1, ...by, release: 1, activeRelease: 1 },
      {
        type: "PUBLISHED",
        revision: 2,
        time: clock.time,
        actor: "",
        note: "",
        requestId: "",
        release: 2,
        activeRelease: 2,
      },
      { type: "REVERTED", revision: 3, release: 1, activeRelease: 1 },
      { type: "UPDATED", revision: 4, release: 0, activeRelease: 1 },
      { type: "RELEASE_DELETED", revision: 5, release: 1, activeRelease: 2 },
      { type: "DELETED", revision: 6, release: 0, activeRelease: 2, actor: "bob" },
    ];
    const events = [];
    let pageToken = "";
    do {
      const page = await listSchemaEvents(context, { name: "orders", pageSize: 4, pageToken }, always);
      events.push(...page.events);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(events).toMatchObject(expected);
  });

  it("ends a page before what does not fit", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A, B, C);
    let room = 2;
    const page = await listSchemaEvents(
      bench.context,
      { name: "orders", pageSize: 0, pageToken: "" },
      () => room-- > 0,
    );
    expect(page.events).toHaveLength(2);
    const next = { name: "orders", pageSize: 0, pageToken: page.nextPageToken };
    const rest = await listSchemaEvents(bench.context, next, always);
    expect(rest.events.map(({ revision }) => revision)).toEqual([3]);
    expect(rest.nextPageToken).toBe("");
  });

  it("of nothing is NOT_FOUND, and tokens are good for one schema", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A, B);
    const { context } = bench;
    const none = failure(listSchemaEvents(context, { name: "none", pageSize: 0, pageToken: "" }, always));
    expect(await none).toMatchObject({ kind: "not_found", reason: "SCHEMA_NOT_FOUND" });
    const page = await listSchemaEvents(context, { name: "orders", pageSize: 1, pageToken: "" }, always);
    const foreign = { name: "other", pageSize: 0, pageToken: page.nextPageToken };
    expect(await badFields(listSchemaEvents(context, foreign, always))).toEqual(["page_token"]);
    const bad = { name: "", pageSize: -1, pageToken: "" };
    expect(await badFields(listSchemaEvents(context, bad, always))).toEqual(["name", "page_size"]);
  });
});
