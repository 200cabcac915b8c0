import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqlite, type SqliteDurable } from "../../src/adapters/sqlite/durable.ts";
import { Lane } from "../../src/adapters/sqlite/lane.ts";
import type { CollectionSpec } from "../../src/ports/durable-store.ts";
import { amend, COLLECTIONS, failure, fields, upsert } from "./durable/harness.ts";

let directory = "";
const opened: SqliteDurable[] = [];
const children: ChildProcess[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "dbconn-sqlite-"));
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    }
  }
  await Promise.all(opened.splice(0).map((store) => store.close()));
  await rm(directory, { recursive: true });
});

async function open(collections: readonly CollectionSpec[] = COLLECTIONS): Promise<SqliteDurable> {
  const store = await openSqlite({ directory, collections });
  opened.push(store);
  return store;
}

/** Starts the writing program and reads its acknowledged writes; resolves with the reader when it is open. */
async function writerProcess(): Promise<{ child: ChildProcess; lines: AsyncIterator<string> }> {
  const program = fileURLToPath(new URL("./sqlite.writer.ts", import.meta.url));
  const child = spawn(process.execPath, [program, directory], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe("open");
  return { child, lines };
}

describe("the embedded durable store", () => {
  it("keeps documents, revisions and the order of changes over a restart", async () => {
    const first = await open();
    await first.update(upsert("a", fields({ rank: 1, bulk: { x: 1 } })));
    const { cursor } = await first.changes("things", undefined, 10);
    await first.update(amend("a", fields({ rank: 2 })));
    await first.close();

    const second = await open();
    expect(await second.get("things", "a", { whole: true })).toEqual({
      key: "a",
      revision: 2,
      rank: 2,
      bulk: { x: 1 },
    });
    await second.update(upsert("b", {}));
    const { documents } = await second.changes("things", cursor, 10);
    expect(documents.map(({ key }) => key)).toEqual(["a", "b"]);
  });

  it("loses no acknowledged write when its process is killed, and frees the directory", async () => {
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < 3; round += 1) {
      const { child, lines } = await writerProcess();
      const ended = once(child, "exit");
      let count = 0;
      for (let line = await lines.next(); !line.done; line = await lines.next()) {
        // The kill may cut the last line short.
        const [, key, revision] = /^(w\d+) (\d+)$/.exec(line.value) ?? [];
        if (key !== undefined) acknowledged.set(key, Number(revision));
        count += 1;
        if (count === 200) child.kill("SIGKILL");
      }
      await ended;
      expect(count).toBeGreaterThanOrEqual(200);

      const store = await open();
      for (const [key, revision] of acknowledged) {
        const document = await store.get("things", key);
        expect(document?.revision).toBeGreaterThanOrEqual(revision);
      }
      await store.close();
    }
  });

  it("refuses a directory that another process uses, naming it and its setting", async () => {
    const { child } = await writerProcess();
    const error = await failure(openSqlite({ directory, collections: COLLECTIONS }));
    expect(error.kind).toBe("unavailable");
    expect(error.message).toContain(directory);
    expect(error.message).toContain("DATA_DIR");
    expect(error.message).toContain("another process uses it");
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    await open();
  });

  it("refuses a second store on the same directory in the same process until the first is closed", async () => {
    const first = await open();
    expect((await failure(openSqlite({ directory, collections: COLLECTIONS }))).message).toContain(
      "DATA_DIR",
    );
    expect((await first.update(upsert("a", {}))).outcome).toBe("applied");
    await first.close();
    await open();
  });

  it("refuses a directory that cannot be made, naming it", async () => {
    const error = await failure(openSqlite({ directory: "/dev/null/data", collections: COLLECTIONS }));
    expect(error.kind).toBe("unavailable");
    expect(error.message).toContain("/dev/null/data");
  });

  it("refuses a database that a newer version wrote", async () => {
    await (await open()).close();
    const database = new DatabaseSync(join(directory, "dbconn.sqlite"));
    database.exec("UPDATE meta SET value = 999 WHERE name = 'format'");
    database.close();
    const error = await failure(openSqlite({ directory, collections: COLLECTIONS }));
    expect(error.message).toMatch(/storage format is 999/);
  });

  it("fills the column of a field that is declared later", async () => {
    const before = await open([{ name: "things", fields: {}, indexes: [], heavy: [] }]);
    await before.insertMany("things", [
      { key: "a", group: "g", rank: 3, done: true },
      { key: "b", group: "h", rank: 4, done: false },
    ]);
    await before.close();
    const after = await open();
    const filters = [
      { field: "group", in: ["g", "h"] },
      { field: "rank", from: 3, below: 4 },
      { field: "done", equals: true },
    ];
    const order = [{ field: "key", direction: "ascending" }] as const;
    const found = await after.find({ collection: "things", filters, order, limit: 10 });
    expect(found.map(({ key }) => key)).toEqual(["a"]);
  });

  it("puts the writes of 48 concurrent writers into few commits", async () => {
    const store = await open();
    await Promise.all(
      Array.from({ length: 48 }, async (_, writer) => {
        for (let rank = 0; rank < 10; rank += 1) await store.update(upsert(`w${writer}`, fields({ rank })));
      }),
    );
    const { commits, writes } = store.stats();
    expect(writes).toBe(480);
    expect(writes / commits).toBeGreaterThan(5);
  });

  it("commits nothing for refused updates", async () => {
    const store = await open();
    await store.update(upsert("a", {}));
    const before = store.stats();
    await store.update(amend("a", {}, [{ path: ["x"], test: "equals", value: 1 }]));
    await store.update(amend("absent", {}));
    expect(store.stats()).toEqual(before);
  });

  it("finishes accepted writes when it closes", async () => {
    const store = await open();
    const writes = Array.from({ length: 30 }, (_, at) => store.update(upsert(`k${at}`, {})));
    await store.close();
    expect((await Promise.all(writes)).every(({ outcome }) => outcome === "applied")).toBe(true);
  });

  it("lists a page by its index, without sorting", async () => {
    const store = await open();
    await store.update(upsert("a", fields({ group: "g", state: "A", rank: 1 })));
    await store.close();
    const { findSql } = await import("../../src/adapters/sqlite/sql.ts");
    const database = new DatabaseSync(join(directory, "dbconn.sqlite"));
    const order = [
      { field: "rank", direction: "descending" },
      { field: "key", direction: "ascending" },
    ] as const;
    const group = { field: "group", equals: "g" };
    for (const query of [
      { filters: [group], order },
      { filters: [group], order, after: [3, "k"] },
      { filters: [group, { field: "state", equals: "A" }], order, after: [3, "k"] },
    ]) {
      const { text, parameters } = findSql({ collection: "things", limit: 10, ...query });
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${text}`).all(...parameters);
      const details = plan.map(({ detail }) => String(detail)).join("; ");
      expect(details).toContain("USING INDEX things(group");
      expect(details).not.toContain("TEMP B-TREE");
    }
    database.close();
  });
});

describe("a storage thread that ends by itself", () => {
  /** Opens at once; ends without an answer on the first batch of each life but the last. */
  const MORTAL = `
    const { parentPort, workerData } = require("node:worker_threads");
    parentPort.postMessage({ type: "opened" });
    parentPort.on("message", ({ type, calls }) => {
      if (type === "close") return parentPort.close();
      if (workerData.dies) process.exit(1);
      parentPort.postMessage({ type: "answers", answers: calls.map(() => ({ answer: null })), writes: 0 });
    });`;

  async function mortal(mutates: boolean): Promise<{ lane: Lane; reborn: Promise<unknown> }> {
    let lives = 0;
    const { promise: reborn, resolve } = Promise.withResolvers<unknown>();
    const lane = new Lane(() => {
      lives += 1;
      const worker = new Worker(MORTAL, { eval: true, workerData: { dies: lives === 1 } });
      if (lives === 2) worker.once("message", resolve);
      return worker;
    }, mutates);
    await lane.open();
    return { lane, reborn };
  }

  it("fails what was on its way as unknown, is unavailable, and comes back", async () => {
    const { lane, reborn } = await mortal(true);
    const lost = await failure(lane.call("ping", null));
    expect([lost.kind, lost.applied]).toEqual(["unavailable", "unknown"]);
    const meanwhile = await failure(lane.call("ping", null));
    expect([meanwhile.kind, meanwhile.applied]).toEqual(["unavailable", "no"]);
    await reborn;
    expect(await lane.call("ping", null)).toBe(null);
    await lane.close();
  });

  it("fails reads as not applied", async () => {
    const { lane } = await mortal(false);
    expect((await failure(lane.call("ping", null))).applied).toBe("no");
    await lane.close();
  });

  it("sheds calls beyond its queue, which were not applied", async () => {
    const { lane } = await mortal(true);
    const calls = Array.from({ length: 10_001 }, () => failure(lane.call("ping", null)));
    const errors = await Promise.all(calls);
    const shed = errors.filter(({ reason }) => reason === "OVERLOADED");
    expect(shed.map(({ kind, applied }) => [kind, applied])).toEqual([["resource_exhausted", "no"]]);
    await lane.close();
  });

  it("says no for a signal that fires while the call waits, unknown once it was sent", async () => {
    const { lane } = await mortal(true);
    const controller = new AbortController();
    const sent = lane.call("ping", null, controller.signal);
    const sentFailure = failure(sent);
    await new Promise(setImmediate);
    const waiting = failure(lane.call("ping", null, controller.signal));
    controller.abort();
    expect((await sentFailure).applied).toBe("unknown");
    expect((await waiting).applied).toBe("no");
    await lane.close();
  });
});
