import { create, fromJson, toJson } from "@bufbuild/protobuf";
import { type Value, ValueSchema } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { Source, View } from "../../../gen/dbconn/v1/common_pb.ts";
import * as messages from "../../../gen/dbconn/v1/schema_pb.ts";
import { BadRequestSchema, ErrorInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import type { Json } from "../../../src/json.ts";
import { createSchemaService } from "../../../src/rpc/schema-service.ts";
import { openSchemas } from "../schemas/support.ts";
import { clientOf, errorOf } from "./support.ts";

async function open() {
  const bench = await openSchemas();
  return { bench, ...clientOf(messages.SchemaService, createSchemaService(bench.context)) };
}

const value = (json: Json): Value => fromJson(ValueSchema, json as Parameters<typeof fromJson>[1]);
const json = (message: Value | undefined) => message && toJson(ValueSchema, message);

function badFields(error: ConnectError): readonly string[] {
  expect(error.code).toBe(Code.InvalidArgument);
  return error
    .findDetails(BadRequestSchema)
    .flatMap(({ fieldViolations }) => fieldViolations.map(({ field }) => field));
}

describe("SchemaService", () => {
  it("publishes, reads, lists, compares and validates", async () => {
    const { client, logged } = await open();
    const first = await client.publishRelease({
      name: "orders",
      document: value({ type: "string", title: "t" }),
      compatibility: messages.Compatibility.NONE,
      labels: { team: "x" },
      description: "d",
      note: "n",
      actor: "ann",
    });
    expect(first).toMatchObject({
      outcome: messages.Outcome.CREATED,
      replayed: false,
      appliedRevision: 1n,
      release: {
        name: "orders",
        release: 1,
        dialect: messages.Dialect.DIALECT_2020_12,
        createdBy: "ann",
        note: "n",
      },
      schema: { name: "orders", activeRelease: 1, labels: { team: "x" }, revision: 1n },
    });
    expect(first.release?.document).toBeUndefined();
    expect(first.schema?.deleteTime).toBeUndefined();
    const second = await client.publishRelease({
      name: "orders",
      document: value({ $schema: "http://json-schema.org/draft-07/schema#", type: "number" }),
    });
    expect(second).toMatchObject({
      outcome: messages.Outcome.RELEASED,
      release: {
        release: 2,
        dialect: messages.Dialect.DIALECT_DRAFT_07,
        change: messages.ChangeClass.BREAKING,
      },
    });

    const schema = await client.getSchema({ name: "orders" });
    expect(schema.schema).toEqual(second.schema);
    expect(schema.provenance?.source).not.toBe(Source.UNSPECIFIED);
    const release = await client.getRelease({ name: "orders", release: 1 });
    expect(json(release.release?.document)).toEqual({ type: "string", title: "t" });

    const schemas = await client.listSchemas({ labels: { team: "x" } });
    expect(schemas).toMatchObject({ totalSize: 1, nextPageToken: "", schemas: [{ name: "orders" }] });
    const basic = await client.listReleases({ name: "orders" });
    expect(basic.releases.map((item) => [item.release, json(item.document)])).toEqual([
      [2, undefined],
      [1, undefined],
    ]);
    const full = await client.listReleases({ name: "orders", view: View.FULL });
    expect(json(full.releases[1]?.document)).toEqual({ type: "string", title: "t" });

    const diff = await client.diffReleases({ name: "orders", fromRelease: 2, toRelease: 1 });
    expect(diff).toMatchObject({
      fromRelease: 2,
      toRelease: 1,
      class: messages.ChangeClass.BREAKING,
    });
    expect(diff.changes.map((change) => [change.pointer, change.keyword])).toContainEqual(["/type", "type"]);
    const breaking = diff.changes.find(({ keyword }) => keyword === "type");
    expect(breaking).toMatchObject({ class: messages.ChangeClass.BREAKING, reason: expect.any(String) });
    expect(breaking?.counterExample).toBeDefined();
    expect(json(diff.acceptedByFromOnly)).toEqual(expect.any(Number));
    expect(json(diff.acceptedByToOnly)).toEqual(expect.any(String));
    expect(diff.patch?.values).toHaveLength(3);
    const same = await client.diffReleases({ name: "orders", fromRelease: 1, toRelease: 1 });
    expect(same).toMatchObject({ class: messages.ChangeClass.IDENTICAL, patch: { values: [] } });

    const judged = await client.validateDocuments({ name: "orders", documents: [value(1), value("a")] });
    expect(judged).toMatchObject({
      release: 2,
      results: [
        { valid: true, errors: [] },
        { valid: false, errors: [{ instancePointer: "", schemaPointer: "/type", keyword: "type" }] },
      ],
    });
    expect(logged).toEqual([]);
  });

  it("updates, reverts, deletes and tells of it", async () => {
    const { client } = await open();
    await client.publishRelease({ name: "orders", document: value(true), labels: { a: "1" } });
    await client.publishRelease({ name: "orders", document: value(false) });
    const updated = await client.updateSchema({ name: "orders", updateMask: { paths: ["labels"] } });
    expect(updated).toMatchObject({ schema: { labels: {} }, appliedRevision: 3n });
    const relabelled = await client.updateSchema({
      name: "orders",
      labels: { b: "2" },
      compatibility: messages.Compatibility.NONE,
    });
    expect(relabelled).toMatchObject({ schema: { labels: { b: "2" } } });
    expect(await client.revertSchema({ name: "orders", release: 1 })).toMatchObject({
      schema: { activeRelease: 1 },
    });
    const deleted = await client.deleteRelease({ name: "orders", release: 1 });
    expect(deleted).toMatchObject({ revertedTo: 2, schemaDeleted: false, schema: { activeRelease: 2 } });
    const gone = await client.deleteSchema({ name: "orders", actor: "ann" });
    expect(gone.schema?.deleteTime).toBeDefined();
    const { events } = await client.listSchemaEvents({ name: "orders" });
    expect(events.map(({ type }) => messages.SchemaEventTypeSchema?.value[type]?.localName)).toEqual([
      "PUBLISHED",
      "PUBLISHED",
      "UPDATED",
      "UPDATED",
      "REVERTED",
      "RELEASE_DELETED",
      "DELETED",
    ]);
    const error = await errorOf(client.getRelease({ name: "orders" }));
    expect(error.code).toBe(Code.NotFound);
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
      { reason: "SCHEMA_DELETED", domain: "dbconn" },
    ]);
  });

  it("refuses documents that are absent or no JSON, by their field", async () => {
    const { client } = await open();
    expect(badFields(await errorOf(client.publishRelease({ name: "orders" })))).toEqual(["document"]);
    const unset = create(ValueSchema);
    expect(badFields(await errorOf(client.publishRelease({ name: "orders", document: unset })))).toEqual([
      "document",
    ]);
    const nan = create(ValueSchema, { kind: { case: "numberValue", value: Number.NaN } });
    expect(badFields(await errorOf(client.publishRelease({ name: "orders", document: nan })))).toEqual([
      "document",
    ]);
    const documents = [value(1), nan, unset];
    const error = await errorOf(client.validateDocuments({ name: "orders", documents }));
    expect(badFields(error)).toEqual(["documents[1]", "documents[2]"]);
  });

  it("refuses numbers that name nothing, by their field", async () => {
    const { client } = await open();
    const unknown = 99 as messages.Compatibility;
    const publish = client.publishRelease({ name: "orders", document: value(true), compatibility: unknown });
    expect(badFields(await errorOf(publish))).toEqual(["compatibility"]);
    const update = client.updateSchema({ name: "orders", compatibility: messages.Compatibility.UNSPECIFIED });
    expect(badFields(await errorOf(update))).toContain("compatibility");
    expect(badFields(await errorOf(client.listReleases({ name: "orders", view: 99 as View })))).toEqual([
      "view",
    ]);
    const read = client.getSchema({ name: "", minRevision: -1n, consistency: 99 as never });
    expect(badFields(await errorOf(read)).toSorted()).toEqual(["consistency", "min_revision", "name"]);
  });

  it("refuses what the compatibility mode does not allow, and says why and that nothing was applied", async () => {
    const { client } = await open();
    const made = await client.publishRelease({
      name: "orders",
      document: value({ properties: { a: { type: "string" } } }),
      compatibility: messages.Compatibility.BACKWARD,
    });
    expect(made.schema?.compatibility).toBe(messages.Compatibility.BACKWARD);
    const narrower = { required: ["a"], properties: { a: { type: "string" } } };
    const error = await errorOf(client.publishRelease({ name: "orders", document: value(narrower) }));
    expect(error.code).toBe(Code.FailedPrecondition);
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
      {
        reason: "INCOMPATIBLE_SCHEMA",
        metadata: {
          applied: "no",
          compatibility: "BACKWARD",
          release: "1",
          direction: "backward",
          verdict: "refuted",
          pointer: "/required",
          keyword: "required",
          explanation: expect.stringContaining('"a"'),
        },
      },
    ]);
    expect((await client.getSchema({ name: "orders" })).schema?.latestRelease).toBe(1);
  });

  it("keeps every key of a document and of labels", async () => {
    const { client } = await open();
    const document = JSON.parse('{"zeta":{"__proto__":1,"a.b":2,"$c":3},"alpha":""}') as Json;
    const labels = JSON.parse('{"__proto__":"p"}') as Record<string, string>;
    const { schema } = await client.publishRelease({ name: "orders", document: value(document), labels });
    expect(Object.entries(schema?.labels ?? {})).toEqual([["__proto__", "p"]]);
    const { release } = await client.getRelease({ name: "orders" });
    expect(JSON.stringify(json(release?.document))).toBe(JSON.stringify(document));
  });

  it("ends a page of large documents in time to be received", async () => {
    const { client } = await open();
    for (let i = 0; i < 9; i++) {
      await client.publishRelease({
        name: "orders",
        document: value({ description: `${i}`.repeat(500_000) }),
      });
    }
    const seen: number[] = [];
    let pageToken = "";
    do {
      const page = await client.listReleases({ name: "orders", view: View.FULL, pageToken });
      expect(page.releases.length).toBeLessThan(7);
      seen.push(...page.releases.map(({ release }) => release));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });
});
