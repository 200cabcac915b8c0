/**
 * Changes of a task that is there: as one conditional write without a read where a filter can decide, and as an
 * exact one for a document that was read.
 */
import type { Mutation } from "../../consistency/objects.ts";
import { type Json, type JsonObject, jsonBytes } from "../../json.ts";
import type { Condition, Document, Path } from "../../ports/durable-store.ts";
import type { Version } from "../etag.ts";
import { etagMismatch, illegalTransition, taskNotFound, tooLarge } from "./errors.ts";
import { DATA_BYTES, FAST_PATCH_LEAVES } from "./limits.ts";
import { compilePatch, mergePatch } from "./merge-patch.ts";
import { statesBefore, type TaskState } from "./policy.ts";
import { isLive, stateOf } from "./task.ts";

const DATA: Path = ["data"];
const DATA_BYTES_FIELD: Path = ["data_bytes"];

export interface Revision {
  readonly etag: Version | undefined;
  /** The state that follows, when it changes by the rules. */
  readonly state: TaskState | undefined;
  readonly set: readonly (readonly [Path, Json])[];
  readonly unset: readonly Path[];
  /** Merged into `data`. */
  readonly patch: JsonObject | undefined;
  readonly event: Json;
}

/**
 * The write that needs no read; undefined when only a read can decide. `data_bytes` is an upper bound here: a
 * merge never makes more than both sizes together, and whoever meets the limit reads and counts again.
 */
export function conditionalRevision(revision: Revision): Mutation | undefined {
  const conditions = revisionConditions(revision);
  if (revision.patch === undefined) return mutation(revision, conditions, {});
  const compiled = compilePatch(DATA, revision.patch, FAST_PATCH_LEAVES);
  if (compiled === undefined) return undefined;
  const bytes = jsonBytes(revision.patch);
  return mutation(
    revision,
    [
      ...conditions,
      ...compiled.conditions,
      { path: DATA_BYTES_FIELD, test: "at_most", value: DATA_BYTES - bytes },
    ],
    { set: compiled.set, unset: compiled.unset, increment: [[DATA_BYTES_FIELD, bytes]] },
  );
}

/** The write for the document as it was read; throws what `judge` throws, and `resource_exhausted` / TOO_LARGE. */
export function exactRevision(revision: Revision, current: Document | undefined): Mutation {
  const document = judge(revision, current);
  if (revision.patch === undefined) return mutation(revision, [], {});
  const merged = mergePatch(document.data, revision.patch);
  const bytes = jsonBytes(merged);
  if (bytes > DATA_BYTES) {
    throw tooLarge(`data would have ${bytes} bytes as JSON after the merge; the limit is ${DATA_BYTES}`);
  }
  return mutation(revision, [], {
    set: [
      [DATA, merged],
      [DATA_BYTES_FIELD, bytes],
    ],
  });
}

/** The live document that the revision may be made of, or the reason why not. */
export function judge(revision: Pick<Revision, "etag" | "state">, document: Document | undefined): Document {
  if (!isLive(document)) throw taskNotFound();
  if (!isVersion(document, revision.etag)) throw etagMismatch();
  const from = stateOf(document);
  if (revision.state !== undefined && !statesBefore(revision.state).includes(from)) {
    throw illegalTransition(from, revision.state);
  }
  return document;
}

export function isVersion(document: Document, etag: Version | undefined): boolean {
  return (
    etag === undefined || (document.incarnation === etag.incarnation && document.revision === etag.revision)
  );
}

/** There, and at the version asked for. */
export function liveConditions(etag: Version | undefined): readonly Condition[] {
  const live: Condition = { path: ["live"], test: "equals", value: true };
  if (etag === undefined) return [live];
  return [
    live,
    { path: ["incarnation"], test: "equals", value: etag.incarnation },
    { path: ["revision"], test: "equals", value: etag.revision },
  ];
}

function revisionConditions({ etag, state }: Revision): readonly Condition[] {
  if (state === undefined) return liveConditions(etag);
  return [...liveConditions(etag), { path: ["state"], test: "in", values: statesBefore(state) }];
}

function mutation(revision: Revision, conditions: readonly Condition[], more: Mutation["change"]): Mutation {
  return {
    conditions,
    change: {
      ...more,
      set: [...revision.set, ...(more.set ?? [])],
      unset: [...revision.unset, ...(more.unset ?? [])],
    },
    ifAbsent: "refuse",
    event: revision.event,
  };
}
