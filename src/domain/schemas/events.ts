/** The audit trail of a schema: what is written of each change, and read back. */
import type { HistoryEntry } from "../../consistency/objects.ts";
import { isObject, type Json, type JsonObject } from "../../json.ts";

const TYPES = [
  "PUBLISHED",
  "ACTIVATED",
  "REVERTED",
  "RELEASE_DELETED",
  "UPDATED",
  "DELETED",
  "RESTORED",
  "PURGED",
  "IMPORTED",
] as const;
export type SchemaEventType = (typeof TYPES)[number];

export interface SchemaEvent {
  /** Undefined when a later version wrote one that this one does not know. */
  readonly type: SchemaEventType | undefined;
  /** The revision that the change made. */
  readonly revision: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly actor: string;
  readonly note: string;
  readonly requestId: string;
  /** The release that the event is about; 0 = none. */
  readonly release: number;
  /** The active release after it. */
  readonly activeRelease: number;
  /** Of PUBLISHED: the schema was new. */
  readonly created: boolean;
  /** Of RELEASE_DELETED: the release that became active; 0 = the active one stayed. */
  readonly revertedTo: number;
  /** Of PURGED and IMPORTED: how many releases went or came. */
  readonly releases: number;
}

/** Who made a change, when and why. */
export interface Act {
  readonly time: number;
  readonly actor: string;
  readonly note: string;
  readonly requestId: string;
}

export interface EventFacts {
  readonly release?: number;
  readonly active: number;
  readonly created?: true;
  readonly revertedTo?: number;
  readonly releases?: number;
}

export function eventOf(type: SchemaEventType, act: Act, facts: EventFacts): Json {
  const { release, active, created, revertedTo, releases } = facts;
  const event: JsonObject = {
    type,
    time: act.time,
    active,
    ...(act.actor === "" ? {} : { actor: act.actor }),
    ...(act.note === "" ? {} : { note: act.note }),
    ...(act.requestId === "" ? {} : { request_id: act.requestId }),
    ...(release === undefined ? {} : { release }),
    ...(created === undefined ? {} : { created }),
    ...(revertedTo === undefined ? {} : { reverted_to: revertedTo }),
    ...(releases === undefined ? {} : { releases }),
  };
  return event;
}

export function toSchemaEvent({ revision, event }: HistoryEntry): SchemaEvent {
  const stored = isObject(event) ? event : {};
  return {
    type: TYPES.find((known) => known === stored.type),
    revision,
    time: number(stored.time),
    actor: text(stored.actor),
    note: text(stored.note),
    requestId: text(stored.request_id),
    release: number(stored.release),
    activeRelease: number(stored.active),
    created: stored.created === true,
    revertedTo: number(stored.reverted_to),
    releases: number(stored.releases),
  };
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function number(value: Json | undefined): number {
  return typeof value === "number" ? value : 0;
}
