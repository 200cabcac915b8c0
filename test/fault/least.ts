// A run without violations says something only where enough was tried.
import type { Row } from "./row.ts";

export interface Least {
  /** In all. */
  readonly operations: number;
  /** Of all operations. */
  readonly writeShare: number;
  /** Writes in each cell. */
  readonly acknowledged: number;
  /** In each cell, on the same few tasks. */
  readonly clients: number;
}

export const LEAST: Least = { operations: 200_000, writeShare: 0.3, acknowledged: 100, clients: 8 };

/** What a run has too little of, in words. */
export function shortOf(rows: readonly Row[], least: Least): readonly string[] {
  const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0);
  const operations = sum((row) => row.operations);
  const share = operations === 0 ? 0 : sum((row) => row.writes) / operations;
  const found: string[] = [];
  if (operations < least.operations)
    found.push(`${operations} operations in all, of at least ${least.operations}`);
  if (share < least.writeShare)
    found.push(`${(share * 100).toFixed(1)} % writes, of at least ${least.writeShare * 100} %`);
  for (const { cell, acknowledged, clients } of rows) {
    if (acknowledged < least.acknowledged)
      found.push(`${cell}: ${acknowledged} acknowledged writes, of at least ${least.acknowledged}`);
    if (clients < least.clients) found.push(`${cell}: ${clients} clients, of at least ${least.clients}`);
  }
  return found;
}
