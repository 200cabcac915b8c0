// C1. Every value is written by one call, so a register's history is linearizable exactly when the times during which
// its values are known to have stood there can be put in a row: no two of them may overlap, and none may hold a whole
// call that put something else there (Gibbons and Korach). Losing an entry is allowed and puts nothing there.
import type { Epochs } from "./epochs.ts";
import type { CacheOperation } from "./operation.ts";
import { type CacheViolation, describe } from "./violation.ts";

/** One value, or one deletion: all calls that wrote or showed it. */
interface Zone {
  readonly what: string;
  /** The first answer and the last question of its calls. */
  readonly firstEnd: number;
  readonly lastStart: number;
}

export function checkRegister(
  key: string,
  operations: readonly CacheOperation[],
  epochs: Epochs,
): readonly CacheViolation[] {
  const violations: CacheViolation[] = [];
  const writers = new Map<string, CacheOperation>();
  for (const operation of operations)
    if ("value" in operation.call) writers.set(operation.call.value, operation);
  const readers = Map.groupBy(operations.filter(showsValue), ({ answer }) => answer.value);
  for (const [value, reads] of readers) {
    const writer = writers.get(value);
    const [read] = reads.toSorted((a, b) => a.end - b.end);
    if (read === undefined || (writer !== undefined && writer.start <= read.end && mayHaveEffect(writer)))
      continue;
    const [invariant, name] =
      writer === undefined || writer.start > read.end
        ? (["C1", "phantom"] as const)
        : (["E1", "had_effect"] as const);
    const message = `${describe(read)} shows ${value}, ${writer ? describe(writer) : "which nobody wrote"}`;
    violations.push({ invariant, name, key, message });
  }
  const zones = operations.flatMap((operation) => zoneOf(operation, readers) ?? []);
  violations.push(...checkOrder(key, zones), ...checkPresence(key, operations, epochs));
  return violations;
}

type Read = CacheOperation & { readonly answer: { readonly outcome: "ok"; readonly value: string } };

function showsValue(operation: CacheOperation): operation is Read {
  const { call, answer } = operation;
  return call.method === "get" && answer.outcome === "ok" && answer.value !== undefined;
}

function mayHaveEffect({ answer }: CacheOperation): boolean {
  return answer.outcome === "ok" || (answer.outcome === "failed" && answer.applied !== "no");
}

function zoneOf(
  operation: CacheOperation,
  readers: ReadonlyMap<string, readonly CacheOperation[]>,
): Zone | undefined {
  const { call, answer, start } = operation;
  if (!mayHaveEffect(operation)) return undefined;
  // Without an answer it may take effect at any later time.
  const end = answer.outcome === "ok" ? operation.end : Number.POSITIVE_INFINITY;
  if (call.method === "delete") return { what: describe(operation), firstEnd: end, lastStart: start };
  if (call.method !== "set" && call.method !== "set_if_absent") return undefined;
  const reads = readers.get(call.value) ?? [];
  return {
    what: call.value,
    firstEnd: Math.min(end, ...reads.map((read) => read.end)),
    lastStart: Math.max(start, ...reads.map((read) => read.start)),
  };
}

function checkOrder(key: string, zones: readonly Zone[]): readonly CacheViolation[] {
  const stood = zones.filter(isKnown).toSorted((a, b) => a.firstEnd - b.firstEnd);
  const violations = stood.flatMap((zone, index) => {
    const before = stood[index - 1];
    return before !== undefined && zone.firstEnd < before.lastStart ? [cameBack(key, before, zone)] : [];
  });
  for (const zone of zones) {
    if (isKnown(zone)) continue;
    const around = stood.find((other) => other.firstEnd < zone.lastStart && zone.firstEnd < other.lastStart);
    if (around !== undefined) violations.push(cameBack(key, around, zone));
  }
  return violations;
}

function isKnown({ firstEnd, lastStart }: Zone): boolean {
  return firstEnd < lastStart;
}

function cameBack(key: string, older: Zone, newer: Zone): CacheViolation {
  const message = `${older.what} is shown by a call that began at ${older.lastStart}, after ${newer.what} took its place`;
  return { invariant: "C1", name: "older_value", key, message };
}

/** While the hot store lives, what is there stays until somebody deletes it. */
function checkPresence(
  key: string,
  operations: readonly CacheOperation[],
  epochs: Epochs,
): readonly CacheViolation[] {
  const deletions = operations.filter((o) => o.call.method === "delete" && mayHaveEffect(o));
  const present = operations
    .filter((o) => showsValue(o) || ("value" in o.call && o.answer.outcome === "ok"))
    .toSorted((a, b) => a.end - b.end);
  return operations.flatMap((read) => {
    const { call, answer } = read;
    if (call.method !== "get" || answer.outcome !== "ok" || answer.value !== undefined) return [];
    const before = present.findLast(({ end }) => end < read.start);
    if (before === undefined || epochs.lostWithin(before.start, read.end)) return [];
    const deleted = deletions.some((deletion) => {
      const end = deletion.answer.outcome === "ok" ? deletion.end : Number.POSITIVE_INFINITY;
      return deletion.start <= read.end && end >= before.start;
    });
    if (deleted) return [];
    const message = `${describe(read)} shows nothing after ${describe(before)}, and nobody deleted it`;
    return [{ invariant: "C1", name: "vanished", key, message }];
  });
}
