import { describe, expect, it } from "vitest";
import { deleteRelease, deleteSchema } from "../../../src/domain/schemas/delete.ts";
import { type ExportedSchema, type ExportInput, exportSchemas } from "../../../src/domain/schemas/export.ts";
import { listSchemaEvents } from "../../../src/domain/schemas/history.ts";
import { type ImportItem, type ImportResult, importSchemas } from "../../../src/domain/schemas/import.ts";
import { publishRelease } from "../../../src/domain/schemas/publish.ts";
import { purgeSchema } from "../../../src/domain/schemas/purge.ts";
import { revertSchema } from "../../../src/domain/schemas/revert.ts";
import { getWholeSchema } from "../../../src/domain/schemas/whole.ts";
import { Violations } from "../../../src/domain/validation.ts";
import { ServiceError } from "../../../src/errors.ts";
import {
  always,
  type Bench,
  badFields,
  bodyIds,
  change,
  failure,
  openSchemas,
  publication,
  publishAll,
  schemaNow,
} from "./support.ts";

const A = { type: "string" };
const B = { type: "number" };
const C = { type: "array" };

/** Each release counts one, so that a page of `perPage` releases ends there. */
async function exported(
  bench: Bench,
  perPage = 1000,
  more: Partial<ExportInput> = {},
): Promise<readonly (readonly ExportedSchema[])[]> {
  const pages: (readonly ExportedSchema[])[] = [];
  for (let pageToken = ""; ; ) {
    let taken = 0;
    const take = () => ++taken <= perPage;
    const sizes = { budget: { take }, schema: () => 0, release: () => 1 };
    const input = { namePrefix: "", showDeleted: false, pageSize: 0, pageToken, ...more };
    const page = await exportSchemas(bench.context, input, sizes);
    pages.push(page.schemas);
    pageToken = page.nextPageToken;
    if (pageToken === "") return pages;
  }
}

const itemOf = ({ schema, releases, more }: ExportedSchema): ImportItem => ({
  ...schema,
  releases,
  more,
  violations: new Violations("schemas[0]."),
});

function take(bench: Bench, items: readonly ImportItem[], validateOnly = false) {
  return importSchemas(bench.context, { items, validateOnly, actor: "importer", note: "moved" });
}

function importedOf(result: ImportResult | undefined) {
  if (result === undefined || !("value" in result)) throw new Error(`not imported: ${result?.error}`);
  return result.value;
}

function reasonOf(result: ImportResult | undefined) {
  if (result === undefined || !("error" in result)) throw new Error("it was imported");
  if (!(result.error instanceof ServiceError)) throw result.error;
  return [result.error.kind, result.error.reason];
}

/** Releases 1 and 3 of three, 1 active. */
async function source() {
  const bench = await openSchemas();
  await publishRelease(
    bench.context,
    publication(A, { labels: { team: "x" }, description: "d", actor: "ada", note: "first" }),
  );
  bench.clock.time += 1000;
  await publishRelease(bench.context, publication(B, { actor: "bob" }));
  bench.clock.time += 1000;
  await publishRelease(bench.context, publication(C));
  await deleteRelease(bench.context, { ...change({}), release: 2, allowDeleteSchema: false });
  await revertSchema(bench.context, change({ release: 1 }));
  return bench;
}

const whole = { name: "orders", maxChars: 1_000_000 };

describe("an export", () => {
  it("holds schemas by name with their releases, and soft-deleted ones only when asked to", async () => {
    const bench = await source();
    for (const name of ["b", "a"]) await publishRelease(bench.context, publication(A, { name }));
    await deleteSchema(bench.context, change({ name: "b" }));
    const names = (pages: readonly (readonly ExportedSchema[])[]) =>
      pages.map((page) => page.map(({ schema }) => schema.name));
    expect(names(await exported(bench))).toEqual([["a", "orders"]]);
    expect(names(await exported(bench, 1000, { showDeleted: true }))).toEqual([["a", "b", "orders"]]);
    expect(names(await exported(bench, 1000, { namePrefix: "or" }))).toEqual([["orders"]]);
    expect(names(await exported(bench, 1000, { pageSize: 1 }))).toEqual([["a"], ["orders"]]);
  });

  it("parts a schema that is too large for a page, and says that more follows", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A, B, C, true, false);
    await publishRelease(bench.context, publication(A, { name: "a" }));
    const pages = await exported(bench, 2);
    expect(
      pages.map((page) =>
        page.map(({ schema, releases, more }) => [schema.name, releases.map(({ number }) => number), more]),
      ),
    ).toEqual([
      [
        ["a", [1], false],
        ["orders", [1], true],
      ],
      [["orders", [2, 3], true]],
      [["orders", [4, 5], false]],
    ]);
  });

  it("refuses what is no page of it", async () => {
    const bench = await source();
    const call = (more: Partial<ExportInput>) =>
      exportSchemas(
        bench.context,
        { namePrefix: "", showDeleted: false, pageSize: 0, pageToken: "", ...more },
        { budget: { take: always }, schema: () => 0, release: () => 0 },
      );
    expect(await badFields(call({ namePrefix: "/", pageSize: -1 }))).toEqual(["name_prefix", "page_size"]);
    expect(await failure(call({ pageToken: "x" }))).toMatchObject({ reason: "INVALID_PAGE_TOKEN" });
  });
});

