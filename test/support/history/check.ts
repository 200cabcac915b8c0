/** Every invariant over one history; no violations when all hold. */
import { checkAfter } from "./after.ts";
import type { History, Operation, Violation } from "./operation.ts";
import { checkAnswers } from "./reads.ts";
import { checkRealTime } from "./real-time.ts";
import { checkWrites } from "./writes.ts";

export function checkHistory(history: History): readonly Violation[] {
  const byKey = Map.groupBy(history.operations, ({ key }) => key);
  const keys = new Set([...byKey.keys(), ...history.final.keys()]);
  const violations = [...keys].flatMap((key) => {
    const operations: readonly Operation[] = byKey.get(key) ?? [];
    const final = history.final.get(key) ?? [];
    return [
      ...checkWrites(key, operations, final, history.legal),
      ...checkRealTime(key, operations),
      ...checkAnswers(key, operations, final, history.durableOutages),
    ];
  });
  return [...violations, ...checkAfter(history)];
}
