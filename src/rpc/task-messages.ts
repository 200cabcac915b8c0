/** Task messages to plain values and back. */
import { create, type JsonObject } from "@bufbuild/protobuf";
import * as messages from "../../gen/dbconn/v1/task_pb.ts";
import type { BatchUpdateItem } from "../domain/tasks/batch-update.ts";
import type { ContentInput } from "../domain/tasks/content.ts";
import type { TaskEvent } from "../domain/tasks/events.ts";
import type { TaskFilter } from "../domain/tasks/list.ts";
import { type StatePolicy, TASK_STATES, type TaskState } from "../domain/tasks/policy.ts";
import type { BatchItem } from "../domain/tasks/reads.ts";
import type { Task } from "../domain/tasks/task.ts";
import type { TaskChanged, UpdateInput } from "../domain/tasks/tasks.ts";
import type { WaitInput } from "../domain/tasks/wait.ts";
import type { WatchItem } from "../domain/tasks/watch-context.ts";
import { Violations } from "../domain/validation.ts";
import type { NameSet } from "../names.ts";
import {
  checkEnum,
  duration,
  fromDuration,
  fromInt64,
  fromTimestamp,
  int64,
  provenance,
  timestamp,
} from "./convert.ts";
import { toStatus } from "./errors.ts";
import { keepEncoding } from "./kept-encodings.ts";
import { objectBytes, textBytes } from "./wire-size.ts";

/** Names and all but texts of a task or an event, at most; JSON has the longer ones. */
const FIXED_BYTES = 480;

/** Written out, since `create` goes through the schema's fields once more for each task of a list. */
export function taskMessage(task: Task): messages.Task {
  return {
    $typeName: "dbconn.v1.Task",
    kind: task.kind,
    taskId: task.taskId,
    group: task.group,
    state: messages.TaskState[task.state],
    status: task.status,
    code: task.code,
    message: task.message,
    // The message's type has arrays that may be written; nobody does.
    ...(task.data === undefined ? {} : { data: task.data as JsonObject }),
    ...(task.progress === undefined ? {} : { progress: task.progress }),
    createTime: timestamp(task.createTime),
    updateTime: timestamp(task.updateTime),
    hotTtl: duration(task.hotTtlMs),
    hotExpireTime: timestamp(task.updateTime + task.hotTtlMs),
    ...(task.purgeTime === undefined ? {} : { purgeTime: timestamp(task.purgeTime) }),
    revision: int64(task.revision),
    etag: task.etag,
  };
}

const made = new WeakMap<Task, messages.Task>();

/** As `taskMessage`, for a task that is answered again and again: the same message, which is encoded once. */
export function keptTaskMessage(task: Task): messages.Task {
  let message = made.get(task);
  if (message === undefined) {
    message = taskMessage(task);
    keepEncoding(messages.TaskSchema, message);
    made.set(task, message);
  }
  return message;
}

/** At least what the message takes. */
export function taskBytes({ kind, taskId, group, status, message, data, etag }: Task): number {
  return FIXED_BYTES + textBytes(kind, taskId, group, status, message, etag) + (data ? objectBytes(data) : 0);
}

export function changedMessage({ task, replayed, appliedRevision }: TaskChanged) {
  return { task: taskMessage(task), replayed, appliedRevision: int64(appliedRevision) };
}

export function eventMessage(event: TaskEvent): messages.TaskEvent {
  const { state, status, code, message, progress } = event;
  return create(messages.TaskEventSchema, {
    type: messages.TaskEventType[event.type ?? "UNSPECIFIED"],
    revision: int64(event.revision),
    time: timestamp(event.time),
    requestId: event.requestId,
    ...(state === undefined ? {} : { state: messages.TaskState[state] }),
    ...(status === undefined ? {} : { status }),
    ...(code === undefined ? {} : { code }),
    ...(message === undefined ? {} : { message }),
    ...(progress === undefined ? {} : { progress }),
  });
}

/** At least what the message takes. */
export function eventBytes({ requestId, status = "", message = "" }: TaskEvent): number {
  return FIXED_BYTES + textBytes(requestId, status, message);
}

export function batchResult(item: BatchItem) {
  const from = item.provenance === undefined ? {} : { provenance: provenance(item.provenance) };
  return "task" in item
    ? { result: { case: "task", value: taskMessage(item.task) } as const, ...from }
    : { result: { case: "status", value: toStatus(item.error, { mutation: false }) } as const, ...from };
}

