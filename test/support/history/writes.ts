// T1, T2, T3, T8 and E1: what was written, against what the durable store holds in the end.
import type { Operation, Revision, Violation } from "./operation.ts";
import { describe } from "./real-time.ts";

export function checkWrites(
  key: string,
  operations: readonly Operation[],
  final: readonly Revision[],
  legal: ((from: string, to: string) => boolean) | undefined,
): readonly Violation[] {
  const writes = operations.filter((o) => o.op === "write");
  const made = new Made(final);
  return [
    ...checkNumbers(key, writes, final),
    ...checkOnce(key, final),
    ...writes.flatMap((write) => checkOutcome(key, write, made)),
    ...(legal === undefined ? [] : checkTransitions(key, final, legal)),
  ];
}

/** T2: 1..n without gap or repeat, and one writer each. */
function checkNumbers(
  key: string,
  writes: readonly Operation[],
  final: readonly Revision[],
): readonly Violation[] {
  const violations: Violation[] = [];
  final.forEach(({ revision }, index) => {
    if (revision !== index + 1) {
      violations.push({
        invariant: "T2",
        name: "gap",
        key,
        message: `revision ${revision} stands at place ${index + 1}`,
      });
    }
  });
  const writers = new Map<number, Operation>();
  for (const write of writes) {
    if (write.outcome !== "ok" || write.revision === undefined) continue;
    const other = writers.get(write.revision);
    // Calls of one request are one write: after a lost answer nobody can tell whose call it was.
    if (other !== undefined && (write.requestId === undefined || write.requestId !== other.requestId)) {
      const message = `${describe(other)} and ${describe(write)} both made revision ${write.revision}`;
      violations.push({ invariant: "T2", name: "shared_revision", key, message });
    }
    writers.set(write.revision, write);
  }
  return violations;
}

/** An id is remembered for that many mutations of its object. */
const WINDOW = 128;

/** T1: nothing is applied twice within its window. */
function checkOnce(key: string, final: readonly Revision[]): readonly Violation[] {
  const violations: Violation[] = [];
  for (const field of ["requestId", "value"] as const) {
    const seen = new Map<string, number>();
    for (const entry of final) {
      const id = entry[field];
      if (id === undefined) continue;
      const earlier = seen.get(id);
      if (earlier !== undefined && entry.revision - earlier <= WINDOW) {
        const message = `${field} ${id} made revisions ${earlier} and ${entry.revision}`;
        violations.push({ invariant: "T1", name: "twice", key, message });
      }
      seen.set(id, entry.revision);
    }
  }
  return violations;
}

/** Revisions by content and by request. Past its window a request that is repeated makes another one. */
class Made {
  readonly #byValue: ReadonlyMap<string | undefined, readonly Revision[]>;
  readonly #byRequest: ReadonlyMap<string | undefined, readonly Revision[]>;

  constructor(final: readonly Revision[]) {
    this.#byValue = Map.groupBy(final, ({ value }) => value);
    this.#byRequest = Map.groupBy(final, ({ requestId }) => requestId);
  }

  /** The one with the number, where there are several. */
  ofValue(value: string | undefined, number?: number): Revision | undefined {
    return choose(this.#byValue.get(value), number);
  }

  ofRequest(requestId: string, number?: number): Revision | undefined {
    return choose(this.#byRequest.get(requestId), number);
  }
}

function choose(revisions: readonly Revision[] = [], number: number | undefined): Revision | undefined {
  return revisions.find(({ revision }) => revision === number) ?? revisions[0];
}

function checkOutcome(key: string, write: Operation, all: Made): readonly Violation[] {
  const violation = (invariant: "T1" | "T3" | "E1", name: string, what: string): readonly Violation[] => [
    { invariant, name, key, message: `${describe(write)} ${what}` },
  ];
  const made = all.ofValue(write.wrote, write.revision);
  switch (write.outcome) {
    case "ok":
      if (made === undefined || made.revision !== write.revision) {
        return violation(
          "T1",
          "lost",
          `was acknowledged as revision ${write.revision} and is ${made?.revision ?? "not there"}`,
        );
      }
      return [];
    case "replayed": {
      // Without an id of its own the call met itself: its first answer was lost, and others wrote since.
      const earlier =
        write.requestId === undefined
          ? all.ofValue(write.wrote, write.appliedRevision)
          : all.ofRequest(write.requestId, write.appliedRevision);
      if (earlier === undefined || earlier.revision !== write.appliedRevision) {
        return violation(
          "T1",
          "lost",
          `was answered as replayed at ${write.appliedRevision}, which is not its revision`,
        );
      }
      return [];
    }
    case "refused":
      if (made !== undefined && !sharesRequest(write, made)) {
        return violation("E1", "had_effect", `was refused and is revision ${made.revision}`);
      }
      if (write.expected !== undefined && write.revision === write.expected) {
        return violation("T3", "false_abort", `expected revision ${write.expected}, met it, and was refused`);
      }
      return [];
    case "failed":
      if (write.applied === "no" && made !== undefined && !sharesRequest(write, made)) {
        return violation("E1", "had_effect", `failed as not applied and is revision ${made.revision}`);
      }
      if (write.applied === "yes" && made === undefined) {
        return violation("T1", "lost", "failed as applied and is not there");
      }
      return [];
    default:
      return [];
  }
}

/** The same request may have been sent by other calls too: theirs is the effect then. */
function sharesRequest(write: Operation, made: Revision): boolean {
  return write.requestId !== undefined && write.requestId === made.requestId;
}

/** T8. */
function checkTransitions(
  key: string,
  final: readonly Revision[],
  legal: (from: string, to: string) => boolean,
): readonly Violation[] {
  return final.flatMap((entry, index) => {
    const before = final[index - 1]?.state;
    if (before === undefined || entry.state === undefined || entry.marked || before === entry.state)
      return [];
    if (legal(before, entry.state)) return [];
    const message = `revision ${entry.revision} goes from ${before} to ${entry.state}`;
    return [{ invariant: "T8", name: "illegal_transition", key, message }] as const;
  });
}
