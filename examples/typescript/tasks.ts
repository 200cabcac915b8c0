// The service by its TypeScript client. Before it: npm ci && npm run build:client
import { enumToJson } from "@bufbuild/protobuf";
import {
  connectNode,
  failureOf,
  TaskState,
  TaskStateSchema,
  toValue,
} from "database-connections-client/node";

const address = process.env.DBCONN_ADDRESS ?? "127.0.0.1:50050";
const { schemas, tasks, ...dbconn } = connectNode({
  url: `http://${address}`,
  ...(process.env.DBCONN_TOKEN === undefined ? {} : { token: process.env.DBCONN_TOKEN }),
});
const name = { kind: "report", taskId: "typescript" };

await tasks.putTask({ ...name, data: { rows: 10 } });

// Follows the task until it has ended; cut off, it goes on by itself.
const followed = (async () => {
  for await (const { task } of dbconn.watchTasks(name)) {
    console.log(enumToJson(TaskStateSchema, task?.state ?? TaskState.UNSPECIFIED));
    if (task?.state === TaskState.COMPLETED) return task;
  }
  return undefined;
})();
await tasks.updateTask({ ...name, state: TaskState.PROCESSING, progress: 0.5 });
await tasks.updateTask({ ...name, state: TaskState.COMPLETED, data: { done: 10 } });
console.log((await followed)?.revision === (await tasks.getTask(name)).task?.revision);

// A failure says why, and whether anything happened.
const { reason, applied } = await tasks
  .updateTask({ ...name, state: TaskState.PROCESSING })
  .then(() => failureOf(new Error("a task that has ended went on")), failureOf);
console.log(reason, applied);

await schemas.publishRelease({ name: "report", document: toValue({ type: "object", required: ["rows"] }) });
const { results } = await schemas.validateDocuments({
  name: "report",
  documents: [toValue({ rows: 10 }), toValue({})],
});
console.log(results.map(({ valid }) => valid));

// Of many who ask at once, one makes the value.
const greeting = await dbconn.getOrMake({ key: "greeting-typescript" }, async () => ({
  value: { case: "text", value: "hello from TypeScript" },
  ttlMs: 60_000,
}));
console.log(greeting.value);
dbconn.close();
