import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { memoryDurable } from "../../src/adapters/memory/durable.ts";
import { openSqlite } from "../../src/adapters/sqlite/durable.ts";
import type { DurableStore, Update } from "../../src/ports/durable-store.ts";
import { amend, COLLECTIONS, upsert } from "./durable/harness.ts";

type Call = (store: DurableStore) => Promise<unknown>;

const key = fc.constantFrom("a", "b");
const rank = fc.nat(3);
/** Of what is light, of what is heavy, and of what holds or does not. */
const update: fc.Arbitrary<Update> = fc.oneof(
  fc.tuple(key, rank).map(([k, n]) => upsert(k, { set: [[["rank"], n]] })),
  fc.tuple(key, rank).map(([k, n]) => upsert(k, { push: [{ path: ["log"], value: n, keepLast: 3 }] })),
  fc.tuple(key, rank).map(([k, n]) => amend(k, { set: [[["bulk", "n"], n]] })),
  fc.tuple(key, rank).map(([k, n]) => amend(k, { increment: [[["rank"], n]], keepRevision: true })),
  fc.tuple(key, rank).map(([k, n]) => amend(k, {}, [{ path: ["rank"], test: "equals", value: n }])),
  fc.tuple(key, rank).map(([k, n]) => amend(k, {}, [{ path: ["bulk", "n"], test: "equals", value: n }])),
  key.map((k) => amend(k, { unset: [["bulk"]] })),
);
const call: fc.Arbitrary<Call> = fc.oneof(
  {
    weight: 8,
    arbitrary: update.map(
      (one): Call =>
        (store) =>
          store.update(one),
    ),
  },
  {
    weight: 1,
    arbitrary: key.map(
      (k): Call =>
        (store) =>
          store.deleteMany("things", [k]),
    ),
  },
  {
    weight: 1,
    arbitrary: key.map(
      (k): Call =>
        (store) =>
          store.insertMany("things", [{ key: k, log: [9] }]),
    ),
  },
);

it("calls that meet in one transaction come out as if each had come alone", async () => {
  const directory = await mkdtemp(join(tmpdir(), "dbconn-sqlite-"));
  const store = await openSqlite({ directory, collections: COLLECTIONS });
  try {
    const batch = fc.array(call, { minLength: 1, maxLength: 20 });
    const property = fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 3 }), async (batches) => {
      const alone = memoryDurable(COLLECTIONS);
      await store.deleteMany("things", ["a", "b"]);
      for (const calls of batches) {
        const { commits } = store.stats();
        const together = await Promise.all(calls.map((one) => one(store)));
        expect(store.stats().commits).toBeLessThanOrEqual(commits + 1);
        for (const [at, one] of calls.entries()) expect(together[at]).toEqual(await one(alone));
        for (const k of ["a", "b"]) {
          const options = { whole: true };
          expect(await store.get("things", k, options)).toEqual(await alone.get("things", k, options));
        }
      }
      await alone.close();
    });
    await fc.assert(property, { numRuns: 150 });
  } finally {
    await store.close();
    await rm(directory, { recursive: true });
  }
});
