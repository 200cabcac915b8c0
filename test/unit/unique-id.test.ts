import { expect, it } from "vitest";
import { uniqueId } from "../../src/main/unique-id.ts";

it("unique ids are never the same, and safe in keys and headers", () => {
  const ids = Array.from({ length: 1_000 }, uniqueId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{16}$/);
});
