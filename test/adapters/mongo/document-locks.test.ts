import { MongoClient } from "mongodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DocumentLocks, type Lock } from "../../../src/adapters/mongo/document-locks.ts";
import { openMongo } from "../../../src/adapters/mongo/durable.ts";
import { COLLECTIONS, upsert } from "../../contract/durable/harness.ts";
import { describeWithMongo } from "../../support/real-stores.ts";
import { until } from "../../support/until.ts";

/** More than anything takes here that ends. */
const PATIENCE_MS = 10_000;

describeWithMongo("locks of documents that processes share", ({ uri, database }) => {
  const client = new MongoClient(uri);
  const collection = client.db(database).collection<Lock>("turns");

  beforeAll(async () => {
    await client.connect();
  });

  afterAll(() => client.close());

  it("let one at a time work on a document, within and across processes", async () => {
    const holders = [0, 1, 2].map(() => new DocumentLocks(() => collection, PATIENCE_MS));
    let working = 0;
    let most = 0;
    let done = 0;
    await Promise.all(
      Array.from({ length: 90 }, (_, at) =>
        holders[at % 3]?.run("a", async () => {
          working += 1;
          most = Math.max(most, working);
          await new Promise(setImmediate);
          working -= 1;
          done += 1;
        }),
      ),
    );
    expect([done, most]).toEqual([90, 1]);
    await Promise.all(holders.map((locks) => locks.idle()));
    expect(await collection.countDocuments()).toBe(0);
  });

  it("pass on what the work answers and throws, and go on after it", async () => {
    const locks = new DocumentLocks(() => collection, PATIENCE_MS);
    const failing = locks.run("b", () => Promise.reject(new Error("mine")));
    const next = locks.run("b", async () => "answer");
    await expect(failing).rejects.toThrow("mine");
    expect(await next).toBe("answer");
  });

  it("do not make different documents wait for each other", async () => {
    const locks = new DocumentLocks(() => collection, PATIENCE_MS);
    const { promise, resolve } = Promise.withResolvers<void>();
    const held = locks.run("c", () => promise);
    await locks.run("d", async () => undefined);
    resolve();
    await held;
  });

  it("take over from a holder that is gone", async () => {
    await collection.insertOne({ _id: "e", holder: "killed" });
    const locks = new DocumentLocks(() => collection, PATIENCE_MS);
    expect(await locks.run("e", async () => "mine")).toBe("mine");
    await locks.idle();
    expect(await collection.findOne({ _id: "e" })).toBe(null);
  });

  it("that could not be given back are given back when the server answers again", async () => {
    let refused = 0;
    const failingOnce = new Proxy(collection, {
      get(target, name) {
        if (name === "deleteOne" && refused++ === 0)
          return () => Promise.reject(new Error("the server is away"));
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    const locks = new DocumentLocks(() => failingOnce, PATIENCE_MS);
    await locks.run("f", async () => undefined);
    await locks.idle();
    expect(await collection.countDocuments({ _id: "f" })).toBe(1);
    await until(
      () => collection.countDocuments({ _id: "f" }),
      (count) => count === 0,
    );
  });

  it("go on past a command that never ends", async () => {
    let asked = 0;
    const hangingOnce = new Proxy(collection, {
      get(target, name) {
        if (name === "insertOne" && asked++ === 0) return () => new Promise(() => {});
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    const locks = new DocumentLocks(() => hangingOnce, 500);
    const stuck = locks.run("g", async () => "never");
    await expect(stuck).rejects.toThrow("cannot be reached");
    expect(await locks.run("g", async () => "done")).toBe("done");
    await locks.idle();
  });

  it("go on past work that never ends", async () => {
    const locks = new DocumentLocks(() => collection, 500);
    const stuck = locks.run("h", () => new Promise(() => {}));
    const next = locks.run("h", async () => "done");
    await expect(stuck).rejects.toThrow("cannot be reached");
    expect(await next).toBe("done");
    await locks.idle();
  });

  it("refuse the work when the server cannot be asked", async () => {
    const gone = new MongoClient("mongodb://127.0.0.1:1/", { serverSelectionTimeoutMS: 50 });
    const locks = new DocumentLocks(() => gone.db("x").collection<Lock>("locks"), PATIENCE_MS);
    await expect(locks.run("a", async () => "never")).rejects.toThrow();
    await gone.close();
  });
});

describeWithMongo("two stores on one server", ({ uri, database }) => {
  describe("writing the same document", () => {
    it("lose none of 200 concurrent merges", async () => {
      const stores = await Promise.all(
        [0, 1].map(() => openMongo({ uri, database, collections: COLLECTIONS })),
      );
      const results = await Promise.all(
        Array.from({ length: 200 }, (_, at) =>
          stores[at % 2]?.update(
            upsert("a", {
              set: [[["data", `k${at}`], at]],
              push: [{ path: ["requests"], value: { id: `r${at}` }, keepLast: 16 }],
            }),
          ),
        ),
      );
      const revisions = results.map((result) => Number(result?.document?.revision)).sort((a, b) => a - b);
      expect(revisions).toEqual(Array.from({ length: 200 }, (_, at) => at + 1));
      const document = await stores[0]?.get("things", "a");
      expect(Object.keys(document?.data as object)).toHaveLength(200);
      expect(document?.requests).toHaveLength(16);
      await Promise.all(stores.map((store) => store.close()));
    });
  });
});
