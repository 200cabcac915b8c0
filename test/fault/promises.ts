// What the checker of histories leaves to those who know more than a history: deadlines, drains, and refusals whose
// answer does not name the revision that was met.
import type { CacheViolation } from "../support/history/cache/violation.ts";
import type { Operation, Revision, Violation } from "../support/history/operation.ts";
import type { Instance, Span } from "./instance.ts";
import { DEADLINE_SLACK_MS, type Recorded } from "./recorder.ts";

/** C1 to C3 are of the cache; E2, E3 and E5 are promises of the service, beside those of its objects. */
export type Finding = Omit<Violation, "invariant"> & {
  readonly invariant: Violation["invariant"] | CacheViolation["invariant"] | "E2" | "E3" | "E5";
};

/**
 * Request ids are kept where several calls share one, so that the effect may be another call's; not where all of them
 * say that they had none.
 */
export function withSharedIds(operations: readonly Recorded[]): readonly Operation[] {
  const byId = Map.groupBy(operations, ({ requestId }) => requestId);
  return operations.map((operation) => {
    const { requestId, ...rest } = operation;
    const calls = byId.get(requestId) ?? [];
    const shared = calls.length > 1 && !calls.every(saysNoEffect);
    return shared || operation.outcome === "replayed" ? operation : rest;
  });
}

function saysNoEffect({ outcome, applied }: Operation): boolean {
  return outcome === "refused" || (outcome === "failed" && applied === "no");
}

/** T3: a refused compare-and-set met another revision, so one above the expected had at least been asked for. */
export function checkRefusals(
  operations: readonly Recorded[],
  final: ReadonlyMap<string, readonly Revision[]>,
): readonly Finding[] {
  const begun = new Map<string | undefined, number>();
  for (const { wrote, start } of operations) begun.set(wrote, Math.min(start, begun.get(wrote) ?? start));
  return operations.flatMap((operation) => {
    const { client, key, expected, outcome, end = 0 } = operation;
    if (outcome !== "refused" || expected === undefined) return [];
    const next = final.get(key)?.[expected];
    if (next !== undefined && (begun.get(next.value) ?? 0) <= end) return [];
    const message = `${client}'s compare-and-set from ${expected} was refused at ${end}, before anybody wrote after it`;
    return [{ invariant: "T3", name: "false_abort", key, message }] as const;
  });
}

/** E2: every answer comes by its deadline, from a process that runs. */
export function checkDeadlines(
  operations: readonly Recorded[],
  instances: readonly Pick<Instance, "name" | "disturbed">[],
): readonly Finding[] {
  const disturbed = new Map<string, readonly Span[]>(
    instances.map(({ name, disturbed }) => [name, disturbed]),
  );
  return operations.flatMap((operation) => {
    const { client, key, instance, start, end = Number.POSITIVE_INFINITY, deadlineMs } = operation;
    if (end - start < deadlineMs + DEADLINE_SLACK_MS) return [];
    const spans = disturbed.get(instance) ?? [];
    if (spans.some(({ from, until }) => from <= end && start <= until)) return [];
    const message = `${client}'s call to ${instance} took ${Math.round(end - start)} ms of ${deadlineMs} ms`;
    return [{ invariant: "E2", name: "late", key, message }] as const;
  });
}

/** E3: a process that drains answers every call that it had accepted. `at`: when it was told to end. */
export function checkDrain(
  operations: readonly Recorded[],
  instance: string,
  at: number,
): readonly Finding[] {
  return operations.flatMap((operation) => {
    const { client, key, start, end = Number.POSITIVE_INFINITY, told, reason } = operation;
    // What was sent in the very last moment may still have been on its way.
    if (operation.instance !== instance || start > at - IN_FLIGHT_MS || end < at || told === true) return [];
    const message = `${client}'s call, sent ${Math.round(at - start)} ms before SIGTERM, ended with ${reason}`;
    return [{ invariant: "E3", name: "dropped", key, message }] as const;
  });
}

const IN_FLIGHT_MS = 50;

/** E5: a call that was shed says so, and had no effect. */
export function checkShed(
  operations: readonly Recorded[],
  final: ReadonlyMap<string, readonly Revision[]>,
): readonly Finding[] {
  const byId = Map.groupBy(operations, ({ requestId }) => requestId);
  return operations.flatMap((operation) => {
    const { client, key, reason, applied, requestId } = operation;
    if (reason !== "OVERLOADED" || operation.op !== "write" || requestId === undefined) return [];
    const what = `${client}'s ${requestId} was shed`;
    if (applied !== "no")
      return [
        { invariant: "E5", name: "not_told", key, message: `${what} and does not say that nothing happened` },
      ];
    // Where the request was sent several times, the effect is another call's, unless all were shed.
    if (!byId.get(requestId)?.every((call) => call.reason === "OVERLOADED")) return [];
    const made = final.get(key)?.find(({ value }) => value === requestId);
    if (made === undefined) return [];
    return [
      { invariant: "E5", name: "had_effect", key, message: `${what} and is revision ${made.revision}` },
    ];
  });
}
