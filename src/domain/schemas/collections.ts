/** How schemas are kept: their documents' fields, the indexes that lists need, their life in the hot store. */
import { eventsSpec } from "../../consistency/history.ts";
import type { ObjectKind } from "../../consistency/objects.ts";
import type { CollectionSpec } from "../../ports/durable-store.ts";

/** Heads, by name. */
export const SCHEMAS: CollectionSpec = {
  name: "schemas",
  fields: { live: "boolean", deleted: "boolean", purge_time: "integer" },
  indexes: [
    ["live", "key"],
    ["live", "deleted", "key"],
    // For deleted ones whose time has come.
    ["deleted", "purge_time", "key"],
  ],
  heavy: ["requests", "events"],
};

/**
 * Bodies of releases by random id: {schema, text, note, created_by, create_time}. `text` is JSON, so that key
 * order and any key survive every store; `create_time` is when the body was stored. What no head names is an orphan,
 * which a sweep finds by its age.
 */
export const SCHEMA_BODIES: CollectionSpec = {
  name: "schema_bodies",
  fields: { create_time: "integer" },
  indexes: [["create_time", "key"]],
  heavy: ["text"],
};

export const SCHEMA_EVENTS: CollectionSpec = eventsSpec("schema_events");

/** `hotTtlMs`: milliseconds that a head stays in the hot store after it was read or written. */
export function schemaObjects(hotTtlMs: number): ObjectKind {
  return {
    collection: SCHEMAS.name,
    eventsCollection: SCHEMA_EVENTS.name,
    hotPrefix: "schema",
    hotTtlMs: () => hotTtlMs,
  };
}
