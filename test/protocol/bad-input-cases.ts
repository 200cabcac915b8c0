// Requests that no protocol may take, each with the fields that the answer has to name.
import { Condition } from "../../gen/dbconn/v1/cache_pb.ts";
import type { Consistency } from "../../gen/dbconn/v1/common_pb.ts";
import { TaskState } from "../../gen/dbconn/v1/task_pb.ts";
import type { Clients } from "./transports.ts";
import { value } from "./values.ts";

/** The task that is there when the cases are played. */
export const name = { kind: "bad-input", taskId: "1" };
const long = (count: number) => "x".repeat(count);
/** JSON of that many levels, made without recursion. */
function nested(depth: number): unknown {
  let json: unknown = {};
  for (let level = 1; level < depth; level++) json = { a: json };
  return json;
}
/** As a client's own library would let it pass: numbers that no enum has, text that is no text. */
const unknownEnum = 99 as TaskState & Consistency & Condition;

type Call = (clients: Clients) => Promise<unknown>;
/** `fields`: parted by blanks. */
export type Case = readonly [name: string, call: Call, fields: string];

export const cases: readonly Case[] = [
  // Tasks
  ["no name", ({ tasks }) => tasks.getTask({}), "kind task_id"],
  ["an illegal kind", ({ tasks }) => tasks.getTask({ ...name, kind: "a b" }), "kind"],
  ["a name that begins with a dot", ({ tasks }) => tasks.createTask({ ...name, taskId: ".x" }), "task_id"],
  ["a name that is too long", ({ tasks }) => tasks.putTask({ ...name, taskId: long(129) }), "task_id"],
  ["a line end in a name", ({ tasks }) => tasks.deleteTask({ ...name, taskId: "a\n" }), "task_id"],
  ["an illegal group", ({ tasks }) => tasks.createTask({ ...name, group: "/" }), "group"],
  ["a status that is too long", ({ tasks }) => tasks.updateTask({ ...name, status: long(129) }), "status"],
  [
    "a message that is too long",
    ({ tasks }) => tasks.updateTask({ ...name, message: long(4097) }),
    "message",
  ],
  ["a message with a NUL", ({ tasks }) => tasks.updateTask({ ...name, message: "a\0" }), "message"],
  ["a progress above 1", ({ tasks }) => tasks.updateTask({ ...name, progress: 1.5 }), "progress"],
  [
    "a progress that is no number",
    ({ tasks }) => tasks.updateTask({ ...name, progress: Number.NaN }),
    "progress",
  ],
  [
    "a request_id that is too long",
    ({ tasks }) => tasks.updateTask({ ...name, status: "x", requestId: long(129) }),
    "request_id",
  ],
  ["an etag that is none", ({ tasks }) => tasks.updateTask({ ...name, status: "x", etag: "?" }), "etag"],
  ["a negative revision", ({ tasks }) => tasks.getTask({ ...name, minRevision: -1n }), "min_revision"],
  ["an update of nothing", ({ tasks }) => tasks.updateTask(name), "update_mask"],
  [
    "a mask with an unknown path",
    ({ tasks }) => tasks.updateTask({ ...name, updateMask: { paths: ["nothing"] } }),
    "update_mask",
  ],
  [
    "a mask below data",
    ({ tasks }) => tasks.updateTask({ ...name, data: { a: 1 }, updateMask: { paths: ["data.a"] } }),
    "update_mask data",
  ],
  [
    "a field beside the mask",
    ({ tasks }) =>
      tasks.updateTask({ ...name, status: "x", message: "y", updateMask: { paths: ["status"] } }),
    "message",
  ],
  ["data of 31 levels", ({ tasks }) => tasks.updateTask({ ...name, data: nested(31) as never }), "data"],
  ["data of 300 KiB", ({ tasks }) => tasks.putTask({ ...name, data: { a: long(300 * 1024) } }), "data"],
  [
    "a wait of more than a minute",
    ({ tasks }) => tasks.waitTask({ ...name, timeout: { seconds: 61n, nanos: 0 } }),
    "timeout",
  ],
  [
    "a wait past a negative revision",
    ({ tasks }) => tasks.waitTask({ ...name, afterRevision: -1n }),
    "after_revision",
  ],
  ["a batch of no updates", ({ tasks }) => tasks.batchUpdateTasks({}), "requests"],
  ["a cancellation of everything", ({ tasks }) => tasks.cancelTasks({}), "kind"],
  ["a batch of no names", ({ tasks }) => tasks.batchGetTasks({}), "names"],
  [
    "a batch of 1001 names",
    ({ tasks }) => tasks.batchGetTasks({ names: Array.from({ length: 1001 }, () => ({})) }),
    "names",
  ],
  ["a negative page size", ({ tasks }) => tasks.listTasks({ pageSize: -1 }), "page_size"],
  ["a page token that is none", ({ tasks }) => tasks.listTasks({ pageToken: "x" }), "page_token"],
  [
    "a state that says nothing",
    ({ tasks }) => tasks.listTasks({ states: [TaskState.UNSPECIFIED] }),
    "states[0]",
  ],
  [
    "a page token of the events that is none",
    ({ tasks }) => tasks.listTaskEvents({ ...name, pageToken: "x" }),
    "page_token",
  ],
  ["an illegal name in a count", ({ tasks }) => tasks.countTasks({ group: "!" }), "group"],
  // Schemas
  ["no document", ({ schemas }) => schemas.publishRelease({ name: "bad-input" }), "document"],
  [
    "a document that is a number",
    ({ schemas }) => schemas.publishRelease({ name: "bad-input", document: value(1) }),
    "document",
  ],
  [
    "a document with a wrong keyword",
    ({ schemas }) => schemas.publishRelease({ name: "bad-input", document: value({ minLength: -1 }) }),
    "document/minLength",
  ],
  [
    "a document with a remote reference",
    ({ schemas }) =>
      schemas.publishRelease({ name: "bad-input", document: value({ $ref: "http://127.0.0.1/x" }) }),
    "document/$ref",
  ],
  [
    "a document of 31 levels",
    ({ schemas }) => schemas.publishRelease({ name: "bad-input", document: value(nested(31)) }),
    "document",
  ],
  [
    "a document of 600 KiB",
    ({ schemas }) =>
      schemas.publishRelease({ name: "bad-input", document: value({ title: long(600 * 1024) }) }),
    "document",
  ],
  [
    "a note that is too long",
    ({ schemas }) => schemas.revertSchema({ name: "bad-input", release: 1, note: long(1025) }),
    "note",
  ],
  ["no release to revert to", ({ schemas }) => schemas.revertSchema({ name: "bad-input" }), "release"],
  ["no release to delete", ({ schemas }) => schemas.deleteRelease({ name: "bad-input" }), "release"],
  ["a negative release", ({ schemas }) => schemas.getRelease({ name: "bad-input", release: -1 }), "release"],
  ["a schema update of nothing", ({ schemas }) => schemas.updateSchema({ name: "bad-input" }), "update_mask"],
  [
    "a label without a name",
    ({ schemas }) => schemas.updateSchema({ name: "bad-input", labels: { "": "x" } }),
    "labels",
  ],
  ["an illegal name of a schema", ({ schemas }) => schemas.deleteSchema({ name: "a/b" }), "name"],
  ["no documents", ({ schemas }) => schemas.validateDocuments({ name: "bad-input" }), "documents"],
  [
    "101 documents",
    ({ schemas }) =>
      schemas.validateDocuments({
        name: "bad-input",
        documents: Array.from({ length: 101 }, () => value(1)),
      }),
    "documents",
  ],
  [
    "a document to validate of 31 levels",
    ({ schemas }) =>
      schemas.validateDocuments({ name: "bad-input", documents: [value(1), value(nested(31))] }),
    "documents[1]",
  ],
  [
    "a page token of the schemas that is none",
    ({ schemas }) => schemas.listSchemas({ pageToken: "x" }),
    "page_token",
  ],
  [
    "a negative page of releases",
    ({ schemas }) => schemas.listReleases({ name: "bad-input", pageSize: -5 }),
    "page_size",
  ],
  [
    "a negative page of events",
    ({ schemas }) => schemas.listSchemaEvents({ name: "bad-input", pageSize: -5 }),
    "page_size",
  ],
  [
    "a negative release to compare",
    ({ schemas }) => schemas.diffReleases({ name: "bad-input", fromRelease: -1 }),
    "from_release",
  ],
  // Cache
  ["no key", ({ cache }) => cache.getEntry({}), "key"],
  ["a key that is too long", ({ cache }) => cache.deleteEntry({ key: "ä".repeat(257) }), "key"],
  ["a key with a control character", ({ cache }) => cache.touchEntry({ key: "a\u0085" }), "key"],
  ["an illegal namespace", ({ cache }) => cache.incrementEntry({ namespace: "A", key: "k" }), "namespace"],
  ["no value", ({ cache }) => cache.setEntry({ key: "k" }), "value"],
  [
    "a value that is too long",
    ({ cache }) => cache.setEntry({ key: "k", value: { case: "text", value: long(1024 * 1024 + 1) } }),
    "text",
  ],
  [
    "a lifetime of nothing",
    ({ cache }) => cache.setEntry({ key: "k", value: { case: "text", value: "" }, ttl: {} }),
    "ttl",
  ],
  ["a negative lifetime", ({ cache }) => cache.touchEntry({ key: "k", ttl: { seconds: -1n } }), "ttl"],
  [
    "a lifetime beside persist",
    ({ cache }) => cache.incrementEntry({ key: "k", ttl: { seconds: 1n }, persist: true }),
    "persist",
  ],
  [
    "a condition beside an etag",
    ({ cache }) =>
      cache.setEntry({
        key: "k",
        value: { case: "text", value: "" },
        condition: Condition.IF_ABSENT,
        etag: "x",
      }),
    "condition",
  ],
  ["a batch of no keys", ({ cache }) => cache.batchDeleteEntries({}), "keys"],
  ["a batch of no entries", ({ cache }) => cache.batchSetEntries({}), "requests"],
  ["a pattern that ends in a lone backslash", ({ cache }) => cache.listKeys({ pattern: "a\\" }), "pattern"],
  ["a negative page of keys", ({ cache }) => cache.listKeys({ pageSize: -1 }), "page_size"],
  ["a page token of the keys that is none", ({ cache }) => cache.listKeys({ pageToken: "x" }), "page_token"],
  ["a clearing of nothing", ({ cache }) => cache.clearCache({}), "namespace"],
  [
    "a negative expectation",
    ({ cache }) => cache.clearCache({ namespace: "n", expectedCount: -1n }),
    "expected_count",
  ],
  // Status
  ["no store", ({ status }) => status.pingStore({}), "store"],
];

/** What only a binary message can say; JSON has no such numbers. */
export const openEnums: readonly Case[] = [
  ["a state that there is not", ({ tasks }) => tasks.createTask({ ...name, state: unknownEnum }), "state"],
  [
    "a consistency that there is not",
    ({ tasks }) => tasks.getTask({ ...name, consistency: unknownEnum }),
    "consistency",
  ],
  [
    "a condition that there is not",
    ({ cache }) => cache.setEntry({ key: "k", value: { case: "text", value: "" }, condition: unknownEnum }),
    "condition",
  ],
];
