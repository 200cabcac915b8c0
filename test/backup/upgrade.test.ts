import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { expect, it, onTestFinished } from "vitest";
import { SchemaService } from "../../gen/dbconn/v1/schema_pb.ts";
import { TaskService, TaskState } from "../../gen/dbconn/v1/task_pb.ts";
import { sessionManager } from "../server/support.ts";
import { startServer } from "../support/server-process.ts";
import { temporaryFolder } from "./commands.ts";

it("a store in format 1, as version 0.1.0 left it, is read and written by this version", async () => {
  const dataDir = join(temporaryFolder(), "data");
  mkdirSync(dataDir);
  const database = new DatabaseSync(join(dataDir, "dbconn.sqlite"));
  database.exec(readFileSync(new URL("format-1.sql", import.meta.url), "utf8"));
  database.close();

  const server = await startServer({ dataDir });
  onTestFinished(async () => void (await server.stop()));
  const transport = createGrpcTransport({ baseUrl: server.url, sessionManager: sessionManager(server.url) });
  const tasks = createClient(TaskService, transport);
  const schemas = createClient(SchemaService, transport);

  const { task } = await tasks.getTask({ kind: "order", taskId: "o-1" });
  expect(task).toMatchObject({
    group: "g",
    state: TaskState.PROCESSING,
    progress: 0.5,
    revision: 2n,
    data: { step: 2, items: ["a", "ä", "$x.y"] },
  });
  const deleted = tasks.getTask({ kind: "order", taskId: "o-2" });
  await expect(deleted).rejects.toMatchObject({ code: Code.NotFound });
  expect((await tasks.listTaskEvents({ kind: "order", taskId: "o-1" })).events).toHaveLength(2);
  const { schema } = await schemas.getSchema({ name: "order" });
  expect(schema).toMatchObject({ name: "order" });

  const changed = await tasks.updateTask({ kind: "order", taskId: "o-1", state: TaskState.COMPLETED });
  expect(changed.task).toMatchObject({ state: TaskState.COMPLETED, revision: 3n });
  const { results } = await schemas.validateDocuments({
    name: "order",
    documents: [
      {
        kind: {
          case: "structValue",
          value: { fields: { step: { kind: { case: "stringValue", value: "x" } } } },
        },
      },
    ],
  });
  expect(results[0]?.valid).toBe(false);
});
