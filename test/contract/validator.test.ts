import { expect, it, vi } from "vitest";
import { openSchemaThreads } from "../../src/main/schema-threads.ts";
import { describeDocumentValidator, schemaText } from "./validator.ts";

describeDocumentValidator("ajv", (limits) => openSchemaThreads({ workers: 1, heapMb: 256, ...limits }));

it("a job that needs more memory than a thread may have ends, and the next call is served", async () => {
  const validator = openSchemaThreads({ workers: 1, heapMb: 32, jobMs: 60_000, queue: 10 });
  // An error for each of a million items.
  const document = Array.from({ length: 1_000_000 }, () => 1);
  const call = validator.validate(schemaText({ items: { type: "string" } }), [document]);
  await expect(call).rejects.toMatchObject({ kind: "resource_exhausted", reason: "TOO_COMPLEX" });
  expect((await validator.check(schemaText({ type: "string" }))).problems).toEqual([]);
  await validator.close();
});

it("what took too much time is refused at once when it comes again, and tried again after a while", async () => {
  const validator = openSchemaThreads({ workers: 1, heapMb: 256, jobMs: 500, queue: 1 });
  try {
    const schema = schemaText({ uniqueItems: true });
    const slow = Array.from({ length: 100_000 }, (_, i) => ({ i }));
    const reasons = async () => {
      const calls = Array.from({ length: 4 }, () => validator.validate(schema, [slow]));
      const outcomes = await Promise.allSettled(calls);
      return outcomes.map((outcome) => outcome.status === "rejected" && outcome.reason.reason);
    };
    const again = ["TOO_COMPLEX", "TOO_COMPLEX", "TOO_COMPLEX", "TOO_COMPLEX"];
    // One works and one waits; there is no room for more, unless none comes to a thread.
    expect(await reasons()).toEqual(["TOO_COMPLEX", "TOO_COMPLEX", "OVERLOADED", "OVERLOADED"]);
    expect(await reasons()).toEqual(again);
    expect(await validator.validate(schema, [[1, 2]])).toEqual([{ valid: true, errors: [] }]);
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + 6_000);
    expect(await reasons()).not.toEqual(again);
  } finally {
    await validator.close();
    vi.restoreAllMocks();
  }
});
