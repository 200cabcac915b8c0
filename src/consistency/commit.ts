/**
 * Step 1 of a write: the one conditional update in the durable store, sent again under the same identity while its
 * outcome is unknown. The identity is in the update's own conditions, so that it is applied at most once.
 */
import { ServiceError } from "../errors.ts";
import type { Document, DurableStore } from "../ports/durable-store.ts";
import { TAIL_HAS_ROOM, tailIsFull } from "./history.ts";
import type { Mutation, ObjectKind } from "./objects.ts";
import { findRequest, type Identity, notApplied, record } from "./requests.ts";
import type { Timing } from "./timing.ts";

export type Committed =
  | { readonly outcome: "applied"; readonly document: Document }
  | {
      readonly outcome: "replayed";
      readonly document: Document;
      readonly appliedRevision: number;
      readonly sameBody: boolean;
    }
  | { readonly outcome: "refused"; readonly document: Document | undefined };

/** How often an update whose outcome is unknown is sent again, with a growing pause between. */
const RESENDS = 3;
const FIRST_PAUSE_MS = 50;
/** A full tail is copied by those who meet it; more rounds than this mean that something else is wrong. */
const MAX_ROUNDS = 16;

/** @param copyTail makes room in the tail of a whole document. */
export async function commit(
  store: DurableStore,
  kind: ObjectKind,
  timing: Timing,
  copyTail: (document: Document, signal?: AbortSignal) => Promise<void>,
  write: { readonly key: string; readonly identity: Identity; readonly mutation: Mutation },
  signal?: AbortSignal,
): Promise<Committed> {
  const { key, identity, mutation } = write;
  const { change } = mutation;
  const update = {
    collection: kind.collection,
    key,
    conditions: [...mutation.conditions, notApplied(identity), TAIL_HAS_ROOM],
    change: {
      ...change,
      increment: [...(change.increment ?? []), [["tail"], 1] as const],
      push: [...(change.push ?? []), record(identity), { path: ["events"] as const, value: mutation.event }],
    },
    ifAbsent: mutation.ifAbsent,
  };
  let uncertain: ServiceError | undefined;
  let resends = 0;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    try {
      const result = await store.update(update, signal);
      if (result.outcome === "applied") return result;
      const { document } = result;
      const found = findRequest(document, identity);
      if (document !== undefined && found !== undefined) {
        if (uncertain !== undefined && found.revision === document.revision)
          return { outcome: "applied", document };
        return { outcome: "replayed", document, appliedRevision: found.revision, sameBody: found.sameBody };
      }
      if (document === undefined || !tailIsFull(document)) {
        // What was sent before may still arrive, and be taken then: only a refusal for good is an answer.
        if (uncertain !== undefined && !isForGood(mutation, document)) throw uncertain;
        return { outcome: "refused", document };
      }
      await copyTail(document, signal);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      if (error.applied === "unknown") uncertain = error;
      if (uncertain === undefined) throw error;
      if (resends >= RESENDS || signal?.aborted || error.kind !== "unavailable")
        throw error.withApplied("unknown");
      await timing.sleep(FIRST_PAUSE_MS * 2 ** resends, signal);
      resends++;
    }
  }
  throw new ServiceError("aborted", "CONTENTION", "the object is being written too often", {
    applied: uncertain === undefined ? "no" : "unknown",
  });
}

/** Revisions never go back: one that has been passed is never met again. */
function isForGood(mutation: Mutation, document: Document | undefined): boolean {
  return mutation.conditions.some(
    ({ path, ...condition }) =>
      path.length === 1 &&
      path[0] === "revision" &&
      condition.test === "equals" &&
      (document?.revision ?? 0) > Number(condition.value),
  );
}
