import { expect, it } from "vitest";
import { shortOf } from "./least.ts";
import type { Row } from "./row.ts";

const ROW: Row = {
  cell: "none",
  clients: 8,
  operations: 100,
  tasks: 100,
  schemas: 0,
  cache: 0,
  events: 0,
  writes: 40,
  acknowledged: 30,
  violations: [],
  unknown: 0,
  longestPauseMs: 0,
  recoveryMs: 0,
  proof: "fired",
};
const LEAST = { operations: 200, writeShare: 0.3, acknowledged: 30, clients: 8 };

it("a run with enough of everything is short of nothing", () => {
  expect(shortOf([ROW, ROW], LEAST)).toEqual([]);
});

it.each<[string, readonly Row[]]>([
  ["operations", [ROW]],
  ["writes", [ROW, { ...ROW, writes: 10 }]],
  ["acknowledged writes", [ROW, { ...ROW, acknowledged: 29 }]],
  ["clients", [ROW, { ...ROW, clients: 7 }]],
])("a run with too few %s is told so", (what, rows) => {
  expect(shortOf(rows, LEAST)).toEqual([expect.stringContaining(what)]);
});
