/** What the methods that change a schema's head have in common. */
import type { Transformed } from "../../consistency/objects.ts";
import { ServiceError } from "../../errors.ts";
import type { Json, JsonObject } from "../../json.ts";
import type { Path } from "../../ports/durable-store.ts";
import type { Version } from "../etag.ts";
import { actOf, type ChangeInput } from "./checks.ts";
import type { SchemaContext } from "./context.ts";
import { schemaPurgedSince } from "./errors.ts";
import { type Act, type SchemaEvent, toSchemaEvent } from "./events.ts";
import {
  checkVersion,
  existing,
  type Head,
  type HeadFields,
  isLive,
  type Schema,
  toSchema,
  usable,
} from "./schema.ts";

/** What to set in the head, and the event that tells of it. */
export interface Step {
  readonly fields: Partial<HeadFields> & { readonly delete_time?: number };
  readonly event: Json;
}

export interface HeadChanged {
  /** As it is now. */
  readonly head: Head;
  readonly replayed: boolean;
  /** 0 when nothing was written. */
  readonly appliedRevision: number;
}

export interface SchemaChanged {
  readonly schema: Schema;
  readonly replayed: boolean;
  readonly appliedRevision: number;
}

/**
 * One change of a schema that is there. `call` is what tells this request from another with the same id. Errors:
 * `not_found` / SCHEMA_NOT_FOUND, SCHEMA_DELETED; `aborted` / ETAG_MISMATCH; what the plan throws.
 */
export async function changeHead(
  context: SchemaContext,
  input: ChangeInput,
  etag: Version | undefined,
  call: JsonObject & { readonly method: string },
  plan: (head: Head, act: Act) => Step | undefined,
  signal?: AbortSignal,
): Promise<HeadChanged> {
  const { name, note, actor, requestId } = input;
  const act = actOf(input, context.clock.now());
  const request = { id: requestId, body: { ...call, name, note, actor, etag: input.etag } };
  const result = await context.objects.transform(
    name,
    request,
    (current) => {
      const head = usable(current);
      checkVersion(head, etag);
      const step = plan(head, act);
      if (step === undefined) return undefined;
      const fields = Object.entries({ ...step.fields, update_time: act.time });
      return {
        conditions: [],
        change: { set: fields.map(([field, value]) => [[field] as Path, value as Json]) },
        ifAbsent: "refuse",
        event: step.event,
      };
    },
    signal,
  );
  return changed(result);
}

/** Throws `not_found` for a repeated request whose schema was purged since. */
export function changed(result: Transformed): HeadChanged {
  if (result.outcome === "replayed") {
    const { document, appliedRevision } = result;
    if (!isLive(document)) throw schemaPurgedSince(appliedRevision);
    return { head: existing(document), replayed: true, appliedRevision };
  }
  const head = existing(result.document);
  return { head, replayed: false, appliedRevision: result.outcome === "applied" ? head.revision : 0 };
}

export function schemaChanged({ head, ...rest }: HeadChanged): SchemaChanged {
  return { schema: toSchema(head), ...rest };
}

/** What a repeated request did when it was applied. */
export async function eventOfReplay(
  { objects }: SchemaContext,
  { head, appliedRevision }: HeadChanged,
  signal?: AbortSignal,
): Promise<SchemaEvent> {
  const [entry] = await afterwards(objects.history(head.key, appliedRevision - 1, 1, signal));
  if (entry?.revision !== appliedRevision) {
    throw new Error(`schema ${head.key} has no event of revision ${appliedRevision}`);
  }
  return toSchemaEvent(entry);
}

/** A failure that comes after the request was applied has to say so. */
export async function afterwards<T>(step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    throw error instanceof ServiceError ? error.withApplied("yes") : error;
  }
}
