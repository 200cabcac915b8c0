/** Clients of the four services over any transport of Connect; `./node.ts` and `./web.ts` bring one along. */
import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { CacheService } from "../../../gen/dbconn/v1/cache_pb.ts";
import { SchemaService } from "../../../gen/dbconn/v1/schema_pb.ts";
import { StatusService } from "../../../gen/dbconn/v1/status_pb.ts";
import { TaskService, type WatchTasksResponse } from "../../../gen/dbconn/v1/task_pb.ts";
import { dependable } from "./dependable.ts";
import { type EntryName, type EntryValue, getOrMake, type LeaseOptions, type Make } from "./lease.ts";
import { type Pauses, realPauses } from "./pause.ts";
import { newRequestId } from "./request-ids.ts";
import { Revisions } from "./revisions.ts";
import { type WatchOptions, type WatchQuestion, watchTasks } from "./watch.ts";

export * from "../../../gen/dbconn/v1/cache_pb.ts";
export * from "../../../gen/dbconn/v1/common_pb.ts";
export * from "../../../gen/dbconn/v1/schema_pb.ts";
export * from "../../../gen/dbconn/v1/status_pb.ts";
export * from "../../../gen/dbconn/v1/task_pb.ts";
export { type Failure, failureOf } from "./failure.ts";
export { fromValue, toValue } from "./json.ts";
export type { EntryName, EntryValue, LeaseOptions, MadeEntry, Make } from "./lease.ts";
export type { WatchOptions, WatchQuestion } from "./watch.ts";

export interface DbconnOptions {
  /** Of a call with all its repetitions, milliseconds, where the call says nothing else. Default 10,000. */
  readonly timeoutMs?: number;
  /** For tests: time and chance. */
  readonly pauses?: Pauses;
}

/**
 * What one client sees is one session: no read of an object is older than any that it saw or wrote before. Calls fail
 * with ConnectError; `failureOf` tells more of one.
 */
export interface Dbconn {
  readonly tasks: Client<typeof TaskService>;
  readonly schemas: Client<typeof SchemaService>;
  readonly cache: Client<typeof CacheService>;
  readonly status: Client<typeof StatusService>;
  /** Follows tasks, and goes on by itself where a stream is cut off. */
  watchTasks(
    question: WatchQuestion,
    options?: WatchOptions,
  ): AsyncGenerator<WatchTasksResponse, void, undefined>;
  /** A cache entry that one of many makes. */
  getOrMake(name: EntryName, make: Make, options?: LeaseOptions): Promise<EntryValue>;
}

const TIMEOUT_MS = 10_000;

export function createDbconn(transport: Transport, options: DbconnOptions = {}): Dbconn {
  const { pauses = realPauses, timeoutMs = TIMEOUT_MS } = options;
  const sure = dependable(transport, {
    ...pauses,
    timeoutMs,
    newId: newRequestId,
    revisions: new Revisions(),
  });
  const tasks = createClient(TaskService, sure);
  const cache = createClient(CacheService, sure);
  return {
    tasks,
    schemas: createClient(SchemaService, sure),
    cache,
    status: createClient(StatusService, sure),
    watchTasks: (question, watch = {}) => watchTasks(tasks, question, watch, pauses),
    getOrMake: (name, make, lease = {}) => getOrMake(cache, name, make, lease, pauses),
  };
}
