import { describe, expect, it } from "vitest";
import { encodePageToken } from "../../../src/domain/paging.ts";
import { deleteRelease, deleteSchema } from "../../../src/domain/schemas/delete.ts";
import { diffReleases } from "../../../src/domain/schemas/diff.ts";
import { type ListSchemasInput, listSchemas } from "../../../src/domain/schemas/list.ts";
import { publishRelease } from "../../../src/domain/schemas/publish.ts";
import { type ListReleasesInput, listReleases } from "../../../src/domain/schemas/releases.ts";
import type { DurableStore } from "../../../src/ports/durable-store.ts";
import {
  always,
  type Bench,
  badFields,
  change,
  failure,
  openSchemas,
  publication,
  publishAll,
  withMethods,
} from "./support.ts";

const schemas = (more: Partial<ListSchemasInput> = {}): ListSchemasInput => ({
  namePrefix: "",
  labels: {},
  showDeleted: false,
  pageSize: 0,
  pageToken: "",
  ...more,
});

const releases = (more: Partial<ListReleasesInput> = {}): ListReleasesInput => ({
  name: "orders",
  pageSize: 0,
  pageToken: "",
  view: "basic",
  ...more,
});

async function all(bench: Bench, input: ListSchemasInput) {
  const names: string[] = [];
  const totals = new Set<number>();
  let { pageToken } = input;
  do {
    const page = await listSchemas(bench.context, { ...input, pageToken }, always);
    names.push(...page.schemas.map(({ name }) => name));
    totals.add(page.totalSize);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return { names, totals: [...totals] };
}

async function publishMany(bench: Bench, names: readonly string[], labelsOf = (_: string) => ({})) {
  for (const name of names) {
    await publishRelease(bench.context, publication({ title: name }, { name, labels: labelsOf(name) }));
  }
}

describe("listing schemas", () => {
  it("goes by name, each once, by pages, with the number of all", async () => {
    const bench = await openSchemas();
    const names = ["b", "a.1", "a", "Z", "a-x", "c"];
    await publishMany(bench, names);
    const sorted = names.toSorted((a, b) => (a < b ? -1 : 1));
    expect(await all(bench, schemas())).toEqual({ names: sorted, totals: [6] });
    expect(await all(bench, schemas({ pageSize: 2 }))).toEqual({ names: sorted, totals: [6] });
    expect(await all(bench, schemas({ pageSize: 3 }))).toEqual({ names: sorted, totals: [6] });
    expect(await all(bench, schemas({ namePrefix: "a", pageSize: 1 }))).toEqual({
      names: ["a", "a-x", "a.1"],
      totals: [3],
    });
    expect(await all(bench, schemas({ namePrefix: "none" }))).toEqual({ names: [], totals: [0] });
  });

  it("answers each schema as GetSchema does", async () => {
    const bench = await openSchemas();
    const { schema } = await publishAll(bench, { a: 1 }, { a: 2 });
    expect(await listSchemas(bench.context, schemas(), always)).toEqual({
      schemas: [schema],
      nextPageToken: "",
      totalSize: 1,
    });
  });

  it("leaves soft-deleted ones out unless asked, and purged ones always", async () => {
    const bench = await openSchemas();
    await publishMany(bench, ["a", "b", "c"]);
    await deleteSchema(bench.context, change({ name: "b" }));
    await bench.instance.durable.update({
      collection: "schemas",
      key: "c",
      conditions: [],
      change: { set: [[["live"], false]] },
      ifAbsent: "refuse",
    });
    expect(await all(bench, schemas())).toEqual({ names: ["a"], totals: [1] });
    expect(await all(bench, schemas({ showDeleted: true }))).toEqual({ names: ["a", "b"], totals: [2] });
  });

  it("by labels wants all of them, and counts exactly", async () => {
    const bench = await openSchemas();
    const names = Array.from({ length: 12 }, (_, i) => `s${String(i).padStart(2, "0")}`);
    await publishMany(bench, names, (name) => ({
      n: name,
      half: Number(name.slice(1)) < 6 ? "1" : "2",
      x: "y",
    }));
    const first = names.slice(0, 6);
    expect(await all(bench, schemas({ labels: { half: "1", x: "y" }, pageSize: 4 }))).toEqual({
      names: first,
      totals: [6],
    });
    expect(await all(bench, schemas({ labels: { half: "2" }, namePrefix: "s0" }))).toEqual({
      names: names.slice(6, 10),
      totals: [4],
    });
    expect(await all(bench, schemas({ labels: { toString: "1" } }))).toEqual({ names: [], totals: [0] });
  });

  it("by labels does bounded work for a page, and refuses to count among too many", async () => {
    const bench = await openSchemas();
    await publishMany(bench, ["a"]);
    const [head] = await bench.instance.durable.find({
      collection: "schemas",
      filters: [],
      order: [{ field: "key", direction: "ascending" }],
      limit: 1,
    });
    if (head === undefined) throw new Error("no head");
    // As many as the test says, without storing them.
    const crowd = (size: number) => (store: DurableStore) =>
      withMethods(store, {
        find: async (query) => {
          const from = Number(query.after?.[0] ?? 0);
          const length = Math.min(query.limit, size - from);
          return Array.from({ length }, (_, i) => ({ ...head, key: String(from + i + 1).padStart(6, "0") }));
        },
      });
    const some = await openSchemas({ instance: bench.instance, store: crowd(5_000) });
    const page = await listSchemas(some.context, schemas({ labels: { a: "b" } }), always);
    expect(page).toMatchObject({ schemas: [], totalSize: 0, nextPageToken: expect.stringMatching(/./) });
    expect(await all(some, schemas({ labels: { a: "b" } }))).toEqual({ names: [], totals: [0] });
    const many = await openSchemas({ instance: bench.instance, store: crowd(10_001) });
    const error = await failure(listSchemas(many.context, schemas({ labels: { a: "b" } }), always));
    expect(error).toMatchObject({ kind: "resource_exhausted", reason: "TOO_COMPLEX" });
  });

  it("ends a page before what does not fit", async () => {
    const bench = await openSchemas();
    await publishMany(bench, ["a", "b", "c"]);
    let room = 2;
    const page = await listSchemas(bench.context, schemas(), () => room-- > 0);
    expect(page.schemas.map(({ name }) => name)).toEqual(["a", "b"]);
    const rest = await all(bench, schemas({ pageToken: page.nextPageToken }));
    expect(rest.names).toEqual(["c"]);
  });

  it("refuses bad fields and tokens of other queries", async () => {
    const bench = await openSchemas();
    await publishMany(bench, ["a", "b"]);
    const bad = (input: ListSchemasInput) => badFields(listSchemas(bench.context, input, always));
    expect(await bad(schemas({ namePrefix: "-", labels: { "": "" }, pageSize: -1 }))).toEqual([
      "name_prefix",
      "labels",
      "page_size",
    ]);
    const { nextPageToken } = await listSchemas(bench.context, schemas({ pageSize: 1 }), always);
    expect(await bad(schemas({ pageToken: nextPageToken, showDeleted: true }))).toEqual(["page_token"]);
    const query = { list: "schemas", name_prefix: "", labels: {}, show_deleted: false };
    for (const position of [
      null,
      7,
      { after: 1, total: 1 },
      { after: "a", total: -1 },
      { after: "a", total: "1" },
    ]) {
      expect(await bad(schemas({ pageToken: encodePageToken(query, position) }))).toEqual(["page_token"]);
    }
  });
});

describe("listing releases", () => {
  it("is newest first, by pages, without documents unless asked", async () => {
    const bench = await openSchemas();
    await publishAll(bench, { c: 1 }, { c: 2 }, { c: 3 }, { c: 4 }, { c: 5 });
    await deleteRelease(bench.context, change({ release: 3, allowDeleteSchema: false }));
    const numbers: number[] = [];
    let pageToken = "";
    do {
      const page = await listReleases(bench.context, releases({ pageSize: 2, pageToken }), always);
      numbers.push(...page.releases.map(({ number }) => number));
      expect(page.releases.every(({ document }) => document === undefined)).toBe(true);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(numbers).toEqual([5, 4, 2, 1]);
    const full = await listReleases(bench.context, releases({ view: "full" }), always);
    expect(full.releases.map(({ document }) => document)).toEqual([{ c: 5 }, { c: 4 }, { c: 2 }, { c: 1 }]);
    expect(full.nextPageToken).toBe("");
  });

  it("tells who published what with which note", async () => {
    const bench = await openSchemas();
    await publishRelease(bench.context, publication({}, { actor: "ann", note: "n" }));
    const page = await listReleases(bench.context, releases(), always);
    expect(page.releases).toMatchObject([{ number: 1, createdBy: "ann", note: "n", dialect: "2020-12" }]);
  });

  it("reads no more documents at once than it can hold, and ends a page before what does not fit", async () => {
    const bench = await openSchemas();
    const big = "x".repeat(400_000);
    for (let i = 1; i <= 6; i++) await publishAll(bench, { description: `${i}${big}` });
    const reads: number[] = [];
    const other = await openSchemas({
      instance: bench.instance,
      store: (store) =>
        withMethods(store, {
          getMany: async (collection, keys, options) => {
            reads.push(keys.length);
            return store.getMany(collection, keys, options);
          },
        }),
    });
    let room = 4;
    const page = await listReleases(other.context, releases({ view: "full" }), () => room-- > 0);
    expect(page.releases.map(({ number }) => number)).toEqual([6, 5, 4, 3]);
    expect(Math.max(...reads)).toBe(2);
    const rest = await listReleases(
      other.context,
      releases({ view: "full", pageToken: page.nextPageToken }),
      always,
    );
    expect(rest.releases.map(({ number }) => number)).toEqual([2, 1]);
  });

  it("leaves out what is deleted while it reads", async () => {
    const bench = await openSchemas();
    await publishAll(bench, { c: 1 }, { c: 2 });
    const other = await openSchemas({
      instance: bench.instance,
      store: (store) =>
        withMethods(store, {
          getMany: async (...args) => (await store.getMany(...args)).slice(1),
        }),
    });
    expect((await listReleases(other.context, releases(), always)).releases).toHaveLength(1);
  });

  it("of a deleted schema is NOT_FOUND, and bad fields and tokens are refused", async () => {
    const bench = await openSchemas();
    await publishAll(bench, { c: 1 }, { c: 2 });
    const bad = (input: ListReleasesInput) => badFields(listReleases(bench.context, input, always));
    expect(await bad(releases({ name: "", pageSize: -1 }))).toEqual(["name", "page_size"]);
    const { nextPageToken } = await listReleases(bench.context, releases({ pageSize: 1 }), always);
    expect(await bad(releases({ view: "full", pageToken: nextPageToken }))).toEqual(["page_token"]);
    const token = encodePageToken({ list: "releases", name: "orders", view: "basic" }, 0);
    expect(await bad(releases({ pageToken: token }))).toEqual(["page_token"]);
    await deleteSchema(bench.context, change({}));
    const error = await failure(listReleases(bench.context, releases(), always));
    expect(error).toMatchObject({ kind: "not_found", reason: "SCHEMA_DELETED" });
  });
});

describe("the difference of two releases", () => {
  const diff = (bench: Bench, fromRelease: number, toRelease: number) =>
    diffReleases(bench.context, { name: "orders", fromRelease, toRelease });

  it("is a patch; without numbers from the one before the active one", async () => {
    const bench = await openSchemas();
    await publishAll(bench, { type: "string" }, { type: "number", title: "t" });
    expect(await diff(bench, 0, 0)).toMatchObject({
      fromRelease: 1,
      toRelease: 2,
      patch: [
        { op: "replace", path: "/type", value: "number" },
        { op: "add", path: "/title", value: "t" },
      ],
      class: "BREAKING",
      changes: [
        { class: "BREAKING", pointer: "/type", keyword: "type", counterExample: expect.any(String) },
        { class: "ANNOTATION_ONLY", pointer: "/title", keyword: "title" },
      ],
      acceptedByOlderOnly: expect.any(String),
      acceptedByNewerOnly: expect.any(Number),
    });
    expect(await diff(bench, 2, 1)).toMatchObject({ fromRelease: 2, toRelease: 1, patch: expect.any(Array) });
  });

  it("of equal contents is IDENTICAL and empty", async () => {
    const bench = await openSchemas();
    await publishAll(bench, { a: 1, b: 2 }, {}, { b: 2, a: 1 });
    expect(await diff(bench, 1, 3)).toMatchObject({ patch: [], class: "IDENTICAL" });
    expect(await diff(bench, 1, 1)).toMatchObject({ patch: [], class: "IDENTICAL" });
  });

  it("skips numbers that are gone, and needs both to be there", async () => {
    const bench = await openSchemas();
    await publishAll(bench, { c: 1 }, { c: 2 }, { c: 3 });
    await deleteRelease(bench.context, change({ release: 2, allowDeleteSchema: false }));
    expect(await diff(bench, 0, 3)).toMatchObject({ fromRelease: 1, toRelease: 3 });
    const missing = { kind: "not_found", reason: "RELEASE_NOT_FOUND" };
    expect(await failure(diff(bench, 2, 3))).toMatchObject(missing);
    expect(await failure(diff(bench, 0, 1))).toMatchObject(missing);
    expect(await badFields(diff(bench, -1, -1))).toEqual(["from_release", "to_release"]);
  });
});
