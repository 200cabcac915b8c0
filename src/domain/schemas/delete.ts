/** DeleteRelease and DeleteSchema. */
import { Violations } from "../validation.ts";
import { changeHead, eventOfReplay, type SchemaChanged, type Step, schemaChanged } from "./change.ts";
import { type ChangeInput, checkChange, checkRelease } from "./checks.ts";
import type { SchemaContext } from "./context.ts";
import { onlyRelease } from "./errors.ts";
import { type Act, eventOf } from "./events.ts";
import { findRelease, type Head, type HeadRelease, type Schema, toSchema } from "./schema.ts";

export interface DeleteReleaseInput extends ChangeInput {
  readonly release: number;
  /** Deletes the schema, softly, when the release is its only one; the release stays with it, to come back with it. */
  readonly allowDeleteSchema: boolean;
}

export interface ReleaseDeleted {
  readonly schema: Schema;
  /** The release that became active; 0 when the active one stayed. */
  readonly revertedTo: number;
  readonly schemaDeleted: boolean;
  readonly replayed: boolean;
  readonly appliedRevision: number;
}

/** Errors as `changeHead`, and RELEASE_NOT_FOUND; `failed_precondition` / ONLY_RELEASE. */
export async function deleteRelease(
  context: SchemaContext,
  input: DeleteReleaseInput,
  signal?: AbortSignal,
): Promise<ReleaseDeleted> {
  const { release, allowDeleteSchema } = input;
  const v = input.violations ?? new Violations();
  const etag = checkChange(v, input);
  checkRelease(v, "release", release, { required: true });
  v.throwIfAny();
  const planned: { deletion: Deletion | undefined } = { deletion: undefined };
  const changed = await changeHead(
    context,
    input,
    etag,
    { method: "DeleteRelease", release, allow_delete_schema: allowDeleteSchema },
    (head, act) => {
      const deletion = planDeletion(context, head, act, release, allowDeleteSchema);
      planned.deletion = deletion;
      return deletion.step;
    },
    signal,
  );
  const { head, replayed, appliedRevision } = changed;
  const outcome = { schema: toSchema(head), replayed, appliedRevision };
  if (replayed || planned.deletion === undefined) {
    const { revertedTo, type } = await eventOfReplay(context, changed, signal);
    return { ...outcome, revertedTo, schemaDeleted: type === "DELETED" };
  }
  const { revertedTo, removed } = planned.deletion;
  if (removed !== undefined) context.bodies.removeLater(removed.b);
  return { ...outcome, revertedTo, schemaDeleted: removed === undefined };
}

/** Hides the schema with all that it has. Errors as `changeHead`. */
export async function deleteSchema(
  context: SchemaContext,
  input: ChangeInput,
  signal?: AbortSignal,
): Promise<SchemaChanged> {
  const v = input.violations ?? new Violations();
  const etag = checkChange(v, input);
  v.throwIfAny();
  const call = { method: "DeleteSchema" };
  return schemaChanged(
    await changeHead(context, input, etag, call, (head, act) => softDeletion(context, head, act), signal),
  );
}

interface Deletion {
  readonly step: Step;
  readonly revertedTo: number;
  /** Undefined when the schema is deleted instead. */
  readonly removed: HeadRelease | undefined;
}

function planDeletion(
  context: SchemaContext,
  head: Head,
  act: Act,
  number: number,
  allowDeleteSchema: boolean,
): Deletion {
  const removed = findRelease(head, number);
  const releases = head.releases.filter((release) => release !== removed);
  // The highest below the one that goes, else the highest: `releases` ascend.
  const heir = releases.findLast(({ n }) => n < removed.n) ?? releases.at(-1);
  if (heir === undefined) {
    if (!allowDeleteSchema) throw onlyRelease();
    return { step: softDeletion(context, head, act, number), revertedTo: 0, removed: undefined };
  }
  const revertedTo = removed.n === head.active ? heir.n : 0;
  const active = revertedTo || head.active;
  const facts = { release: number, active, ...(revertedTo === 0 ? {} : { revertedTo }) };
  return {
    step: {
      fields: { releases, count: releases.length, active },
      event: eventOf("RELEASE_DELETED", act, facts),
    },
    revertedTo,
    removed,
  };
}

function softDeletion({ deletedRetentionMs }: SchemaContext, head: Head, act: Act, release?: number): Step {
  const facts = { active: head.active, ...(release === undefined ? {} : { release }) };
  const purge = deletedRetentionMs === undefined ? {} : { purge_time: act.time + deletedRetentionMs };
  return {
    fields: { deleted: true, delete_time: act.time, ...purge },
    event: eventOf("DELETED", act, facts),
  };
}
