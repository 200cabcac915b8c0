// SchemaService over one protocol.
import { Code } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { Consistency, Source, View } from "../../../gen/dbconn/v1/common_pb.ts";
import {
  ChangeClass,
  Compatibility,
  Dialect,
  Outcome,
  SchemaEventType,
} from "../../../gen/dbconn/v1/schema_pb.ts";
import { expectFailure } from "../failures.ts";
import { jsonOf, value } from "../values.ts";
import { reasonOf, type Scene, uniqueName } from "./scene.ts";

const first = { type: "object", required: ["email"], properties: { email: { type: "string" } } };
const second = { ...first, required: ["email", "name"] };

export function schemaScenario(scene: Scene): void {
  /** A schema with releases of these documents, the last one active. */
  const published = async (...documents: readonly unknown[]): Promise<string> => {
    const name = uniqueName();
    for (const document of documents)
      await scene.clients.schemas.publishRelease({ name, document: value(document) });
    return name;
  };

  it("publishing makes, releases, and does nothing for what is the same", async () => {
    const { schemas } = scene.clients;
    const name = uniqueName();
    const dry = await schemas.publishRelease({ name, document: value(first), validateOnly: true });
    expect(dry.outcome).toBe(Outcome.CREATED);
    await expectFailure(schemas.getSchema({ name }), { code: "NotFound", reason: "SCHEMA_NOT_FOUND" });

    const made = await schemas.publishRelease({
      name,
      document: value(first),
      labels: { team: "a" },
      description: "users",
      actor: "ada",
      note: "begin",
    });
    expect(made).toMatchObject({ outcome: Outcome.CREATED, appliedRevision: 1n, replayed: false });
    expect(made.release).toMatchObject({
      name,
      release: 1,
      dialect: Dialect.DIALECT_2020_12,
      createdBy: "ada",
    });
    expect(made.release?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(made.schema).toMatchObject({ labels: { team: "a" }, description: "users", revision: 1n });
    expect(made.schema?.compatibility).toBe(Compatibility.NONE);

    const { properties, required, type } = first;
    const same = await schemas.publishRelease({ name, document: value({ required, properties, type }) });
    expect(same).toMatchObject({ outcome: Outcome.UNCHANGED, schema: { revision: 1n, releaseCount: 1 } });
    const next = await schemas.publishRelease({ name, document: value(second), requestId: "p2" });
    expect(next).toMatchObject({ outcome: Outcome.RELEASED, release: { release: 2 } });
    const again = await schemas.publishRelease({ name, document: value(second), requestId: "p2" });
    expect(again).toMatchObject({ replayed: true, appliedRevision: 2n, schema: { releaseCount: 2 } });
  });

  it("schemas and releases are read by both consistencies", async () => {
    const { schemas } = scene.clients;
    const name = await published(first, second);
    for (const consistency of [Consistency.FAST, Consistency.STRONG]) {
      const { schema, provenance } = await schemas.getSchema({ name, consistency });
      expect(schema).toMatchObject({ name, activeRelease: 2, latestRelease: 2, releaseCount: 2 });
      if (consistency === Consistency.STRONG) expect(provenance?.source).toBe(Source.DURABLE);
      const active = await schemas.getRelease({ name, consistency });
      expect(active.release?.release).toBe(2);
      expect(jsonOf(active.release?.document)).toEqual(second);
      const old = await schemas.getRelease({ name, release: 1, consistency });
      expect(jsonOf(old.release?.document)).toEqual(first);
    }
    await expectFailure(schemas.getRelease({ name, release: 9 }), {
      code: "NotFound",
      reason: "RELEASE_NOT_FOUND",
    });
  });

  it("true is a schema, and what is none is refused by its place", async () => {
    const { schemas } = scene.clients;
    const name = await published(true);
    expect(jsonOf((await schemas.getRelease({ name })).release?.document)).toBe(true);
    const refused = await expectFailure(
      schemas.publishRelease({ name: uniqueName(), document: value({ type: "no-such-type" }) }),
      { code: "InvalidArgument", reason: "INVALID_SCHEMA", applied: "no" },
    );
    expect(refused.fields.join()).toContain("document");
    await expectFailure(schemas.publishRelease({ name: "-", actor: "x".repeat(200) }), {
      code: "InvalidArgument",
      reason: "INVALID_FIELD",
      fields: expect.arrayContaining(["name", "document", "actor"]) as unknown as string[],
    });
  });

  it("lists page by name and by release", async () => {
    const { schemas } = scene.clients;
    const prefix = uniqueName();
    for (const end of ["c", "a", "b"]) {
      await schemas.publishRelease({ name: prefix + end, document: value({ title: end }) });
    }
    await schemas.publishRelease({ name: `${prefix}a`, document: value({ title: "a2" }) });
    const one = await schemas.listSchemas({ namePrefix: prefix, pageSize: 2 });
    const two = await schemas.listSchemas({ namePrefix: prefix, pageSize: 2, pageToken: one.nextPageToken });
    expect([...one.schemas, ...two.schemas].map(({ name }) => name.slice(prefix.length))).toEqual([
      "a",
      "b",
      "c",
    ]);
    expect([one.totalSize, two.nextPageToken]).toEqual([3, ""]);
    const { releases } = await schemas.listReleases({ name: `${prefix}a`, view: View.FULL });
    expect(releases.map(({ release, document }) => [release, jsonOf(document)])).toEqual([
      [2, { title: "a2" }],
      [1, { title: "a" }],
    ]);
    const basic = await schemas.listReleases({ name: `${prefix}a` });
    expect(basic.releases.map(({ document }) => document)).toEqual([undefined, undefined]);
    await expectFailure(schemas.listReleases({ name: `${prefix}a`, pageSize: -1 }), {
      code: "InvalidArgument",
      fields: ["page_size"],
    });
  });

  it("a diff patches one release into the other", async () => {
    const { schemas } = scene.clients;
    const name = await published(first, second, second);
    const diff = await schemas.diffReleases({ name });
    expect(diff).toMatchObject({ fromRelease: 1, toRelease: 2 });
    expect(diff.patch).toBeDefined();
    const patch = diff.patch?.values.map((step) => jsonOf(step));
    expect(patch).toEqual([{ op: "add", path: "/required/1", value: "name" }]);
    const identical = await schemas.diffReleases({ name, fromRelease: 2, toRelease: 2 });
    expect(identical.class).toBe(ChangeClass.IDENTICAL);
    expect(diff.class).toBe(ChangeClass.FORWARD);
    expect(diff.changes).toMatchObject([
      { class: ChangeClass.FORWARD, pointer: "/required", keyword: "required" },
    ]);
    expect(diff.acceptedByFromOnly).toBeDefined();
  });

  it("documents are judged by the active release or the one asked for", async () => {
    const { schemas } = scene.clients;
    const name = await published(first, second);
    const documents = [{ email: "a" }, { email: "a", name: "b" }, "text", null].map(value);
    const judged = await schemas.validateDocuments({ name, documents });
    expect(judged.release).toBe(2);
    expect(judged.results.map(({ valid }) => valid)).toEqual([false, true, false, false]);
    expect(judged.results[0]?.errors[0]).toMatchObject({ instancePointer: "", keyword: "required" });
    const old = await schemas.validateDocuments({ name, release: 1, documents });
    expect(old.results.map(({ valid }) => valid)).toEqual([true, true, false, false]);
    await expectFailure(schemas.validateDocuments({ name, documents: [] }), {
      code: "InvalidArgument",
      fields: ["documents"],
    });
  });

  it("a compatibility mode refuses what is not shown to be compatible", async () => {
    const { schemas } = scene.clients;
    const name = await published(second);
    const held = await schemas.updateSchema({ name, compatibility: Compatibility.FORWARD });
    expect(held.schema?.compatibility).toBe(Compatibility.FORWARD);
    await expectFailure(schemas.publishRelease({ name, document: value(first) }), {
      code: "FailedPrecondition",
      reason: "INCOMPATIBLE_SCHEMA",
      applied: "no",
    });
    await schemas.updateSchema({ name, compatibility: Compatibility.BACKWARD });
    const next = await schemas.publishRelease({ name, document: value(first) });
    expect(next.release?.change).toBe(ChangeClass.BACKWARD);
  });

  it("labels and descriptions change", async () => {
    const { schemas } = scene.clients;
    const name = await published(first);
    const changed = await schemas.updateSchema({ name, labels: { a: "1" }, description: "d", actor: "ada" });
    expect(changed.schema).toMatchObject({ labels: { a: "1" }, description: "d", revision: 2n });
    const cleared = await schemas.updateSchema({ name, updateMask: { paths: ["labels"] } });
    expect(cleared.schema).toMatchObject({ labels: {}, description: "d" });
    await expectFailure(schemas.updateSchema({ name, description: "x", etag: changed.schema?.etag ?? "" }), {
      code: "Aborted",
      reason: "ETAG_MISMATCH",
      applied: "no",
    });
  });

  it("a revert moves the pointer, and deleting the active release makes its predecessor active", async () => {
    const { schemas } = scene.clients;
    const name = await published({ title: "1" }, { title: "2" }, { title: "3" });
    const reverted = await schemas.revertSchema({ name, release: 2 });
    expect(reverted.schema).toMatchObject({ activeRelease: 2, latestRelease: 3 });
    const other = await schemas.deleteRelease({ name, release: 3 });
    expect(other).toMatchObject({ revertedTo: 0, schema: { activeRelease: 2, releaseCount: 2 } });
    const active = await schemas.deleteRelease({ name, release: 2 });
    expect(active).toMatchObject({ revertedTo: 1, schemaDeleted: false, schema: { activeRelease: 1 } });
    for (const consistency of [Consistency.FAST, Consistency.STRONG]) {
      const { release } = await schemas.getRelease({ name, consistency });
      expect(jsonOf(release?.document)).toEqual({ title: "1" });
    }
    await expectFailure(schemas.deleteRelease({ name, release: 1 }), {
      code: "FailedPrecondition",
      reason: "ONLY_RELEASE",
      applied: "no",
    });
    const next = await schemas.publishRelease({ name, document: value({ title: "4" }) });
    expect(next.release?.release).toBe(4);
    const { events } = await schemas.listSchemaEvents({ name });
    expect(events.map(({ type, release, activeRelease }) => [type, release, activeRelease])).toEqual([
      [SchemaEventType.PUBLISHED, 1, 1],
      [SchemaEventType.PUBLISHED, 2, 2],
      [SchemaEventType.PUBLISHED, 3, 3],
      [SchemaEventType.REVERTED, 2, 2],
      [SchemaEventType.RELEASE_DELETED, 3, 2],
      [SchemaEventType.RELEASE_DELETED, 2, 1],
      [SchemaEventType.PUBLISHED, 4, 4],
    ]);
  });

  it("a deleted schema comes back as it was, or is purged and its numbers go on", async () => {
    const { schemas } = scene.clients;
    const name = await published(first, second);
    await expectFailure(schemas.undeleteSchema({ name }), {
      code: "AlreadyExists",
      reason: "SCHEMA_NOT_DELETED",
      applied: "no",
    });
    await expectFailure(schemas.purgeSchema({ name }), {
      code: "FailedPrecondition",
      reason: "SCHEMA_NOT_DELETED",
      applied: "no",
    });
    await schemas.deleteSchema({ name });
    const back = await schemas.undeleteSchema({ name, actor: "ada", requestId: "u" });
    expect(back.schema).toMatchObject({ activeRelease: 2, releaseCount: 2, revision: 4n });
    expect([back.schema?.deleteTime, back.schema?.purgeTime]).toEqual([undefined, undefined]);
    expect(jsonOf((await schemas.getRelease({ name })).release?.document)).toEqual(second);
    await schemas.deleteSchema({ name });
    const purged = await schemas.purgeSchema({ name, requestId: "p" });
    expect(purged).toMatchObject({ purgedReleases: 2, replayed: false, appliedRevision: 6n });
    expect(await schemas.purgeSchema({ name, requestId: "p" })).toMatchObject({
      purgedReleases: 2,
      replayed: true,
      appliedRevision: 6n,
    });
    for (const consistency of [Consistency.FAST, Consistency.STRONG]) {
      await expectFailure(schemas.getSchema({ name, consistency }), {
        code: "NotFound",
        reason: "SCHEMA_NOT_FOUND",
      });
    }
    const next = await schemas.publishRelease({ name, document: value(first) });
    expect(next).toMatchObject({ outcome: Outcome.CREATED, release: { release: 3 }, appliedRevision: 7n });
    const { events } = await schemas.listSchemaEvents({ name });
    expect(events.map(({ type }) => type)).toEqual([
      SchemaEventType.PUBLISHED,
      SchemaEventType.PUBLISHED,
      SchemaEventType.DELETED,
      SchemaEventType.RESTORED,
      SchemaEventType.DELETED,
      SchemaEventType.PURGED,
      SchemaEventType.PUBLISHED,
    ]);
  });

  it("what is exported can be imported, once, with its numbers and its pointer", async () => {
    const { schemas } = scene.clients;
    const name = await published(first, second, { title: "3" });
    await schemas.deleteRelease({ name, release: 2 });
    await schemas.revertSchema({ name, release: 1 });
    const { schemas: exported, nextPageToken } = await schemas.exportSchemas({ namePrefix: name });
    expect([exported.length, nextPageToken]).toEqual([1, ""]);
    const [whole] = exported;
    if (whole?.schema === undefined) throw new Error("the schema was not exported");
    expect(whole.releases.map(({ release, document }) => [release, jsonOf(document)])).toEqual([
      [1, first],
      [3, { title: "3" }],
    ]);
    const copy = { ...whole, schema: { ...whole.schema, name: uniqueName() } };
    const dry = await schemas.importSchemas({ schemas: [copy], validateOnly: true });
    expect(dry.results.map(({ importedReleases }) => importedReleases)).toEqual([2]);
    await expectFailure(schemas.getSchema({ name: copy.schema.name }), { code: "NotFound" });
    const changed = {
      ...copy,
      releases: copy.releases.map((r) => ({ ...r, sha256: "", document: value(1) })),
    };
    const { results } = await schemas.importSchemas({ schemas: [copy, copy, changed], actor: "ada" });
    expect(results.map(({ result, importedReleases }) => [result.case, importedReleases])).toEqual([
      ["schema", 2],
      ["schema", 0],
      ["status", 0],
    ]);
    const { schema } = await schemas.getSchema({ name: copy.schema.name });
    expect(schema).toMatchObject({ activeRelease: 1, latestRelease: 3, releaseCount: 2, revision: 1n });
    const other = {
      ...copy,
      releases: copy.releases.map((r) => ({ ...r, sha256: "", document: value(true) })),
    };
    const refused = (await schemas.importSchemas({ schemas: [other] })).results[0]?.result;
    if (refused?.case !== "status") throw new Error("a release was changed");
    expect([refused.value.code, reasonOf(refused.value)]).toEqual([
      Code.FailedPrecondition,
      "RELEASE_CONFLICT",
    ]);
  });

  it("a deleted schema takes no release, and the only release may take its schema with it", async () => {
    const { schemas } = scene.clients;
    const name = await published(first);
    const deleted = await schemas.deleteSchema({ name, requestId: "d" });
    expect(deleted.schema?.deleteTime).toBeDefined();
    expect(deleted.schema?.purgeTime).toBeDefined();
    await expectFailure(schemas.getRelease({ name }), { code: "NotFound" });
    await expectFailure(schemas.publishRelease({ name, document: value(second) }), {
      code: "FailedPrecondition",
      reason: "SCHEMA_DELETED",
      applied: "no",
    });
    const other = await published(first);
    const gone = await schemas.deleteRelease({ name: other, release: 1, allowDeleteSchema: true });
    expect(gone.schemaDeleted).toBe(true);
    await expectFailure(schemas.deleteSchema({ name: uniqueName() }), {
      code: "NotFound",
      reason: "SCHEMA_NOT_FOUND",
      applied: "no",
    });
  });
}
