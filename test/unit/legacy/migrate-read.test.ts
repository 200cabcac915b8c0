import { ObjectId } from "mongodb";
import { describe, expect, it } from "vitest";
import { readSchema } from "../../../scripts/migrate/read-schema.ts";
import { nameOfKey, readTask } from "../../../scripts/migrate/read-task.ts";
import { isPattern } from "../../../src/adapters/ajv/is-pattern.ts";

const DRAFT_07 = "http://json-schema.org/draft-07/schema#";

function active(schema: unknown) {
  return readSchema({ import_name: "x", active_schema: schema }, isPattern).releases[0]?.document;
}

describe("a schema document of the original", () => {
  it.each([
    ["schema", "string", { extra: { minLength: "3" } }],
    ["schema", "STRING", { minLength: "3" }],
    ["$schema", "string", { extra: { minLength: 3 } }],
  ])("is read with %s and a property of type %j with %j", (key, type, keywords) => {
    expect(active({ [key]: DRAFT_07, type: "object", properties: { a: { type, ...keywords } } })).toEqual({
      $schema: DRAFT_07,
      type: "object",
      properties: { a: { type: "string", minLength: 3 } },
    });
  });

  it("that is a JSON Schema beyond the old shape is kept as it is", () => {
    const schema = {
      $schema: DRAFT_07,
      type: ["object", "null"],
      properties: { a: { items: {} } },
      title: "t",
    };
    expect(active(schema)).toEqual(schema);
    expect(active({ schema: DRAFT_07, title: "t" })).toEqual({ $schema: DRAFT_07, title: "t" });
  });

  it.each([
    [{ import_name: "x" }, "active_schema is missing"],
    [{ import_name: "x", active_schema: "text" }, "active_schema is no object"],
    [{ active_schema: {} }, "import_name is missing"],
    [{ import_name: "x", active_schema: {}, schemas_releases: {} }, "schemas_releases is no list"],
    [{ import_name: "x", active_schema: {}, created_at: 7 }, "created_at is no text"],
    [{ import_name: "x", active_schema: {}, schemas_releases: [null] }, "schemas_releases[0] is no object"],
    [{ import_name: "x", active_schema: { a: Symbol.iterator } }, "active_schema.a has no form in JSON"],
  ])("%j is not read: %s", (document, why) => {
    expect(() => readSchema(document, isPattern)).toThrow(why);
  });
});

describe("a task of the original", () => {
  const name = { task: "import", taskId: "1" };
  const document = { import_name: "sales", status: "accepted", code: 202, message: "m", data: { a: "1" } };

  it("in both stores is what Redis says, and the document where Redis says nothing", () => {
    const hash = { status: "completed", data: '{"b":"2"}' };
    expect(readTask(name, document, hash, undefined)).toMatchObject({
      ...{ status: "completed", code: 202, message: "m", data: { b: "2" }, importName: "sales" },
    });
  });

  it.each([
    [{ ...document, import_name: undefined, data: { import_name: "own" } }, "set", "own"],
    [{ ...document, import_name: undefined }, "set", "set"],
    [{ ...document, import_name: undefined }, undefined, "default"],
    [{ ...document, import_name: "", data: { import_name: "own" } }, "set", ""],
  ])("%j in the set %s belongs to %j", (fields, setOf, importName) => {
    expect(readTask(name, fields, undefined, setOf).importName).toBe(importName);
  });

  it("is as old as its document", () => {
    const _id = ObjectId.createFromTime(1_700_000_000);
    expect(readTask(name, { _id, ...document }, undefined, undefined).createTime).toBe(1_700_000_000_000);
  });

  it.each([
    ["import:task:1", { task: "import", taskId: "1" }],
    ["a:b:task:c:task:d", { task: "a:b", taskId: "c:task:d" }],
    ["import:import:sales:tasks", undefined],
  ])("has the key %s", (key, expected) => {
    expect(nameOfKey(key)).toEqual(expected);
  });
});
