/** The single writes that create, replace, update, cancel and delete a task. */
import type { Mutation } from "../../consistency/objects.ts";
import { type Json, jsonBytes } from "../../json.ts";
import type { Path } from "../../ports/durable-store.ts";
import type { Version } from "../etag.ts";
import { type Content, writeContent } from "./content.ts";
import { eventOf } from "./events.ts";
import type { TaskSettings } from "./policy.ts";
import { liveConditions, type Revision } from "./revise.ts";
import type { TaskName } from "./task.ts";
import type { Selection } from "./update-mask.ts";

/** What every write is made with. */
export interface WriteContext {
  readonly settings: TaskSettings;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly requestId: string;
}

/** What a tombstone does without; by `group` those who watch one learn of the deletion. */
const DELETED_FIELDS: readonly Path[] = [
  ["kind"],
  ["task_id"],
  ["state"],
  ["status"],
  ["code"],
  ["message"],
  ["data"],
  ["data_bytes"],
  ["progress"],
  ["create_time"],
  ["update_time"],
  ["hot_ttl_ms"],
];

/** A new task, where there is none or a tombstone. */
export function creation(
  context: WriteContext,
  name: TaskName,
  content: Content,
  incarnation: string,
): Mutation {
  const { set, unset } = writeContent(content, context.now, context.settings);
  return {
    conditions: [{ path: ["live"], test: "equals", value: false }],
    change: {
      set: [
        [["kind"], name.kind],
        [["task_id"], name.taskId],
        [["incarnation"], incarnation],
        [["live"], true],
        [["create_time"], context.now],
        ...set,
      ],
      unset: [["delete_time"], ...unset],
    },
    ifAbsent: "insert",
    event: eventOf("CREATED", context.now, context.requestId, content),
  };
}

/** Everything anew, of a task that is there. */
export function replacement(context: WriteContext, content: Content, etag: Version | undefined): Mutation {
  return {
    conditions: liveConditions(etag),
    change: writeContent(content, context.now, context.settings),
    ifAbsent: "refuse",
    event: eventOf("REPLACED", context.now, context.requestId, content),
  };
}

export function deletion(context: WriteContext, etag: Version | undefined): Mutation {
  return {
    conditions: liveConditions(etag),
    change: {
      set: [
        [["live"], false],
        [["delete_time"], context.now],
      ],
      unset: DELETED_FIELDS,
    },
    ifAbsent: "refuse",
    event: eventOf("DELETED", context.now, context.requestId, {}),
  };
}

/** With `override`, to any state from any, and recorded so. */
export function update(
  context: WriteContext,
  selection: Selection,
  etag: Version | undefined,
  override = false,
): Revision {
  const { fields, content } = selection;
  const set: (readonly [Path, Json])[] = [[["update_time"], context.now]];
  const unset: Path[] = [];
  for (const field of fields) {
    if (field === "data") {
      if (!selection.mergeData) set.push([["data"], content.data], [["data_bytes"], jsonBytes(content.data)]);
    } else {
      const value = content[field];
      if (value === undefined) unset.push([field]);
      else set.push([[field], value]);
    }
  }
  const state = fields.includes("state") ? content.state : undefined;
  if (state !== undefined) {
    set.push([["hot_ttl_ms"], content.hotTtlMs ?? context.settings.hotTtlMs[state]]);
  }
  const touched = Object.fromEntries(fields.map((field) => [field, content[field]]));
  return {
    etag,
    state: override ? undefined : state,
    set,
    unset,
    patch: fields.includes("data") && selection.mergeData ? content.data : undefined,
    event: eventOf(override ? "OVERRIDDEN" : "UPDATED", context.now, context.requestId, touched),
  };
}

/** A transition; the message stays as it is when none is given. */
export function cancellation(context: WriteContext, message: string, etag: Version | undefined): Revision {
  const state = "CANCELLED";
  const given = message === "" ? {} : { message };
  return {
    etag,
    state,
    set: [
      [["state"], state],
      [["hot_ttl_ms"], context.settings.hotTtlMs[state]],
      [["update_time"], context.now],
      ...Object.entries(given).map(([field, value]): [Path, Json] => [[field], value]),
    ],
    unset: [],
    patch: undefined,
    event: eventOf("CANCELLED", context.now, context.requestId, { state, ...given }),
  };
}
