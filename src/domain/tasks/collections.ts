/** How tasks are kept: their documents' fields, the indexes that lists need, their life in the hot store. */
import { eventsSpec } from "../../consistency/history.ts";
import type { ObjectKind } from "../../consistency/objects.ts";
import type { CollectionSpec, Document } from "../../ports/durable-store.ts";

const NEWEST_FIRST = ["-create_time", "-key"];

export const TASKS: CollectionSpec = {
  name: "tasks",
  fields: {
    kind: "text",
    group: "text",
    state: "text",
    live: "boolean",
    create_time: "integer",
    update_time: "integer",
    delete_time: "integer",
  },
  // One for each combination of filters whose first page has to be found without a walk over the others' tasks.
  indexes: [
    ["live", ...NEWEST_FIRST],
    ["live", "kind", ...NEWEST_FIRST],
    ["live", "group", ...NEWEST_FIRST],
    ["live", "kind", "group", ...NEWEST_FIRST],
    ["live", "state", ...NEWEST_FIRST],
    ["live", "kind", "state", ...NEWEST_FIRST],
    ["live", "group", "state", ...NEWEST_FIRST],
    // For tombstones whose time has come.
    ["live", "delete_time", "key"],
  ],
  heavy: ["requests", "events"],
};

export const TASK_EVENTS: CollectionSpec = eventsSpec("task_events");

/** Long enough to answer those who still ask for a deleted task, short enough to leave nothing behind. */
const TOMBSTONE_HOT_TTL_MS = 5 * 60_000;

export const TASK_OBJECTS: ObjectKind = {
  collection: TASKS.name,
  eventsCollection: TASK_EVENTS.name,
  hotPrefix: "task",
  hotTtlMs: hotTtlLeft,
};

/** What is left of the hot lifetime; all of it again for a task that is read after its end. */
function hotTtlLeft(document: Document, now: number): number {
  const { hot_ttl_ms: ttl, update_time: written } = document;
  if (typeof ttl !== "number" || typeof written !== "number") return TOMBSTONE_HOT_TTL_MS;
  const left = written + ttl - now;
  // A writer's clock may be ahead of this one; nothing stays longer than its lifetime.
  return left > 0 ? Math.min(left, ttl) : ttl;
}
