/** The history of a task: what is written of each change, and read back. */
import type { HistoryEntry } from "../../consistency/objects.ts";
import { isObject, type Json } from "../../json.ts";
import { isTaskState, type TaskState } from "./policy.ts";

const TYPES = ["CREATED", "UPDATED", "REPLACED", "CANCELLED", "DELETED", "OVERRIDDEN"] as const;
export type TaskEventType = (typeof TYPES)[number];

/** What a change touched, of the fields that the history tells. */
export interface EventFields {
  readonly state?: TaskState | undefined;
  readonly status?: string | undefined;
  readonly code?: number | undefined;
  readonly message?: string | undefined;
  readonly progress?: number | undefined;
}

export interface TaskEvent extends EventFields {
  /** Undefined when a later version wrote one that this one does not know. */
  readonly type: TaskEventType | undefined;
  readonly revision: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly requestId: string;
}

export function eventOf(type: TaskEventType, time: number, requestId: string, fields: EventFields): Json {
  const { state, status, code, message, progress } = fields;
  return {
    type,
    time,
    ...(requestId === "" ? {} : { request_id: requestId }),
    ...(state === undefined ? {} : { state }),
    ...(status === undefined ? {} : { status }),
    ...(code === undefined ? {} : { code }),
    ...(message === undefined ? {} : { message }),
    ...(progress === undefined ? {} : { progress }),
  };
}

export function toTaskEvent({ revision, event }: HistoryEntry): TaskEvent {
  const { type, time, request_id, state, status, code, message, progress } = isObject(event) ? event : {};
  return {
    type: TYPES.find((known) => known === type),
    revision,
    time: number(time) ?? 0,
    requestId: text(request_id) ?? "",
    state: isTaskState(state) ? state : undefined,
    status: text(status),
    code: number(code),
    message: text(message),
    progress: number(progress),
  };
}

function text(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function number(value: Json | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}
