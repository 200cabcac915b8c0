import { describe, expect, it } from "vitest";
import { SCHEMA_BODIES } from "../../../src/domain/schemas/collections.ts";
import { deleteRelease, deleteSchema } from "../../../src/domain/schemas/delete.ts";
import { publishRelease } from "../../../src/domain/schemas/publish.ts";
import { getRelease, getSchema, validateDocuments } from "../../../src/domain/schemas/reads.ts";
import { unavailable } from "../../../src/errors.ts";
import type { DurableStore } from "../../../src/ports/durable-store.ts";
import {
  type Bench,
  badFields,
  change,
  failure,
  named,
  openSchemas,
  publication,
  publishAll,
  withMethods,
} from "./support.ts";

const A = { type: "string" };
const B = { type: "number" };

/** A second instance over the same stores, with nothing in its memory. */
async function neighbour(
  bench: Bench,
  store?: (store: DurableStore) => Partial<DurableStore>,
): Promise<Bench> {
  return openSchemas({
    instance: bench.instance,
    ...(store === undefined ? {} : { store: (durable) => withMethods(durable, store(durable)) }),
  });
}

describe("reading a schema", () => {
  it("answers it with where it came from", async () => {
    const bench = await openSchemas();
    const { schema } = await publishAll(bench, A);
    const read = await getSchema(bench.context, named({}));
    expect(read.schema).toEqual(schema);
    expect(read.provenance).toMatchObject({ degraded: false });
    const again = await getSchema(bench.context, named({}));
    expect(again.provenance).toMatchObject({ source: "hot" });
    const strong = await getSchema(bench.context, named({ consistency: "strong" as const }));
    expect(strong.provenance).toMatchObject({ source: "durable" });
  });

  it("that is soft-deleted shows when", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A);
    bench.clock.time += 7;
    await deleteSchema(bench.context, change({}));
    const { schema } = await getSchema(bench.context, named({}));
    expect(schema.deleteTime).toBe(bench.clock.time);
  });

  it("that is not there is NOT_FOUND", async () => {
    const bench = await openSchemas();
    const error = await failure(getSchema(bench.context, named({})));
    expect(error).toMatchObject({ kind: "not_found", reason: "SCHEMA_NOT_FOUND" });
  });

  it("below the revision asked for is refused", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A);
    const error = await failure(getSchema(bench.context, named({ minRevision: 2 })));
    expect(error).toMatchObject({ kind: "failed_precondition", reason: "REVISION_NOT_REACHED" });
  });

  it("names every bad field", async () => {
    const bench = await openSchemas();
    expect(await badFields(getSchema(bench.context, named({ name: "" })))).toEqual(["name"]);
    expect(await badFields(getRelease(bench.context, named({ name: "/", release: -1 })))).toEqual([
      "name",
      "release",
    ]);
    const validation = { name: "", release: -1, documents: [] };
    expect(await badFields(validateDocuments(bench.context, validation))).toEqual([
      "name",
      "release",
      "documents",
    ]);
  });
});

