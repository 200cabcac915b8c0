// "There is no such task" does not say which deletion it saw. It gets the lowest one that contradicts nobody, since
// that is the one that asks least of later answers; where there is none, the last one before, which the checker then
// finds to be stale.
import type { Operation, Revision } from "../support/history/operation.ts";
import type { Recorded } from "./recorder.ts";

/** The operations of one key, each absence with a revision. `deletions`: of that key, oldest first. */
export function resolveAbsences(
  operations: readonly Recorded[],
  deletions: readonly Revision[],
): readonly Recorded[] {
  const begun = new Map<string | undefined, number>();
  for (const { wrote, start } of operations) begun.set(wrote, Math.min(start, begun.get(wrote) ?? start));
  const ended: Shown[] = [];
  return operations
    .toSorted((a, b) => a.start - b.start)
    .map((operation) => {
      const resolved = operation.absent
        ? { ...operation, revision: absenceAt(operation, deletions, begun, floorAt(ended, operation.start)) }
        : operation;
      const { end, revision, outcome, degraded } = resolved;
      if (end !== undefined && revision !== undefined && outcome !== "failed" && !degraded)
        insert(ended, { end, revision });
      return resolved;
    });
}

interface Shown {
  readonly end: number;
  readonly revision: number;
}

/** Kept so that both the ends and the revisions rise: what was shown later and lower adds nothing. */
function insert(shown: Shown[], added: Shown): void {
  let at = shown.length;
  while (at > 0 && (shown[at - 1]?.end ?? 0) > added.end) at--;
  if ((shown[at - 1]?.revision ?? -1) >= added.revision) return;
  let until = at;
  while (until < shown.length && (shown[until]?.revision ?? 0) <= added.revision) until++;
  shown.splice(at, until - at, added);
}

function floorAt(shown: readonly Shown[], start: number): number {
  return shown.findLast(({ end }) => end < start)?.revision ?? 0;
}

function absenceAt(
  { end = Number.POSITIVE_INFINITY, minRevision = 0 }: Operation,
  deletions: readonly Revision[],
  begun: ReadonlyMap<string | undefined, number>,
  floor: number,
): number {
  // Before the first creation there was nothing, and nobody had to delete it.
  const known = deletions
    .filter(({ value }) => (begun.get(value) ?? 0) < end)
    .map(({ revision }) => revision);
  const candidates = [0, ...known];
  const least = Math.max(floor, minRevision);
  return candidates.find((revision) => revision >= least) ?? candidates.at(-1) ?? 0;
}
