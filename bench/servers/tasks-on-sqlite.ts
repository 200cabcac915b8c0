/** The task service in this process, on SQLite and memory, without a port: where the store itself can be asked. */
import { createClient, createRouterTransport } from "@connectrpc/connect";
import { TaskService } from "../../gen/dbconn/v1/task_pb.ts";
import { openMemory } from "../../src/adapters/memory/open.ts";
import { openSqlite, type SqliteDurable } from "../../src/adapters/sqlite/durable.ts";
import { loadConfig } from "../../src/config.ts";
import { createObjects } from "../../src/consistency/dual-store.ts";
import { Feed } from "../../src/consistency/feed.ts";
import { Generation } from "../../src/consistency/generation.ts";
import { CONTROL } from "../../src/consistency/generation-document.ts";
import { TASK_EVENTS, TASK_OBJECTS, TASKS } from "../../src/domain/tasks/collections.ts";
import { Tasks } from "../../src/domain/tasks/tasks.ts";
import { TaskWatches } from "../../src/domain/tasks/watches.ts";
import { timing } from "../../src/main/stores.ts";
import { taskService } from "../../src/rpc/task-service.ts";
import type { Clients } from "../loads/clients.ts";

const HEARTBEAT_MS = 15_000;

export interface TasksOnSqlite {
  readonly client: Clients["tasks"];
  readonly stats: SqliteDurable["stats"];
  close(): Promise<void>;
}

export async function openTasksOnSqlite(directory: string): Promise<TasksOnSqlite> {
  const config = loadConfig({});
  const durable = await openSqlite({ directory, collections: [TASKS, TASK_EVENTS, CONTROL] });
  const { hot } = openMemory({ ...config.hot.memory, now: timing.monotonic, identity: timing.uniqueId() });
  const generation = new Generation({
    durable,
    hot,
    timing,
    instance: timing.uniqueId(),
    leaseMs: config.generationLeaseMs,
    timeoutMs: config.durable.timeoutMs,
  });
  generation.start();
  const protocol = { kind: TASK_OBJECTS, durable, hot, generation, timing };
  const options = {
    store: durable,
    objects: createObjects(protocol),
    clock: { now: timing.now },
    ids: { random: timing.uniqueId },
    settings: config.tasks,
  };
  const watches = new TaskWatches({
    ...options,
    feed: new Feed(protocol),
    timing,
    heartbeatMs: HEARTBEAT_MS,
  });
  const transport = createRouterTransport((router) =>
    router.service(TaskService, taskService(new Tasks(options), watches)),
  );
  return {
    client: createClient(TaskService, transport),
    stats: durable.stats,
    close: async () => {
      await generation.close();
      await Promise.all([hot.close(), durable.close()]);
    },
  };
}
