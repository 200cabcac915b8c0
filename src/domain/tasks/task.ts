/** A task, and the document that it is kept as. */
import { isObject, type Json, type JsonObject } from "../../json.ts";
import type { Document } from "../../ports/durable-store.ts";
import { encodeEtag } from "../etag.ts";
import { isTaskState, type TaskSettings, type TaskState } from "./policy.ts";

export interface TaskName {
  readonly kind: string;
  readonly taskId: string;
}

/** Times in milliseconds since the epoch. */
export interface Task extends TaskName {
  readonly group: string;
  readonly state: TaskState;
  readonly status: string;
  readonly code: number;
  readonly message: string;
  /** Undefined in a basic view. */
  readonly data: JsonObject | undefined;
  readonly progress: number | undefined;
  readonly createTime: number;
  readonly updateTime: number;
  readonly hotTtlMs: number;
  /** Undefined when tasks of its state are kept for ever. */
  readonly purgeTime: number | undefined;
  readonly revision: number;
  readonly etag: string;
}

export const DEFAULT_GROUP = "default";

/** Neither part may hold the slash. */
export function taskKey({ kind, taskId }: TaskName): string {
  return `${kind}/${taskId}`;
}

/** The name that a key was made of. */
export function taskName(key: string): TaskName {
  const slash = key.indexOf("/");
  return { kind: key.slice(0, slash), taskId: key.slice(slash + 1) };
}

/** False for a tombstone: all that is left of a deleted task. */
export function isLive(document: Document | undefined): document is Document {
  return document?.live === true;
}

export function toTask(document: Document, settings: TaskSettings): Task {
  const state = stateOf(document);
  const updateTime = number(document, "update_time");
  const retention = settings.retentionMs[state];
  return {
    kind: text(document, "kind"),
    taskId: text(document, "task_id"),
    group: text(document, "group"),
    state,
    status: text(document, "status"),
    code: number(document, "code"),
    message: text(document, "message"),
    data: isObject(document.data) ? document.data : undefined,
    progress: typeof document.progress === "number" ? document.progress : undefined,
    createTime: number(document, "create_time"),
    updateTime,
    hotTtlMs: number(document, "hot_ttl_ms"),
    purgeTime: retention === undefined ? undefined : updateTime + retention,
    revision: document.revision,
    etag: encodeEtag({ incarnation: text(document, "incarnation"), revision: document.revision }),
  };
}

/** What became of documents that come again, under the settings that it was made with. */
const made = new WeakMap<Document, { readonly task: Task; readonly settings: TaskSettings }>();

/** As `toTask`, and the same object again for the same document. */
export function keptTask(document: Document, settings: TaskSettings): Task {
  const before = made.get(document);
  if (before?.settings === settings) return before.task;
  const task = toTask(document, settings);
  made.set(document, { task, settings });
  return task;
}

export function stateOf(document: Document): TaskState {
  const { state } = document;
  return isTaskState(state) ? state : malformed(document, "state", state);
}

function text(document: Document, field: string): string {
  const value = document[field];
  return typeof value === "string" ? value : malformed(document, field, value);
}

function number(document: Document, field: string): number {
  const value = document[field];
  return typeof value === "number" ? value : malformed(document, field, value);
}

/** Such a document was not written by this program, and no answer can be made of it. */
function malformed(document: Document, field: string, value: Json | undefined): never {
  throw new TypeError(`task ${document.key}: ${field} is ${typeof value}`);
}