describe("an import", () => {
  it("keeps numbers, pointer, times, authors and notes, and numbers go on after the last one given", async () => {
    const from = await source();
    const to = await openSchemas();
    to.clock.time += 1e9;
    const [page = []] = await exported(from);
    const [result] = await take(to, page.map(itemOf));
    expect(importedOf(result).releases).toBe(2);
    const theirs = await getWholeSchema(from.context, whole);
    const ours = await getWholeSchema(to.context, whole);
    expect(ours.releases).toEqual(theirs.releases);
    const { revision, etag, updateTime, ...same } = theirs.schema;
    expect(ours.schema).toMatchObject(same);
    expect([ours.schema.revision, ours.schema.updateTime]).toEqual([1, to.clock.time]);
    const { events } = await listSchemaEvents(
      to.context,
      { name: "orders", pageSize: 0, pageToken: "" },
      always,
    );
    expect(events).toMatchObject([{ type: "IMPORTED", actor: "importer", note: "moved", releases: 2 }]);
    expect(await publishRelease(to.context, publication(B))).toMatchObject({ release: { number: 4 } });
  });

  it("takes parts in their order, and repeated it writes nothing", async () => {
    const from = await source();
    const to = await openSchemas();
    const items = (await exported(from, 1)).flat().map(itemOf);
    expect(items.map(({ more }) => more)).toEqual([true, false]);
    const first = await take(to, items);
    expect(first.map((result) => importedOf(result).releases)).toEqual([1, 1]);
    const before = await schemaNow(to);
    expect(before).toMatchObject({ revision: 2, activeRelease: 1, latestRelease: 3, releaseCount: 2 });
    const again = await take(to, items);
    expect(again.map((result) => importedOf(result).releases)).toEqual([0, 0]);
    expect(await schemaNow(to)).toEqual(before);
    expect(await bodyIds(to)).toHaveLength(2);
  });

  it("has an active release at every moment, though the one from there comes last", async () => {
    const from = await openSchemas();
    await publishAll(from, A, B, C);
    const to = await openSchemas();
    const items = (await exported(from, 1)).flat().map(itemOf);
    const pointers = (await take(to, items)).map((result) => importedOf(result).schema.activeRelease);
    expect(pointers).toEqual([1, 1, 3]);
  });

  it("adds to a schema that is there, and moves its pointer and facts", async () => {
    const from = await openSchemas();
    const to = await openSchemas();
    for (const bench of [from, to]) await publishAll(bench, A, B);
    await publishRelease(from.context, publication(C));
    const [page = []] = await exported(from);
    const [result] = await take(to, page.map(itemOf));
    expect(importedOf(result)).toMatchObject({ releases: 1, schema: { activeRelease: 3, revision: 3 } });
    await revertSchema(from.context, change({ release: 2 }));
    const [moved = []] = await exported(from);
    const [second] = await take(to, moved.map(itemOf));
    expect(importedOf(second)).toMatchObject({ releases: 0, schema: { activeRelease: 2, revision: 4 } });
  });

  it("refuses what would change a release, or give a number again", async () => {
    const from = await source();
    const [[item] = []] = (await exported(from)).map((page) => page.map(itemOf));
    if (item === undefined) throw new Error("nothing was exported");
    const other = await openSchemas();
    await publishAll(other, B);
    expect(reasonOf((await take(other, [item]))[0])).toEqual(["failed_precondition", "RELEASE_CONFLICT"]);
    expect((await schemaNow(other)).revision).toBe(1);
    await deleteSchema(other.context, change({}));
    expect(reasonOf((await take(other, [item]))[0])).toEqual(["failed_precondition", "SCHEMA_DELETED"]);
    await purgeSchema(other.context, change({}));
    expect(reasonOf((await take(other, [item]))[0])).toEqual(["failed_precondition", "RELEASE_CONFLICT"]);
    expect(await bodyIds(other)).toEqual([]);
  });

  it("brings a deleted schema as deleted, and never deletes one", async () => {
    const from = await source();
    const { schema } = await deleteSchema(from.context, change({}));
    const to = await openSchemas({ deletedRetentionMs: 1000 });
    const [page = []] = await exported(from, 1000, { showDeleted: true });
    const [result] = await take(to, page.map(itemOf));
    expect(importedOf(result).schema).toMatchObject({
      deleteTime: schema.deleteTime,
      purgeTime: to.clock.time + 1000,
    });
    expect(importedOf((await take(to, page.map(itemOf)))[0]).releases).toBe(0);
    const live = await source();
    expect(reasonOf((await take(live, page.map(itemOf)))[0])).toEqual([
      "failed_precondition",
      "SCHEMA_NOT_DELETED",
    ]);
  });

  it("to validate only answers the same for all parts, and writes nothing", async () => {
    const from = await source();
    const to = await openSchemas();
    const items = (await exported(from, 1)).flat().map(itemOf);
    const dry = (await take(to, items, true)).map(importedOf);
    expect(await failure(schemaNow(to))).toMatchObject({ reason: "SCHEMA_NOT_FOUND" });
    expect(await bodyIds(to)).toEqual([]);
    const wet = (await take(to, items)).map(importedOf);
    const told = ({ schema, releases }: (typeof wet)[number]) => ({
      ...schema,
      etag: "",
      releases,
    });
    expect(dry.map(told)).toEqual(wet.map(told));
  });

  it("names every bad field of an item, and goes on with the others", async () => {
    const from = await source();
    const [[item] = []] = (await exported(from)).map((page) => page.map(itemOf));
    if (item === undefined) throw new Error("nothing was exported");
    const [first, second] = item.releases;
    if (first === undefined || second === undefined) throw new Error("two releases were exported");
    const bad = (more: Partial<ImportItem>) => ({
      ...item,
      ...more,
      violations: new Violations("schemas[0]."),
    });
    const to = await openSchemas();
    const fields = async (more: Partial<ImportItem>) => {
      const [result, sound] = await take(to, [bad(more), bad({ name: "sound" })]);
      expect(importedOf(sound).schema.name).toBe("sound");
      if (result === undefined || "value" in result) throw new Error("it was imported");
      return badFields(Promise.reject(result.error));
    };
    expect(
      await fields({ name: "", latestRelease: 1, releases: [second, { ...first, note: "\0" }] }),
    ).toEqual([
      "schemas[0].schema.name",
      "schemas[0].releases[1].release",
      "schemas[0].releases[1].note",
      "schemas[0].schema.latest_release",
    ]);
    expect(await fields({ releases: [] })).toEqual(["schemas[0].releases"]);
    expect(await fields({ releases: [{ ...first, sha256: "0" }] })).toEqual([
      "schemas[0].releases[0].sha256",
    ]);
    expect(await fields({ activeRelease: 2 })).toEqual(["schema.active_release"]);
    expect(
      await fields({ releases: [first, { ...second, sha256: "", document: { type: "no-such" } }] }),
    ).toEqual(["schemas[0].releases[1].document/type"]);
    expect(await failure(schemaNow(to))).toMatchObject({ reason: "SCHEMA_NOT_FOUND" });
    expect(await badFields(take(to, []))).toEqual(["schemas"]);
  });

  it("of the same by many at once brings each release once", async () => {
    const from = await source();
    const to = await openSchemas();
    const [page = []] = await exported(from);
    const results = await Promise.all(Array.from({ length: 10 }, () => take(to, page.map(itemOf))));
    const counts = results.map(([result]) => importedOf(result).releases);
    expect(counts.filter((count) => count > 0)).toEqual([2]);
    expect(await bodyIds(to)).toHaveLength(2);
    expect((await schemaNow(to)).revision).toBe(1);
  });
});
