import { expect, it } from "vitest";
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
