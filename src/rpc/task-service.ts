import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { View, ViewSchema } from "../../gen/dbconn/v1/common_pb.ts";
import * as messages from "../../gen/dbconn/v1/task_pb.ts";
import type { TaskEvent } from "../domain/tasks/events.ts";
import type { Task } from "../domain/tasks/task.ts";
import type { Tasks } from "../domain/tasks/tasks.ts";
import type { TaskWatches } from "../domain/tasks/watches.ts";
import { Violations } from "../domain/validation.ts";
import { ResponseBudget } from "./budget.ts";
import { checkEnum, consistency, fromInt64, int64, provenance } from "./convert.ts";
import { visibleKey } from "./principal.ts";
import * as convert from "./task-messages.ts";

export function taskService(tasks: Tasks, watches: TaskWatches): ServiceImpl<typeof messages.TaskService> {
  return {
    async createTask(request, { signal }) {
      const { kind, taskId, requestId } = request;
      const violations = new Violations();
      const content = convert.newContent(violations, request);
      const changed = await tasks.create({ kind, taskId, ...content, requestId, violations }, signal);
      return create(messages.CreateTaskResponseSchema, convert.changedMessage(changed));
    },

    async putTask(request, { signal }) {
      const { kind, taskId, etag, requestId } = request;
      const violations = new Violations();
      const content = convert.newContent(violations, request);
      const changed = await tasks.put({ kind, taskId, ...content, etag, requestId, violations }, signal);
      return create(messages.PutTaskResponseSchema, convert.changedMessage(changed));
    },

    async getTask(request, { signal }) {
      const { kind, taskId } = request;
      const violations = new Violations();
      const read = await tasks.get(
        {
          kind,
          taskId,
          consistency: consistency(violations, request.consistency),
          minRevision: fromInt64(violations, "min_revision", request.minRevision),
          violations,
        },
        signal,
      );
      return {
        $typeName: "dbconn.v1.GetTaskResponse",
        task: read.kept ? convert.keptTaskMessage(read.task) : convert.taskMessage(read.task),
        provenance: provenance(read.provenance),
      };
    },

    async batchGetTasks(request, { signal }) {
      const violations = new Violations();
      const { names } = request;
      const input = { names, consistency: consistency(violations, request.consistency), violations };
      const items = await tasks.batchGet(input, withinBudget(convert.taskBytes), signal);
      return create(messages.BatchGetTasksResponseSchema, { results: items.map(convert.batchResult) });
    },

    async updateTask(request, { signal }) {
      const changed = await tasks.update(convert.updateInput(request), signal);
      return create(messages.UpdateTaskResponseSchema, convert.changedMessage(changed));
    },

    async batchUpdateTasks({ requests }, { signal }) {
      const inputs = requests.map((request, index) => convert.updateInput(request, `requests[${index}].`));
      const items = await tasks.batchUpdate(inputs, withinBudget(convert.taskBytes), signal);
      return create(messages.BatchUpdateTasksResponseSchema, {
        results: items.map(convert.batchUpdateResult),
      });
    },

    async cancelTask({ kind, taskId, message, etag, requestId }, { signal }) {
      const changed = await tasks.cancel({ kind, taskId, message, etag, requestId }, signal);
      return create(messages.CancelTaskResponseSchema, convert.changedMessage(changed));
    },

    async cancelTasks(request, { signal, values }) {
      const { message, validateOnly, requestId } = request;
      const filter = convert.taskFilter(request, values.get(visibleKey));
      const input = { ...filter, message, validateOnly, requestId };
      const cancelled = await tasks.cancelMany(input, signal);
      return create(messages.CancelTasksResponseSchema, { cancelledCount: int64(cancelled) });
    },

    async deleteTask({ kind, taskId, etag, requestId }, { signal }) {
      const deleted = await tasks.delete({ kind, taskId, etag, requestId }, signal);
      return create(messages.DeleteTaskResponseSchema, {
        existed: deleted.existed,
        revision: int64(deleted.revision),
        replayed: deleted.replayed,
        appliedRevision: int64(deleted.appliedRevision),
      });
    },

    async listTasks(request, { signal, values }) {
      const { pageSize, pageToken } = request;
      const filter = convert.taskFilter(request, values.get(visibleKey));
      checkEnum(filter.violations, "view", ViewSchema, request.view);
      const view = request.view === View.FULL ? "full" : "basic";
      const page = await tasks.list(
        { ...filter, pageSize, pageToken, view },
        withinBudget<Task>(convert.taskBytes),
        signal,
      );
      return create(messages.ListTasksResponseSchema, {
        tasks: page.tasks.map(convert.taskMessage),
        nextPageToken: page.nextPageToken,
      });
    },

    async countTasks(request, { signal, values }) {
      const { counts, total } = await tasks.count(
        convert.taskFilter(request, values.get(visibleKey)),
        signal,
      );
      return create(messages.CountTasksResponseSchema, {
        counts: counts.map(({ state, count }) => ({ state: messages.TaskState[state], count: int64(count) })),
        total: int64(total),
      });
    },

    async listTaskEvents({ kind, taskId, pageSize, pageToken }, { signal }) {
      const input = { kind, taskId, pageSize, pageToken };
      const page = await tasks.events(input, withinBudget<TaskEvent>(convert.eventBytes), signal);
      return create(messages.ListTaskEventsResponseSchema, {
        events: page.events.map(convert.eventMessage),
        nextPageToken: page.nextPageToken,
      });
    },

    async waitTask(request, { signal }) {
      const { task, done, provenance: from } = await watches.wait(convert.waitInput(request), signal);
      return create(messages.WaitTaskResponseSchema, {
        task: convert.taskMessage(task),
        done: messages.Done[done],
        provenance: provenance(from),
      });
    },

    async *watchTasks({ kind, taskId, group, resumeToken }, { signal, values }) {
      const visible = values.get(visibleKey);
      const items = watches.watch({ kind, taskId, group, visible, resumeToken }, signal);
      for await (const item of items) yield convert.watchMessage(item);
    },

    getTaskPolicy() {
      return create(messages.GetTaskPolicyResponseSchema, {
        states: tasks.policy().map(convert.policyMessage),
      });
    },
  };
}

/** Admits items as long as the answer stays within what clients can receive. */
function withinBudget<Item>(bytesOf: (item: Item) => number): (item: Item) => boolean {
  const budget = new ResponseBudget();
  return (item) => budget.take(bytesOf(item));
}
