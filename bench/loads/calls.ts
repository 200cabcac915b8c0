/** The calls that are measured: what is sent, and what must be there before. */
import {
  create,
  type DescMethodUnary,
  fromJson,
  type MessageInitShape,
  toBinary,
  toJsonString,
} from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { CacheService } from "../../gen/dbconn/v1/cache_pb.ts";
import { Consistency } from "../../gen/dbconn/v1/common_pb.ts";
import { SchemaService } from "../../gen/dbconn/v1/schema_pb.ts";
import { TaskService, TaskState } from "../../gen/dbconn/v1/task_pb.ts";
import type { Clients } from "./clients.ts";

export const VALUE = "v".repeat(100);
/** Each connection of a load writes another task, since one document takes one writer at a time. */
export const CONNECTIONS = 4;
const LISTED_TASKS = 40;

export interface Call {
  readonly name: string;
  readonly path: string;
  /** What connection `n` sends, without framing. */
  binary(n: number): Uint8Array;
  json(n: number): string;
}

function call<Method extends DescMethodUnary>(
  method: Method,
  request: (n: number) => MessageInitShape<Method["input"]>,
): Call {
  const message = (n: number) => create<Method["input"]>(method.input, request(n));
  return {
    name: method.name,
    path: `/${method.parent.typeName}/${method.name}`,
    binary: (n) => toBinary<Method["input"]>(method.input, message(n)),
    json: (n) => toJsonString<Method["input"]>(method.input, message(n)),
  };
}

export const GET_ENTRY = call(CacheService.method.getEntry, () => ({ key: "bench" }));
export const SET_ENTRY = call(CacheService.method.setEntry, (n) => ({
  key: `bench-${n}`,
  value: { case: "text" as const, value: VALUE },
}));
export const GET_TASK = call(TaskService.method.getTask, () => ({
  kind: "bench",
  taskId: "read",
  consistency: Consistency.FAST,
}));
export const UPDATE_TASK = call(TaskService.method.updateTask, (n) => ({
  kind: "bench",
  taskId: `written-${n}`,
  data: { last: VALUE },
}));
export const GET_RELEASE = call(SchemaService.method.getRelease, () => ({ name: "bench", release: 1 }));
export const LIST_TASKS = call(TaskService.method.listTasks, () => ({ kind: "bench-list", pageSize: 20 }));

export const CALLS: readonly Call[] = [GET_ENTRY, SET_ENTRY, GET_TASK, UPDATE_TASK, GET_RELEASE, LIST_TASKS];

/** Writes what the calls read. */
export async function seed({ cache, tasks, schemas }: Clients): Promise<void> {
  await cache.setEntry({ key: "bench", value: { case: "text", value: VALUE }, persist: true });
  await tasks.putTask({ kind: "bench", taskId: "read", state: TaskState.PROCESSING, data: { v: VALUE } });
  for (let n = 0; n < CONNECTIONS; n++) {
    await tasks.putTask({ kind: "bench", taskId: `written-${n}`, state: TaskState.PROCESSING });
  }
  const schema = { type: "object", properties: { value: { type: "string", maxLength: 100 } } };
  await schemas.publishRelease({ name: "bench", document: fromJson(ValueSchema, schema) });
  for (let n = 0; n < LISTED_TASKS; n++) await tasks.putTask({ kind: "bench-list", taskId: `t-${n}` });
}
