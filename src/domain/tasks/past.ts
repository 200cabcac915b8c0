/** Revisions that are no more, told from the history: without their data, which the history does not hold. */
import type { HistoryEntry } from "../../consistency/objects.ts";
import { HISTORY_PAGE } from "../../consistency/shared-history.ts";
import { type TaskEvent, toTaskEvent } from "./events.ts";
import type { TaskSettings } from "./policy.ts";
import type { Task, TaskName } from "./task.ts";

/** A revision between two others: the task as it was, or that it was deleted. */
export type PastRevision = { readonly revision: number; readonly task: Task | undefined };

/**
 * The revisions after `after` and before `before`, oldest first. `known` is what there was at `after`; without it, it is
 * made out from the beginning of the history. The group is not in the history: it is the one given. `page` is asked for
 * every entry anew, so that a reader who takes his time holds none.
 */
export async function* pastRevisions(
  page: (after: number) => Promise<readonly HistoryEntry[]>,
  settings: TaskSettings,
  name: TaskName & { readonly group: string },
  range: {
    readonly after: number;
    readonly before: number;
    readonly known: { readonly task: Task | undefined } | undefined;
  },
): AsyncGenerator<PastRevision> {
  let task = range.known?.task;
  let begin = range.known === undefined ? 0 : range.after;
  for (let next = 0, at = begin; at < range.before - 1; next++) {
    const entry = (await page(begin))[next];
    if (entry === undefined) {
      // The rest of the history was removed with the task that it told of.
      if (next < HISTORY_PAGE) return;
      begin = at;
      next = -1;
      continue;
    }
    if (entry.revision >= range.before) return;
    task = following(task, toTaskEvent(entry), name, settings);
    at = entry.revision;
    if (at > range.after) yield { revision: at, task };
  }
}

function following(
  before: Task | undefined,
  event: TaskEvent,
  { kind, taskId, group }: TaskName & { readonly group: string },
  settings: TaskSettings,
): Task | undefined {
  if (event.type === "DELETED") return undefined;
  const whole = event.type === "CREATED" || event.type === "REPLACED";
  const state = event.state ?? before?.state ?? "PENDING";
  const retention = settings.retentionMs[state];
  return {
    kind,
    taskId,
    group,
    state,
    status: event.status ?? before?.status ?? "",
    code: event.code ?? before?.code ?? 0,
    message: event.message ?? before?.message ?? "",
    data: undefined,
    progress: event.progress ?? (whole ? undefined : before?.progress),
    createTime: event.type === "CREATED" ? event.time : (before?.createTime ?? event.time),
    updateTime: event.time,
    hotTtlMs: settings.hotTtlMs[state],
    purgeTime: retention === undefined ? undefined : event.time + retention,
    revision: event.revision,
    // It is not current, so no condition could hold.
    etag: "",
  };
}
