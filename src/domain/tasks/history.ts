/** The history of one task, in pages. */
import type { Objects } from "../../consistency/objects.ts";
import { type HistoryPage, historyPage } from "../history-page.ts";
import { pageSize } from "../paging.ts";
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

export type EventsPage = HistoryPage<TaskEvent>;

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
  return historyPage(
    objects,
    { key, identity: { list: "task_events", key }, size, pageToken: input.pageToken },
    { read: toTaskEvent, admit, missing: taskNotFound },
    signal,
  );
}
