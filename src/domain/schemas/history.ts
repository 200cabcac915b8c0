/** ListSchemaEvents: oldest first. */
import { type HistoryPage, historyPage } from "../history-page.ts";
import { pageSize } from "../paging.ts";
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

export type EventsPage = HistoryPage<SchemaEvent>;

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
  return historyPage(
    objects,
    {
      key: input.name,
      identity: { list: "schema_events", name: input.name },
      size,
      pageToken: input.pageToken,
    },
    { read: toSchemaEvent, admit, missing: schemaNotFound },
    signal,
  );
}
