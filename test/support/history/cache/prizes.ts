// C3: of sets that want a key to be absent, one wins, and the others met it.
import type { Epochs } from "./epochs.ts";
import type { CacheOperation } from "./operation.ts";
import { type CacheViolation, describe } from "./violation.ts";

export function checkPrize(
  key: string,
  operations: readonly CacheOperation[],
  epochs: Epochs,
): readonly CacheViolation[] {
  const sets = operations.filter(({ call }) => call.method === "set_if_absent");
  const [first, ...others] = sets
    .filter(({ answer }) => answer.outcome === "ok")
    .toSorted((a, b) => a.end - b.end);
  const winners = others.flatMap((other) => {
    if (first === undefined || epochs.lostWithin(Math.min(first.start, other.start), other.end)) return [];
    const message = `both ${describe(first)} and ${describe(other)} were the first`;
    return [{ invariant: "C3", name: "two_winners", key, message }] as const;
  });
  const losers = sets.flatMap((set) => {
    const { answer, end } = set;
    if (answer.outcome !== "refused" || sets.some((other) => mayHaveWon(other) && other.start <= end))
      return [];
    const message = `${describe(set)} was refused, and nobody was before it`;
    return [{ invariant: "C3", name: "false_refusal", key, message }] as const;
  });
  return [...winners, ...losers];
}

function mayHaveWon({ answer }: CacheOperation): boolean {
  return answer.outcome === "ok" || (answer.outcome === "failed" && answer.applied !== "no");
}
