// C2: increments add up. Each acknowledged one answers a number of its own, later ones higher ones, and in the end the
// counter stands between the acknowledged increments and those that may have happened.
import type { Epochs } from "./epochs.ts";
import type { CacheOperation } from "./operation.ts";
import { type CacheViolation, describe } from "./violation.ts";

export function checkCounter(
  key: string,
  operations: readonly CacheOperation[],
  epochs: Epochs,
): readonly CacheViolation[] {
  const byEpoch = Map.groupBy(operations, (operation) => epochs.of(operation));
  const violations = [...byEpoch].flatMap(([epoch, ofEpoch]) =>
    epoch === undefined ? [] : checkEpoch(key, ofEpoch),
  );
  return [...violations, ...checkSum(key, operations, epochs)];
}

/** The counter as an answer showed it; undefined where it showed none. */
function countOf({ call, answer }: CacheOperation): number | undefined {
  if (answer.outcome !== "ok") return undefined;
  if (call.method === "get") return answer.value === undefined ? undefined : Number(answer.value);
  return answer.count;
}

function isNew({ call, answer }: CacheOperation): boolean {
  return call.method === "increment" && answer.outcome === "ok" && answer.replayed !== true;
}

function checkEpoch(key: string, operations: readonly CacheOperation[]): readonly CacheViolation[] {
  const violations: CacheViolation[] = [];
  const violate = (name: string, message: string) => violations.push({ invariant: "C2", name, key, message });
  const made = new Map<number, CacheOperation>();
  const byEnd = operations.toSorted((a, b) => a.end - b.end);
  let at = 0;
  let highest: { readonly count: number; readonly by: CacheOperation } | undefined;
  for (const operation of operations.toSorted((a, b) => a.start - b.start)) {
    for (let ended = byEnd[at]; ended !== undefined && ended.end < operation.start; ended = byEnd[++at]) {
      const count = countOf(ended);
      if (count !== undefined && count > (highest?.count ?? 0)) highest = { count, by: ended };
    }
    const count = countOf(operation);
    if (count === undefined) continue;
    if (isNew(operation)) {
      const other = made.get(count);
      if (other !== undefined)
        violate("lost_increment", `${describe(other)} and ${describe(operation)} both made it ${count}`);
      made.set(count, operation);
    }
    if (highest === undefined) continue;
    if (count < highest.count || (isNew(operation) && count === highest.count))
      violate(
        "went_back",
        `${describe(operation)} shows ${count}, after ${describe(highest.by)} showed ${highest.count}`,
      );
  }
  return violations;
}

/** Of the last epoch, by the last read. */
function checkSum(
  key: string,
  operations: readonly CacheOperation[],
  epochs: Epochs,
): readonly CacheViolation[] {
  const reads = operations.filter((o) => o.call.method === "get" && o.answer.outcome === "ok");
  const last = reads.toSorted((a, b) => a.start - b.start).at(-1);
  const epoch = last === undefined ? undefined : epochs.of(last);
  if (last === undefined || epoch === undefined) return [];
  const count = countOf(last) ?? 0;
  const acknowledged = new Set<string>();
  const possible = new Set<string>();
  for (const operation of operations) {
    const { call, answer } = operation;
    if (call.method !== "increment") continue;
    if (answer.outcome === "ok" && operation.end < last.start && epochs.of(operation) === epoch)
      acknowledged.add(call.requestId);
    if (answer.outcome === "ok" || (answer.outcome === "failed" && answer.applied !== "no"))
      possible.add(call.requestId);
  }
  const least = epoch === 0 ? acknowledged.size : newIn(operations, epoch, epochs);
  if (count >= least && count <= possible.size) return [];
  const message = `${describe(last)} shows ${count}, of ${least} acknowledged and ${possible.size} possible increments`;
  return [{ invariant: "C2", name: count < least ? "lost_increment" : "twice", key, message }];
}

/** After a loss an increment that was answered as replayed may have been made before it. */
function newIn(operations: readonly CacheOperation[], epoch: number, epochs: Epochs): number {
  return operations.filter((operation) => isNew(operation) && epochs.of(operation) === epoch).length;
}
