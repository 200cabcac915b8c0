/** What a caller gives a task: checked, and written whole. */
import { type Json, type JsonObject, jsonBytes } from "../../json.ts";
import type { Change, Path } from "../../ports/durable-store.ts";
import { checkJson, checkName, checkText, type Violations } from "../validation.ts";
import { DATA_BYTES, MESSAGE_CHARS, STATUS_CHARS } from "./limits.ts";
import type { TaskSettings, TaskState } from "./policy.ts";
import { DEFAULT_GROUP, type TaskName } from "./task.ts";

/** All that a caller may set. Undefined = not given. */
export interface ContentInput {
  /** Empty = the default group. */
  readonly group?: string | undefined;
  readonly state?: TaskState | undefined;
  readonly status?: string | undefined;
  readonly code?: number | undefined;
  readonly message?: string | undefined;
  readonly data?: JsonObject | undefined;
  readonly progress?: number | undefined;
  /** Milliseconds in the hot store, > 0, when it is not the state's own lifetime; no field of dbconn.v1. */
  readonly hotTtlMs?: number | undefined;
}

/** Everything a task holds but its name, times and versions. */
export interface Content extends ContentInput {
  readonly group: string;
  readonly state: TaskState;
  readonly status: string;
  readonly code: number;
  readonly message: string;
  readonly data: JsonObject;
}

const INT32 = { min: -(2 ** 31), max: 2 ** 31 - 1 };

export function checkTaskName(v: Violations, name: TaskName): void {
  checkName(v, "kind", name.kind);
  checkName(v, "task_id", name.taskId);
}

export function checkContent(v: Violations, input: ContentInput): void {
  const { group, status, code, message, data, progress } = input;
  if (group !== undefined) checkName(v, "group", group, { optional: true });
  if (status !== undefined) checkText(v, "status", status, STATUS_CHARS);
  if (code !== undefined) {
    v.check(
      Number.isInteger(code) && code >= INT32.min && code <= INT32.max,
      "code",
      "must be an integer of 32 bits",
    );
  }
  if (message !== undefined) checkText(v, "message", message, MESSAGE_CHARS);
  if (data !== undefined) checkJson(v, "data", data, DATA_BYTES);
  // A comparison with NaN is false, so it fails as it should.
  if (progress !== undefined) v.check(progress >= 0 && progress <= 1, "progress", "must be 0 to 1");
}

export function withDefaults(input: ContentInput): Content {
  return {
    group: input.group || DEFAULT_GROUP,
    state: input.state ?? "PENDING",
    status: input.status ?? "",
    code: input.code ?? 0,
    message: input.message ?? "",
    data: input.data ?? {},
    progress: input.progress,
    hotTtlMs: input.hotTtlMs,
  };
}

/** As plain JSON: part of what a repeated request is compared by. */
export function contentJson({ progress, hotTtlMs, ...rest }: Content): JsonObject {
  return {
    ...rest,
    ...(progress === undefined ? {} : { progress }),
    ...(hotTtlMs === undefined ? {} : { hot_ttl_ms: hotTtlMs }),
  };
}

type Writes = Required<Pick<Change, "set" | "unset">>;

/** Sets every field that a caller can set; what is not given is cleared. */
export function writeContent(content: Content, now: number, settings: TaskSettings): Writes {
  const { group, state, status, code, message, data, progress } = content;
  const set: (readonly [Path, Json])[] = [
    [["group"], group],
    [["state"], state],
    [["status"], status],
    [["code"], code],
    [["message"], message],
    [["data"], data],
    [["data_bytes"], jsonBytes(data)],
    [["hot_ttl_ms"], content.hotTtlMs ?? settings.hotTtlMs[state]],
    [["update_time"], now],
  ];
  if (progress === undefined) return { set, unset: [["progress"]] };
  set.push([["progress"], progress]);
  return { set, unset: [] };
}
