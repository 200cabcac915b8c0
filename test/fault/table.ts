// The rows of a run as one table of text.
import type { Row } from "./row.ts";

const HEADER = [
  "fault",
  "clients",
  "operations",
  "tasks",
  "schemas",
  "cache",
  "watched",
  "writes",
  "acknowledged",
  "violations",
  "unknown",
  "pause ms",
  "recovery ms",
  "fired",
];

export function table(rows: readonly Row[]): string {
  const sum = (of: (row: Row) => number) => String(rows.reduce((total, row) => total + of(row), 0));
  const lines = [
    HEADER,
    ...rows.map(line),
    [
      "all",
      "",
      sum((row) => row.operations),
      sum((row) => row.tasks),
      sum((row) => row.schemas),
      sum((row) => row.cache),
      sum((row) => row.events),
      sum((row) => row.writes),
      sum((row) => row.acknowledged),
      sum((row) => row.violations.length),
      sum((row) => row.unknown),
    ],
  ];
  const widths = HEADER.map((_, column) => Math.max(...lines.map((cells) => (cells[column] ?? "").length)));
  return lines
    .map((cells) =>
      cells
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function line(row: Row): readonly string[] {
  return [
    row.cell,
    String(row.clients),
    String(row.operations),
    String(row.tasks),
    String(row.schemas),
    String(row.cache),
    String(row.events),
    String(row.writes),
    String(row.acknowledged),
    countByInvariant(row),
    String(row.unknown),
    row.longestPauseMs.toFixed(0),
    row.recoveryMs.toFixed(0),
    row.proof,
  ];
}

/** `0`, or such as `T1:2 T5:1`. */
function countByInvariant({ violations }: Row): string {
  if (violations.length === 0) return "0";
  const groups = Map.groupBy(violations, ({ invariant }) => invariant);
  return [...groups].map(([invariant, { length }]) => `${invariant}:${length}`).join(" ");
}
