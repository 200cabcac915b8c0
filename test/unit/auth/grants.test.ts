import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Grants, parseScope } from "../../../src/auth/grants.ts";
import { NameSet } from "../../../src/names.ts";

describe("a scope", () => {
  it.each([
    "task:read",
    "task:write:import-*",
    "schema:admin:orders",
    "cache:read:*",
    "status:read",
    "task:read:a:b",
  ])("is %s", (text) => expect(parseScope(text)).toBeDefined());

  it.each([
    "",
    "task",
    "task:",
    "task:all",
    "tasks:read",
    "task:read:",
    "task:read:*x",
    "task:read:a*b",
    "task:read:a**",
    "TASK:read",
    "task:read:a b",
    "status:read:hot",
    "task:read\n",
    "__proto__:read",
    "task:constructor",
  ])("is not %j", (text) => expect(parseScope(text)).toBeUndefined());
});

describe("grants", () => {
  const grants = new Grants([
    "task:write:import-*",
    "task:read:export",
    "cache:admin:user",
    "no scope at all",
  ]);

  it("hold what was granted, and what it includes", () => {
    expect(grants.names("task", "write").has("import-1")).toBe(true);
    expect(grants.names("task", "read").has("import-1")).toBe(true);
    expect(grants.names("task", "read").has("export")).toBe(true);
    expect(grants.names("cache", "write").has("user")).toBe(true);
  });

  it("hold nothing else", () => {
    expect(grants.names("task", "admin").isEmpty).toBe(true);
    expect(grants.names("task", "write").has("export")).toBe(false);
    expect(grants.names("task", "read").has("exports")).toBe(false);
    expect(grants.names("schema", "read").isEmpty).toBe(true);
    expect(grants.names("status", "read").isEmpty).toBe(true);
  });
});

describe("a set of names", () => {
  const char = fc.constantFrom("a", "b", ":");
  const name = fc.string({ unit: char, minLength: 1, maxLength: 4 }).map((text) => `a${text}`);
  const pattern = fc.oneof(
    name,
    name.map((text) => `${text}*`),
  );
  const patterns = fc.array(pattern, { maxLength: 6 });
  const matches = (text: string, p: string) =>
    p.endsWith("*") ? text.startsWith(p.slice(0, -1)) : text === p;

  it("has what one of its patterns matches, once", () => {
    fc.assert(
      fc.property(patterns, name, (given, text) => {
        const set = NameSet.of(given);
        expect(set.has(text)).toBe(given.some((p) => matches(text, p)));
        const parts = [
          ...set.names.filter((own) => own === text),
          ...set.prefixes.filter((p) => text.startsWith(p)),
        ];
        expect(parts.length).toBe(set.has(text) ? 1 : 0);
      }),
    );
  });

  it("can be cut down to what begins with a prefix", () => {
    fc.assert(
      fc.property(patterns, name, name, (given, prefix, text) => {
        const cut = NameSet.of(given).beginningWith(prefix);
        expect(cut.has(text)).toBe(NameSet.of(given).has(text) && text.startsWith(prefix));
      }),
    );
  });
});
