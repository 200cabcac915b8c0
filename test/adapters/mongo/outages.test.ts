import { afterEach, beforeEach, expect, it } from "vitest";
import { type FerretProcess, startFerret } from "../../../scripts/stores/ferret.ts";
import { freePort } from "../../../scripts/stores/store-process.ts";
import { openMongo } from "../../../src/adapters/mongo/durable.ts";
import type { ServiceError } from "../../../src/errors.ts";
import type { DurableStore } from "../../../src/ports/durable-store.ts";
import { amend, COLLECTIONS, failure, fields, upsert } from "../../contract/durable/harness.ts";
import { describeWithTools } from "../../support/real-stores.ts";

describeWithTools("the durable store while its server comes and goes", ["ferretdb"], () => {
  let server: FerretProcess;
  const opened: DurableStore[] = [];

  beforeEach(async () => {
    server = await startFerret();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
    await server.stop();
  });

  async function open(uri = server.uri): Promise<DurableStore> {
    const store = await openMongo({
      uri,
      database: "outages",
      collections: COLLECTIONS,
      serverSelectionTimeoutMs: 300,
      connectTimeoutMs: 300,
    });
    opened.push(store);
    return store;
  }

  /** Calls until one succeeds; the monitor of the driver is what is waited for. */
  async function reachable(store: DurableStore): Promise<void> {
    for (;;) {
      if (
        await store.ping().then(
          () => true,
          () => false,
        )
      )
        return;
      await new Promise(setImmediate);
    }
  }

  /** Calls until the server is known to be away. */
  async function away(store: DurableStore): Promise<void> {
    while (
      await store.ping().then(
        () => true,
        () => false,
      )
    )
      await new Promise(setImmediate);
  }

  it("opens and answers unavailable while nothing listens, then works when the server comes", async () => {
    await server.kill();
    const store = await open();
    for (const call of [store.get("things", "a"), store.update(upsert("a", {})), store.ping()]) {
      const error = await failure(call);
      expect([error.kind, error.reason, error.applied]).toEqual([
        "unavailable",
        "DURABLE_STORE_UNAVAILABLE",
        "no",
      ]);
    }
    await server.restart();
    await reachable(store);
    expect((await store.update(upsert("a", {}))).outcome).toBe("applied");
  });

  it("closes while nothing listens", async () => {
    const store = await open(`mongodb://127.0.0.1:${await freePort()}/`);
    const call = failure(store.ping());
    await store.close();
    expect((await call).kind).toBe("unavailable");
  });

  it("comes back by itself after the server was killed, with every acknowledged write", async () => {
    const store = await open();
    const acknowledged: number[] = [];
    const failed: ServiceError[] = [];
    let killed = false;
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let at = writer * 1000; ; at += 1) {
        try {
          await store.update(upsert(`w${writer}`, { push: [{ path: ["log"], value: at }] }));
          acknowledged.push(at);
        } catch (error) {
          failed.push(error as ServiceError);
          return;
        }
        if (acknowledged.length >= 60 && !killed) {
          killed = true;
          await server.kill();
        }
      }
    });
    await Promise.all(writers);
    expect(failed.map(({ kind }) => kind)).toEqual(Array(8).fill("unavailable"));
    await away(store);
    const error = await failure(store.update(amend("w0", {})));
    expect(error.applied).toBe("no");

    await server.restart();
    await reachable(store);
    const documents = await store.getMany(
      "things",
      Array.from({ length: 8 }, (_, at) => `w${at}`),
      {
        whole: true,
      },
    );
    const kept = documents.flatMap(({ log }) => log as number[]);
    expect(kept).toEqual(expect.arrayContaining(acknowledged));
    // Beyond what was acknowledged there is at most the one write that each writer had on its way.
    expect(new Set(kept).size).toBe(kept.length);
    expect(kept.length).toBeLessThanOrEqual(
      acknowledged.length + failed.filter((e) => e.applied === "unknown").length,
    );
  });

  it("answers by the caller's deadline while the server hangs: unknown for a write that was sent", async () => {
    const store = await open();
    await store.update(upsert("a", fields({ rank: 1 })));
    server.pause();
    const read = failure(store.get("things", "a", { signal: AbortSignal.timeout(100) }));
    const write = failure(store.deleteMany("things", ["b"], AbortSignal.timeout(100)));
    expect([(await read).kind, (await read).applied]).toEqual(["deadline_exceeded", "no"]);
    expect([(await write).kind, (await write).applied]).toEqual(["deadline_exceeded", "unknown"]);
    server.resume();
    await reachable(store);
    expect((await store.get("things", "a"))?.rank).toBe(1);
  });
});