export function batchUpdateResult(item: BatchUpdateItem) {
  if ("error" in item) {
    return { result: { case: "status", value: toStatus(item.error, { mutation: true }) } as const };
  }
  const { task, ...rest } = changedMessage(item);
  return { result: { case: "task", value: task } as const, ...rest };
}

export function watchMessage(item: WatchItem): messages.WatchTasksResponse {
  return create(messages.WatchTasksResponseSchema, {
    type: messages.WatchEventType[item.type],
    ...watchedTask(item),
    resumeToken: item.resumeToken,
    provenance: provenance({ source: "durable", degraded: false, asOf: item.asOf }),
  });
}

function watchedTask(item: WatchItem): { task?: messages.Task } {
  if (item.type === "HEARTBEAT") return {};
  if (item.type !== "DELETED") return { task: taskMessage(item.task) };
  const { kind, taskId, revision } = item.deleted;
  return { task: create(messages.TaskSchema, { kind, taskId, revision: int64(revision) }) };
}

export function policyMessage({ state, nextStates, terminal, hotTtlMs, retentionMs }: StatePolicy) {
  return create(messages.GetTaskPolicyResponse_StatePolicySchema, {
    state: messages.TaskState[state],
    nextStates: nextStates.map((next) => messages.TaskState[next]),
    terminal,
    hotTtl: duration(hotTtlMs),
    ...(retentionMs === undefined ? {} : { retention: duration(retentionMs) }),
  });
}

/** What a create or put holds; an unspecified state is the default one. */
export function newContent(
  v: Violations,
  request: messages.CreateTaskRequest | messages.PutTaskRequest,
): ContentInput {
  const { group, status, code, message, data, progress } = request;
  return { group, state: taskState(v, "state", request.state), status, code, message, data, progress };
}

/** What of an update's fields is present. */
function presentContent(v: Violations, request: messages.UpdateTaskRequest): ContentInput {
  const { group, status, code, message, data, progress } = request;
  const state = request.state === undefined ? undefined : namedState(v, "state", request.state);
  return { group, state, status, code, message, data, progress };
}

/** `path`: what to put before the fields' names, for an item of a batch. */
export function updateInput(request: messages.UpdateTaskRequest, path = ""): UpdateInput {
  const { kind, taskId, replaceData, updateMask, etag, requestId } = request;
  const violations = new Violations(path);
  const content = presentContent(violations, request);
  return {
    kind,
    taskId,
    ...content,
    replaceData,
    updateMask: updateMask?.paths,
    etag,
    requestId,
    violations,
  };
}

export function taskFilter(
  request: messages.ListTasksRequest | messages.CountTasksRequest | messages.CancelTasksRequest,
  visible: NameSet,
): TaskFilter & { readonly violations: Violations } {
  const v = new Violations();
  const { kind, group } = request;
  return {
    kind,
    visible,
    group,
    states: namedStates(v, "states", request.states),
    createdAfter: fromTimestamp(v, "created_after", request.createdAfter),
    createdBefore: fromTimestamp(v, "created_before", request.createdBefore),
    updatedAfter: fromTimestamp(v, "updated_after", request.updatedAfter),
    updatedBefore: fromTimestamp(v, "updated_before", request.updatedBefore),
    violations: v,
  };
}

export function waitInput({ kind, taskId, ...request }: messages.WaitTaskRequest): WaitInput {
  const violations = new Violations();
  return {
    kind,
    taskId,
    until: namedStates(violations, "until", request.until),
    afterRevision: fromInt64(violations, "after_revision", request.afterRevision),
    timeoutMs: fromDuration(violations, "timeout", request.timeout),
    violations,
  };
}

/** Undefined for the unspecified state, and, with a violation, for a number without a name. */
function taskState(v: Violations, field: string, value: messages.TaskState): TaskState | undefined {
  checkEnum(v, field, messages.TaskStateSchema, value);
  return TASK_STATES.find((state) => messages.TaskState[state] === value);
}

function namedState(v: Violations, field: string, value: messages.TaskState): TaskState | undefined {
  const state = taskState(v, field, value);
  if (value === messages.TaskState.UNSPECIFIED) v.add(field, "must not be TASK_STATE_UNSPECIFIED");
  return state;
}

/** Up to the first bad one: a list may hold any number of them. */
function namedStates(
  v: Violations,
  field: string,
  values: readonly messages.TaskState[],
): readonly TaskState[] {
  const states: TaskState[] = [];
  for (const [index, value] of values.entries()) {
    const state = namedState(v, `${field}[${index}]`, value);
    if (state === undefined) break;
    states.push(state);
  }
  return states;
}
