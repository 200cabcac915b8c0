/** The history of one task, in pages. */
import type { Objects } from "../../consistency/objects.ts";
import type { Json } from "../../json.ts";
import { badPageToken, decodePageToken, encodePageToken, pageSize } from "../paging.ts";
import { Violations } from "../validation.ts";
import { checkTaskName } from "./content.ts";
import { taskNotFound } from "./errors.ts";
import { type TaskEvent, toTaskEvent } from "./events.ts";
import type { Admit } from "./list.ts";
import { type TaskName, taskKey } from "./task.ts";

export interface EventsInput extends TaskName {
  readonly pageSize: number;
  readonly pageToken: string;
}

export interface EventsPage {
  readonly events: readonly TaskEvent[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

/** Oldest first. `not_found` for a task that never was; a deleted one still has its history. */
export async function listEvents(
  objects: Objects,
  input: EventsInput,
  admit: Admit<TaskEvent>,
  signal?: AbortSignal,
): Promise<EventsPage> {
  const v = new Violations();
  checkTaskName(v, input);
  const size = pageSize(input.pageSize, v);
  v.throwIfAny();
  const key = taskKey(input);
  const identity = { list: "task_events", key };
  const start = readRevision(decodePageToken(identity, input.pageToken));

  const found = await objects.history(key, start, size + 1, signal);
  // Every write leaves an event, so there is none only where there never was a task.
  if (start === 0 && found.length === 0) throw taskNotFound();
  const events: TaskEvent[] = [];
  for (const entry of found.slice(0, size)) {
    const event = toTaskEvent(entry);
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
