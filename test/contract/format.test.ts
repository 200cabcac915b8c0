import { MongoClient } from "mongodb";
import { describe, expect, it, onTestFinished } from "vitest";
import { UnknownFormat, withFormat } from "../../src/adapters/documents/format.ts";
import { memoryDurable } from "../../src/adapters/memory/durable.ts";
import { unavailable } from "../../src/errors.ts";
import type { DurableStore } from "../../src/ports/durable-store.ts";
import { describeWithMongo } from "../support/real-stores.ts";
import { startServer } from "../support/server-process.ts";
import { COLLECTIONS, failure, fields, upsert } from "./durable/harness.ts";
import { durableContract } from "./durable.ts";

const CONTROL = { name: "control", fields: {}, indexes: [], heavy: [] };
const formatOf = async (store: DurableStore) => (await store.get("control", "format"))?.number;
const memory = () => memoryDurable([...COLLECTIONS, CONTROL]);

durableContract("memory, by its format", async (collections) => {
  const store = withFormat(memoryDurable([...collections, CONTROL]), "control", 1);
  return { store, stop: () => store.close() };
});

describe("a store's format", () => {
  it("is written by the first version that uses it, and upgraded by a later one, which finds all that was there", async () => {
    const store = memory();
    await withFormat(store, "control", 1).update(upsert("a", fields({ rank: 1 })));
    expect(await formatOf(store)).toBe(1);
    const later = withFormat(store, "control", 2);
    expect(await later.get("things", "a")).toMatchObject({ rank: 1 });
    expect(await formatOf(store)).toBe(2);
  });

  it("of a newer version is refused to an older one, in every operation, and left as it is", async () => {
    const store = memory();
    await withFormat(store, "control", 2).update(upsert("a", fields({ rank: 1 })));
    const older = withFormat(store, "control", 1);
    for (const call of [
      () => older.ping(),
      () => older.get("things", "a"),
      () => older.update(upsert("a", fields({ rank: 2 }))),
      () => older.deleteMany("things", ["a"]),
    ]) {
      const error = await failure(call());
      expect(error).toBeInstanceOf(UnknownFormat);
      expect(error).toMatchObject({
        kind: "unavailable",
        applied: "no",
        message: expect.stringMatching(/format is 2 .* up to 1/),
      });
    }
    expect(await store.get("things", "a")).toMatchObject({ rank: 1 });
    expect(await formatOf(store)).toBe(2);
  });

  it("is looked at again where the store was away, and once only where it was there", async () => {
    const store = memory();
    let looks = 0;
    let away = true;
    const watched: DurableStore = {
      ...store,
      get: async (collection, key, options) => {
        if (collection === "control") looks += 1;
        if (away) throw unavailable("durable");
        return store.get(collection, key, options);
      },
    };
    const checked = withFormat(watched, "control", 1);
    expect(
      await failure(
        checked.find({
          collection: "things",
          filters: [],
          order: [{ field: "key", direction: "ascending" }],
          limit: 1,
        }),
      ),
    ).toMatchObject({ kind: "unavailable" });
    away = false;
    await Promise.all([checked.get("things", "a"), checked.get("things", "b")]);
    await checked.get("things", "c");
    expect(looks).toBe(2);
  });

  it("does not hold up a call whose signal fires", async () => {
    const never: DurableStore = { ...memory(), get: () => new Promise(() => {}) };
    const stop = new AbortController();
    const call = failure(withFormat(never, "control", 1).ping(stop.signal));
    stop.abort();
    expect(await call).toMatchObject({ kind: "cancelled", applied: "no" });
  });
});

describeWithMongo("a service on a MongoDB of a newer format", ({ uri, database }) => {
  it("does not start, and says what to do", async () => {
    const client = await MongoClient.connect(uri);
    onTestFinished(() => client.close());
    const control = client
      .db(database)
      .collection<{ _id: string; revision: number; number: number }>("control");
    await control.insertOne({ _id: "format", revision: 1, number: 999 });
    const env = { MONGODB_URI: uri, MONGODB_DATABASE: database };
    const started = startServer({ env }).then(async (server) => {
      await server.stop();
      return "it started";
    });
    await expect(started).rejects.toThrow(/format is 999 .* start the version that wrote it, or a newer one/);
    expect(await control.findOne({ _id: "format" })).toMatchObject({ number: 999 });
  });
});
