/** PurgeSchema: what stays of a schema is its name, its last release number and its revision. */
import type { Document } from "../../ports/durable-store.ts";
import { Violations } from "../validation.ts";
import { eventAt, transformHead } from "./change.ts";
import { type ChangeInput, checkChange } from "./checks.ts";
import type { SchemaContext } from "./context.ts";
import { schemaNotDeleted } from "./errors.ts";
import { eventOf } from "./events.ts";
import { existing, type Head } from "./schema.ts";

export interface Purged {
  /** How many releases went. */
  readonly releases: number;
  readonly replayed: boolean;
  readonly appliedRevision: number;
}

/** All that a head has but `live`, `deleted`, `latest` and `update_time`. */
const REMOVED = [
  ["incarnation"],
  ["releases"],
  ["count"],
  ["active"],
  ["compatibility"],
  ["labels"],
  ["description"],
  ["create_time"],
  ["delete_time"],
  ["purge_time"],
] as const;

/**
 * `not_found` / SCHEMA_NOT_FOUND, purged ones too; `failed_precondition` / SCHEMA_NOT_DELETED; `aborted` /
 * ETAG_MISMATCH.
 */
export function purgeSchema(
  context: SchemaContext,
  input: ChangeInput,
  signal?: AbortSignal,
): Promise<Purged> {
  return purge(context, input, deleted, signal);
}

/** As `purgeSchema`, only while the deleted schema's purge time is past. */
export function purgeIfDue(context: SchemaContext, name: string, signal?: AbortSignal): Promise<Purged> {
  const input = { name, note: "kept for as long as deleted schemas are", actor: "", etag: "", requestId: "" };
  const due = (current: Document | undefined): Head => {
    const head = deleted(current);
    // Restored and deleted again since it was found.
    if (head.purge_time === undefined || head.purge_time >= context.clock.now()) {
      throw schemaNotDeleted("failed_precondition");
    }
    return head;
  };
  return purge(context, input, due, signal);
}

async function purge(
  context: SchemaContext,
  input: ChangeInput,
  admit: (current: Document | undefined) => Head,
  signal: AbortSignal | undefined,
): Promise<Purged> {
  const v = input.violations ?? new Violations();
  const etag = checkChange(v, input);
  v.throwIfAny();
  const gone: { releases: Head["releases"] } = { releases: [] };
  const result = await transformHead(
    context,
    input,
    etag,
    { method: "PurgeSchema" },
    admit,
    (head, act) => {
      gone.releases = head.releases;
      return {
        fields: { live: false, deleted: false },
        unset: REMOVED,
        event: eventOf("PURGED", act, { active: 0, releases: head.count }),
      };
    },
    signal,
  );
  if (result.outcome === "replayed") {
    const { releases } = await eventAt(context, input.name, result.appliedRevision, signal);
    return { releases, replayed: true, appliedRevision: result.appliedRevision };
  }
  // Only now, for until then a head names them.
  context.bodies.removeLater(...gone.releases.map(({ b }) => b));
  return {
    releases: gone.releases.length,
    replayed: false,
    appliedRevision: result.document?.revision ?? 0,
  };
}

function deleted(current: Document | undefined): Head {
  const head = existing(current);
  if (!head.deleted) throw schemaNotDeleted("failed_precondition");
  return head;
}
