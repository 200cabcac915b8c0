/** What the methods that change a schema's head have in common. */
import type { Transformed } from "../../consistency/objects.ts";
import { ServiceError } from "../../errors.ts";
import type { Json, JsonObject } from "../../json.ts";
import type { Document, Path } from "../../ports/durable-store.ts";
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
  readonly fields: Partial<HeadFields> & Pick<Head, "delete_time" | "purge_time">;
  readonly unset?: readonly Path[];
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
 * One change of a schema that is not deleted. `call` is what tells this request from another with the same id. Errors:
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
  return changed(await transformHead(context, input, etag, call, usable, plan, signal));
}

/** As `changeHead` for the schemas that `admit` takes: it throws for others. */
export async function transformHead(
  context: SchemaContext,
  input: ChangeInput,
  etag: Version | undefined,
  call: JsonObject & { readonly method: string },
  admit: (current: Document | undefined) => Head,
  plan: (head: Head, act: Act) => Step | undefined,
  signal?: AbortSignal,
): Promise<Transformed> {
  const { name, note, actor, requestId } = input;
  const act = actOf(input, context.clock.now());
  const request = { id: requestId, body: { ...call, name, note, actor, etag: input.etag } };
  return context.objects.transform(
    name,
    request,
    (current) => {
      const head = admit(current);
      checkVersion(head, etag);
      const step = plan(head, act);
      if (step === undefined) return undefined;
      const fields = Object.entries({ ...step.fields, update_time: act.time });
      return {
        conditions: [],
        change: {
          set: fields.map(([field, value]) => [[field] as Path, value as Json]),
          ...(step.unset && { unset: step.unset }),
        },
        ifAbsent: "refuse",
        event: step.event,
      };
    },
    signal,
  );
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
export function eventOfReplay(
  context: SchemaContext,
  { head, appliedRevision }: HeadChanged,
  signal?: AbortSignal,
): Promise<SchemaEvent> {
  return eventAt(context, head.key, appliedRevision, signal);
}

/** The event of a request that was applied before. */
export async function eventAt(
  { objects }: SchemaContext,
  name: string,
  appliedRevision: number,
  signal?: AbortSignal,
): Promise<SchemaEvent> {
  const [entry] = await afterwards(objects.history(name, appliedRevision - 1, 1, signal));
  if (entry?.revision !== appliedRevision) {
    throw new Error(`schema ${name} has no event of revision ${appliedRevision}`);
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
