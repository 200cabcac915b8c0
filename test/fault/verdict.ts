// Every check over what one cell's clients saw, and over what is left in the end.
import { checkCache } from "../support/history/cache/check.ts";
import { checkHistory } from "../support/history/check.ts";
import type { Watch } from "../support/history/operation.ts";
import { checkSchemas } from "../support/history/schemas/check.ts";
import type { FinalSchema } from "../support/history/schemas/operation.ts";
import { mayFollow } from "../support/schema-load/load.ts";
import { resolveAbsences } from "./absences.ts";
import type { Crowd } from "./crowd.ts";
import { type FinalState, isLegal } from "./final-state.ts";
import type { Instance, Span } from "./instance.ts";
import {
  checkDeadlines,
  checkDrain,
  checkRefusals,
  checkShed,
  type Finding,
  withSharedIds,
} from "./promises.ts";
import type { Recorded } from "./recorder.ts";

export interface Seen {
  readonly crowd: Crowd;
  readonly instances: readonly Instance[];
  readonly state: FinalState;
  readonly watches: readonly Watch[];
  readonly schemas: readonly FinalSchema[];
  /** When somebody could not reach the durable store. */
  readonly durableOutages: readonly Span[];
  /** When the hot store may have lost what it held. */
  readonly losses: readonly Span[];
  readonly drained: readonly { readonly instance: string; readonly at: number }[];
}

export function judge(seen: Seen): readonly Finding[] {
  const { crowd, instances, state, watches, losses } = seen;
  const byKey = Map.groupBy([...crowd.taskOperations, ...crowd.watchers.revelations()], ({ key }) => key);
  const operations = [...byKey].flatMap(([key, ofKey]) =>
    resolveAbsences(ofKey, state.deletions.get(key) ?? []),
  );
  return [
    ...checkHistory({
      operations: withSharedIds(operations),
      final: state.final,
      hot: state.hot,
      lists: state.lists,
      watches,
      legal: isLegal,
      durableOutages: [...seen.durableOutages, ...refusals(operations)],
    }),
    ...state.merges,
    ...checkRefusals(operations, state.final),
    ...checkShed(operations, state.final),
    ...checkDeadlines(crowd.taskOperations, instances),
    ...seen.drained.flatMap(({ instance, at }) => checkDrain(operations, instance, at)),
    ...checkSchemas({ operations: crowd.schemaRecorder.operations, final: seen.schemas, mayFollow }),
    ...checkCache({ operations: crowd.cache.operations, losses }),
  ];
}

/** A call that was refused because the durable store is away shows an outage that nobody else may have seen. */
function refusals(operations: readonly Recorded[]): readonly Span[] {
  return operations.flatMap(({ reason, start, end = start }) =>
    reason === "DURABLE_STORE_UNAVAILABLE" ? [{ from: start, until: end }] : [],
  );
}
