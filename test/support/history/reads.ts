// T6, T7, and what a degraded answer promises: each answer by itself, against the final history.
import type { History, Operation, Revision, Violation } from "./operation.ts";
import { describe } from "./real-time.ts";

export function checkAnswers(
  key: string,
  operations: readonly Operation[],
  final: readonly Revision[],
  outages: History["durableOutages"],
): readonly Violation[] {
  const byRevision = new Map(final.map((entry) => [entry.revision, entry]));
  const starts = new Map<string | undefined, number>();
  for (const { op, wrote, start } of operations) {
    // A request may be sent again under its id: its effect cannot come before the first time.
    if (op === "write") starts.set(wrote, Math.min(start, starts.get(wrote) ?? start));
  }
  return operations.flatMap((operation) => {
    if (operation.end === undefined || operation.revision === undefined || operation.outcome === "failed")
      return [];
    return [
      ...checkContent(key, operation, operation.revision, byRevision, starts),
      ...checkMinRevision(key, operation, operation.revision),
      ...(operation.degraded ? checkDegraded(key, operation, operation.revision, operations, outages) : []),
    ];
  });
}

/** T7: whatever was shown is in the final history, and was not shown before somebody asked for it to be written. */
function checkContent(
  key: string,
  operation: Operation,
  revision: number,
  final: ReadonlyMap<number, Revision>,
  starts: ReadonlyMap<string | undefined, number>,
): readonly Violation[] {
  if (revision === 0) return [];
  const entry = final.get(revision);
  const phantom = (what: string): readonly Violation[] => [
    {
      invariant: "T7",
      name: "phantom",
      key,
      message: `${describe(operation)} shows revision ${revision}, ${what}`,
    },
  ];
  if (entry === undefined) return phantom("which never was");
  if (operation.value !== undefined && operation.value !== entry.value) {
    return phantom(`as ${operation.value}, but it is ${entry.value}`);
  }
  const written = starts.get(entry.value);
  if (written !== undefined && operation.end !== undefined && operation.end < written) {
    return phantom("before its write began");
  }
  return [];
}

/** T6. */
function checkMinRevision(key: string, operation: Operation, revision: number): readonly Violation[] {
  const { minRevision = 0 } = operation;
  if (operation.op !== "read" || revision >= minRevision) return [];
  const message = `${describe(operation)} shows revision ${revision}, though ${minRevision} was the least asked for`;
  return [{ invariant: "T6", name: "min_revision", key, message }];
}

/** T5: old only while the durable store is away, and never older than it says. */
function checkDegraded(
  key: string,
  operation: Operation,
  revision: number,
  operations: readonly Operation[],
  outages: History["durableOutages"],
): readonly Violation[] {
  const violations: Violation[] = [];
  const end = operation.end ?? Number.POSITIVE_INFINITY;
  if (outages !== undefined && !outages.some(({ from, until }) => from <= end && operation.start <= until)) {
    const message = `${describe(operation)} says degraded, while the durable store could be reached`;
    violations.push({ invariant: "T5", name: "needlessly_degraded", key, message });
  }
  const { asOf } = operation;
  if (asOf !== undefined) {
    const missed = operations.find(
      (o) =>
        o.op === "write" &&
        o.outcome === "ok" &&
        o.end !== undefined &&
        o.end < asOf &&
        (o.revision ?? 0) > revision,
    );
    if (missed !== undefined) {
      const message = `${describe(operation)} shows revision ${revision} as of ${asOf}, without ${describe(missed)}`;
      violations.push({ invariant: "T5", name: "as_of", key, message });
    }
  }
  return violations;
}