describe("reading a release", () => {
  it("answers the active one, or the one named", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A, B);
    const active = await getRelease(bench.context, named({ release: 0 }));
    expect(active.release).toMatchObject({ number: 2, document: B });
    const first = await getRelease(bench.context, named({ release: 1 }));
    expect(first.release).toMatchObject({ number: 1, document: A });
  });

  it("that is not there is NOT_FOUND, and says which part is missing", async () => {
    const bench = await openSchemas();
    const read = (release: number) => failure(getRelease(bench.context, named({ release })));
    expect(await read(0)).toMatchObject({ kind: "not_found", reason: "SCHEMA_NOT_FOUND" });
    await publishAll(bench, A);
    expect(await read(2)).toMatchObject({ kind: "not_found", reason: "RELEASE_NOT_FOUND" });
    await deleteSchema(bench.context, change({}));
    expect(await read(1)).toMatchObject({ kind: "not_found", reason: "SCHEMA_DELETED" });
  });

  it("by many at once reads its body once", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A);
    let reads = 0;
    const other = await neighbour(bench, (store) => ({
      get: async (collection, key, options) => {
        if (collection === SCHEMA_BODIES.name) reads++;
        return store.get(collection, key, options);
      },
    }));
    const calls = Array.from({ length: 20 }, () => getRelease(other.context, named({ release: 0 })));
    for (const { release } of await Promise.all(calls)) expect(release.document).toEqual(A);
    await getRelease(other.context, named({ release: 0 }));
    expect(reads).toBe(1);
  });

  it("whose body is in memory needs no store for it, and another is UNAVAILABLE while the store is away", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A, B);
    let away = false;
    const other = await neighbour(bench, (store) => ({
      get: async (collection, key, options) => {
        if (away) throw unavailable("durable");
        return store.get(collection, key, options);
      },
    }));
    await getRelease(other.context, named({ release: 2 }));
    away = true;
    expect(await getRelease(other.context, named({ release: 2 }))).toMatchObject({
      release: { document: B },
    });
    const error = await failure(getRelease(other.context, named({ release: 1 })));
    expect(error).toMatchObject({ kind: "unavailable", reason: "DURABLE_STORE_UNAVAILABLE" });
  });

  it("that is deleted between the reads of head and body is NOT_FOUND", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A, B);
    let deleted = false;
    const other = await neighbour(bench, (store) => ({
      get: async (collection, key, options) => {
        if (collection === SCHEMA_BODIES.name && !deleted) {
          deleted = true;
          await deleteRelease(bench.context, change({ release: 1, allowDeleteSchema: false }));
        }
        return store.get(collection, key, options);
      },
    }));
    const error = await failure(getRelease(other.context, named({ release: 1 })));
    expect(error).toMatchObject({ kind: "not_found", reason: "RELEASE_NOT_FOUND" });
  });

  it("whose body is gone for no reason is a programmer's error, and never another release", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A);
    const other = await neighbour(bench, () => ({ get: async () => undefined }));
    await expect(getRelease(other.context, named({ release: 1 }))).rejects.toThrow(/names a body/);
    const same = publishRelease(other.context, publication(A));
    expect(await failure(same)).toMatchObject({ kind: "aborted", reason: "CONTENTION" });
  });

  it("ends its wait with the caller's signal, while others go on to wait", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A);
    const gate = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const other = await neighbour(bench, (store) => ({
      get: async (...args) => {
        asked.resolve();
        await gate.promise;
        return store.get(...args);
      },
    }));
    const leaving = new AbortController();
    const left = failure(getRelease(other.context, named({ release: 1 }), leaving.signal));
    const staying = getRelease(other.context, named({ release: 1 }), new AbortController().signal);
    await asked.promise;
    leaving.abort();
    expect(await left).toMatchObject({ kind: "cancelled" });
    gate.resolve();
    expect(await staying).toMatchObject({ release: { document: A } });
    expect(await failure(getRelease(other.context, named({ release: 1 }), leaving.signal))).toMatchObject({
      kind: "cancelled",
    });
  });
});

describe("validating documents", () => {
  it("judges each in order by the release that is named in the answer", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A, B);
    const input = { name: "orders", release: 0, documents: [1, "a"] };
    const byActive = await validateDocuments(bench.context, input);
    expect(byActive.release).toBe(2);
    expect(byActive.results).toEqual([
      { valid: true, errors: [] },
      {
        valid: false,
        errors: [{ instancePointer: "", schemaPointer: "/type", keyword: "type", message: "must be number" }],
      },
    ]);
    const byFirst = await validateDocuments(bench.context, { ...input, release: 1 });
    expect(byFirst).toMatchObject({ release: 1, results: [{ valid: false }, { valid: true }] });
  });

  it("takes 1 to 100 that are set, not too deep and well-formed", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A);
    const bad = (documents: Parameters<typeof validateDocuments>[1]["documents"]) =>
      badFields(validateDocuments(bench.context, { name: "orders", release: 0, documents }));
    expect(await bad(Array.from({ length: 101 }, () => 1))).toEqual(["documents"]);
    const deep = JSON.parse("[".repeat(31) + "]".repeat(31));
    expect(await bad([undefined, deep, "\ud800", 1])).toEqual([
      "documents[0]",
      "documents[1]",
      "documents[2]",
    ]);
  });

  it("by a soft-deleted schema is NOT_FOUND", async () => {
    const bench = await openSchemas();
    await publishAll(bench, A);
    await deleteSchema(bench.context, change({}));
    const error = await failure(
      validateDocuments(bench.context, { name: "orders", release: 1, documents: [1] }),
    );
    expect(error).toMatchObject({ kind: "not_found", reason: "SCHEMA_DELETED" });
  });
});
