// Things of the service, for people.
import { fromValue } from "../clients/typescript/src/json.ts";
import type { CacheEntry } from "../gen/dbconn/v1/cache_pb.ts";
import { CompatibilitySchema, type Schema, type SchemaRelease } from "../gen/dbconn/v1/schema_pb.ts";
import { type Task, TaskStateSchema } from "../gen/dbconn/v1/task_pb.ts";
import { pretty, print, printFacts, time } from "./output.ts";
import { wordOf } from "./words.ts";

export function showTask(task: Task): void {
  printFacts([
    ["task", `${task.kind}/${task.taskId}`],
    ["group", task.group],
    ["state", wordOf(TaskStateSchema, task.state)],
    ["status", task.status],
    ["message", task.message],
    ["progress", task.progress === undefined ? "" : `${(100 * task.progress).toFixed(0)} %`],
    ["created", time(task.createTime)],
    ["updated", time(task.updateTime)],
    ["revision", String(task.revision)],
  ]);
  if (task.data !== undefined) print(pretty(task.data));
}

/** One line of a watch. */
export const taskLine = (task: Task): string =>
  [
    time(task.updateTime),
    `${task.kind}/${task.taskId}`,
    `revision ${task.revision}`,
    wordOf(TaskStateSchema, task.state),
    task.progress === undefined ? "" : `${(100 * task.progress).toFixed(0)} %`,
    task.status || task.message,
  ]
    .filter(Boolean)
    .join("  ");

export function showSchema(schema: Schema): void {
  printFacts([
    ["schema", schema.name],
    ["active release", `${schema.activeRelease} of ${schema.releaseCount}`],
    ["compatibility", wordOf(CompatibilitySchema, schema.compatibility)],
    ["description", schema.description],
    ["deleted", time(schema.deleteTime)],
    ["updated", time(schema.updateTime)],
  ]);
}

export function documentOf({ document }: SchemaRelease): string {
  return document === undefined ? "" : pretty(fromValue(document));
}

/** The value as it was stored, so that it can be piped on. */
export function showEntry({ value }: CacheEntry): void {
  if (value.case === "data") process.stdout.write(value.value);
  else print(value.value ?? "");
}
