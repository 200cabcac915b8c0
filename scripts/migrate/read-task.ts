// The original's tasks: documents {task_id, task, import_name, status, code, message, data}, and hashes of Redis with
// the last four, all texts.
import { ObjectId } from "mongodb";
import { isObject, type Json, type JsonObject } from "../../src/json.ts";
import { asJson, textOf, Unreadable } from "./bson.ts";

export interface SourceTask {
  readonly task: string;
  readonly taskId: string;
  readonly importName: string;
  readonly status: string;
  readonly code: number;
  readonly message: string;
  readonly data: JsonObject;
  /** Milliseconds since the epoch; undefined where nothing tells it. */
  readonly createTime: number | undefined;
}

/** What one of the two stores says of a task. A hash may be a part of one: an update of an expired task left such. */
export type Fields = Readonly<Record<string, unknown>>;

export function isTaskDocument(document: Fields): boolean {
  return "task_id" in document && "task" in document && "status" in document;
}

export function nameOfDocument({ task, task_id }: Fields): {
  readonly task: string;
  readonly taskId: string;
} {
  return { task: textOf(task, "task"), taskId: textOf(task_id, "task_id") };
}

/** `{task}:task:{id}`; undefined for another key. */
export function nameOfKey(key: string): { readonly task: string; readonly taskId: string } | undefined {
  const [, task, taskId] = /^(.*?):task:(.*)$/s.exec(key) ?? [];
  return task === undefined || taskId === undefined ? undefined : { task, taskId };
}

export function keyOf({ task, taskId }: { readonly task: string; readonly taskId: string }): string {
  return `${task}:task:${taskId}`;
}

/**
 * One task out of both stores. Where they differ the hash counts: it is what the original answered. `setOf` names the
 * import name in whose set the task is. Throws Unreadable.
 */
export function readTask(
  name: { readonly task: string; readonly taskId: string },
  document: Fields | undefined,
  hash: Fields | undefined,
  setOf: string | undefined,
): SourceTask {
  const fields = { ...document, ...hash };
  // A part of a hash is only good beside the document.
  const absent = document === undefined ? undefined : "";
  const data = dataOf(fields.data, document === undefined ? undefined : {});
  const own = data.import_name;
  return {
    ...name,
    importName:
      (typeof document?.import_name === "string" ? document.import_name : undefined) ??
      (typeof own === "string" ? own : (setOf ?? "default")),
    status: textOf(fields.status, "status"),
    code: codeOf(fields.code),
    message: textOf(fields.message, "message", absent),
    data,
    createTime: document?._id instanceof ObjectId ? document._id.getTimestamp().getTime() : undefined,
  };
}

/** Whether the hash says something else than the document. */
export function differ(document: Fields, hash: Fields): boolean {
  return Object.keys(hash).some((field) => {
    const [theirs, ours] = [document[field], hash[field]];
    if (field === "data") return !sameData(theirs, ours);
    return String(theirs ?? "") !== String(ours);
  });
}

function sameData(document: unknown, hash: unknown): boolean {
  try {
    const sorted = (value: JsonObject) => JSON.stringify(Object.entries(value).toSorted());
    return sorted(dataOf(document, {})) === sorted(dataOf(hash, {}));
  } catch {
    return false;
  }
}

/** An update of the original stored a code as text. */
function codeOf(value: unknown): number {
  if (value === undefined || value === null || value === "") return 0;
  const code = typeof value === "string" && /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : value;
  if (typeof code !== "number" || !Number.isInteger(code)) throw new Unreadable("code is no integer");
  return code;
}

function dataOf(value: unknown, absent: JsonObject | undefined): JsonObject {
  if ((value === undefined || value === null) && absent !== undefined) return absent;
  if (value === undefined) throw new Unreadable("data is missing: this is a part of a task");
  const data = typeof value === "string" ? parse(value) : asJson(value, "data");
  if (!isObject(data)) throw new Unreadable("data is no object");
  return data;
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new Unreadable("data is no JSON");
  }
}
