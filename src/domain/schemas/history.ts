/** ListSchemaEvents: oldest first. */
import type { Json } from "../../json.ts";
import { badPageToken, decodePageToken, encodePageToken, pageSize } from "../paging.ts";
import { checkName, Violations } from "../validation.ts";
import type { Admit, SchemaContext } from "./context.ts";
import { schemaNotFound } from "./errors.ts";
import { type SchemaEvent, toSchemaEvent } from "./events.ts";

export interface EventsInput {
  readonly name: string;
  readonly pageSize: number;
  readonly pageToken: string;
  readonly violations?: Violations;
}

export interface EventsPage {
  readonly events: readonly SchemaEvent[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

/** Of deleted and purged schemas too. `not_found` / SCHEMA_NOT_FOUND where there never was one. */
export async function listSchemaEvents(
  { objects }: SchemaContext,
  input: EventsInput,
  admit: Admit<SchemaEvent>,
  signal?: AbortSignal,
): Promise<EventsPage> {
  const v = input.violations ?? new Violations();
  checkName(v, "name", input.name);
  const size = pageSize(input.pageSize, v);
  v.throwIfAny();
  const identity = { list: "schema_events", name: input.name };
  const start = readRevision(decodePageToken(identity, input.pageToken));
  // One more than wanted tells whether there is a next page.
  const found = await objects.history(input.name, start, size + 1, signal);
  // Every write leaves an event.
  if (start === 0 && found.length === 0) throw schemaNotFound();
  const events: SchemaEvent[] = [];
  for (const entry of found.slice(0, size)) {
    const event = toSchemaEvent(entry);
    if (!admit(event)) break;
    events.push(event);
  }
  const last = events.at(-1);
  const more = last !== undefined && events.length < found.length;
  return { events, nextPageToken: more ? encodePageToken(identity, last.revision) : "" };
}

function readRevision(position: Json | undefined): number {
  if (position === undefined) return 0;
  if (!Number.isSafeInteger(position) || Number(position) < 1) throw badPageToken();
  return Number(position);
}
