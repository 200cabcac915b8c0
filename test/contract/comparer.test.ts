// The port `SchemaComparer` as a suite: the reasoning itself, and in the threads that the service gives it.
import { afterAll, describe, expect, it } from "vitest";
import { validatorInProcess } from "../../src/adapters/ajv/in-process.ts";
import { createSchemaComparer } from "../../src/domain/schemas/compatibility/comparer.ts";
import type { Json } from "../../src/json.ts";
import { openSchemaThreads } from "../../src/main/schema-threads.ts";
import { schemaText } from "./validator.ts";

const threads = openSchemaThreads({ workers: 1, heapMb: 128, jobMs: 10_000, queue: 10 });
afterAll(() => threads.close());

const BOTH = { backward: true, forward: true };
const older = schemaText({ type: "object", properties: { age: { type: "integer" } } });
const newer = schemaText({ type: "object", properties: { age: { type: "integer", minimum: 0 } } });

describe.each([
  ["where it is called", createSchemaComparer(validatorInProcess())],
  ["in threads", threads],
])("schemas are compared %s", (_, comparer) => {
  it("by class and by direction", async () => {
    expect(await comparer.judge(older, newer, BOTH)).toMatchObject({
      class: "FORWARD",
      backward: { kind: "refuted", obstacle: { pointer: "/properties/age/minimum", keyword: "minimum" } },
      forward: { kind: "included" },
    });
    expect(await comparer.judge(newer, older, BOTH)).toMatchObject({ class: "BACKWARD" });
  });

  it("change by change, with a patch and documents that show it", async () => {
    const explanation = await comparer.explain(older, newer);
    expect(explanation).toMatchObject({
      class: "FORWARD",
      changes: [{ class: "FORWARD", pointer: "/properties/age/minimum", keyword: "minimum" }],
      acceptedByNewerOnly: undefined,
      patch: [{ op: "add", path: "/properties/age/minimum", value: 0 }],
    });
    expect(explanation.acceptedByOlderOnly).toEqual(explanation.changes[0]?.counterExample);
    expect(explanation.acceptedByOlderOnly).toHaveProperty("age");
  });

  it("with keys of any text", async () => {
    const value = JSON.parse('{"__proto__": {"a": 1}}') as Json;
    const { patch } = await comparer.explain(schemaText({ const: 1 }), schemaText({ const: value }));
    expect(JSON.stringify(patch)).toBe('[{"op":"replace","path":"/const","value":{"__proto__":{"a":1}}}]');
  });
});

it("a pair that takes too long ends, and the next one is served", async () => {
  const limited = openSchemaThreads({ workers: 1, heapMb: 128, jobMs: 1_000, queue: 10 });
  // Thousands of definitions that all lead to each other, each of them changed.
  const count = 12_000;
  const tangle = (stride: number) => {
    const to = (i: number) => ({ $ref: `#/$defs/d${i % count}` });
    const $defs = Array.from({ length: count }, (_, i) => [
      `d${i}`,
      { allOf: [to(i + 1), to(i * stride + 1)] },
    ]);
    return schemaText({ ...to(0), $defs: Object.fromEntries($defs) as Json });
  };
  await expect(limited.explain(tangle(3), tangle(7))).rejects.toMatchObject({
    kind: "resource_exhausted",
    reason: "TOO_COMPLEX",
  });
  expect(await limited.judge(older, newer, BOTH)).toMatchObject({ class: "FORWARD" });
  await limited.close();
});
