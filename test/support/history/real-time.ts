// T4 and T5. The durable store orders the writes of one object by revision. A history is linearizable in that order
// exactly when no call shows a revision below one that was shown before the call began, and no write gets a revision
// at or below such a one: the search of the general case is not needed.
import type { Operation, Violation } from "./operation.ts";

interface Shown {
  readonly revision: number;
  /** Who showed it, for the message. */
  readonly by: Operation;
}

/** The operations of one key whose answers must fit into real time. */
export function checkRealTime(key: string, operations: readonly Operation[]): readonly Violation[] {
  const answered = operations.filter(showsNow);
  const byEnd = answered.toSorted((a, b) => endOf(a) - endOf(b));
  const byStart = operations
    .filter((o) => o.revision !== undefined && showsNow(o))
    .toSorted((a, b) => a.start - b.start);
  const violations: Violation[] = [];
  let at = 0;
  let acknowledged: Shown | undefined;
  let revealed: Shown | undefined;
  for (const operation of byStart) {
    for (
      let before = byEnd[at];
      before !== undefined && endOf(before) < operation.start;
      before = byEnd[++at]
    ) {
      const shown = { revision: before.revision ?? 0, by: before };
      if (isAcknowledgement(before)) acknowledged = higher(acknowledged, shown);
      else revealed = higher(revealed, shown);
    }
    const violation = judge(key, operation, acknowledged, revealed);
    if (violation !== undefined) violations.push(violation);
  }
  return violations;
}

/** Degraded answers may be old; they count for nobody. */
function showsNow(o: Operation): boolean {
  return (
    o.end !== undefined &&
    o.outcome !== undefined &&
    o.outcome !== "failed" &&
    !o.degraded &&
    o.revision !== undefined
  );
}

function isAcknowledgement(o: Operation): boolean {
  return o.op === "write" && (o.outcome === "ok" || o.outcome === "replayed");
}

function judge(
  key: string,
  operation: Operation,
  acknowledged: Shown | undefined,
  revealed: Shown | undefined,
): Violation | undefined {
  const revision = operation.revision ?? 0;
  const tooLow = (before: Shown | undefined) =>
    before !== undefined &&
    (isNew(operation, before.by) ? revision <= before.revision : revision < before.revision);
  const name = tooLow(acknowledged) ? "stale" : tooLow(revealed) ? "inversion" : undefined;
  const before = name === "stale" ? acknowledged : revealed;
  if (name === undefined || before === undefined) return undefined;
  return {
    invariant: operation.op === "read" && operation.consistency === "fast" ? "T5" : "T4",
    name,
    key,
    message:
      `${describe(operation)} shows revision ${revision}, ` +
      `though ${describe(before.by)} had ${name === "stale" ? "acknowledged" : "shown"} ${before.revision}`,
  };
}

/** A write that was applied made its revision; but what was shown before may have been the same request's. */
function isNew(o: Operation, before: Operation): boolean {
  if (o.op !== "write" || o.outcome !== "ok") return false;
  return o.requestId === undefined || (before.requestId !== undefined && before.requestId !== o.requestId);
}

function higher(a: Shown | undefined, b: Shown): Shown {
  return a !== undefined && a.revision >= b.revision ? a : b;
}

function endOf(o: Operation): number {
  return o.end ?? Number.POSITIVE_INFINITY;
}

export function describe(o: Operation): string {
  const what = o.op === "read" ? `${o.consistency ?? ""} read` : `write ${o.wrote ?? ""}`;
  return `${o.client}'s ${what} [${o.start}, ${o.end ?? "never"}]`;
}
