/** The task methods of the old contract: `task` is a kind, `import_name` a group. */
import { create, toBinary } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import * as messages from "../../../gen/legacy/database_service/database_service_pb.ts";
import { type ApiResponse, ApiResponseSchema } from "../../../gen/legacy/utils/utils_pb.ts";
import type { ContentInput } from "../../domain/tasks/content.ts";
import type { Task } from "../../domain/tasks/task.ts";
import type { Tasks } from "../../domain/tasks/tasks.ts";
import { Violations } from "../../domain/validation.ts";
import { type JsonObject, setKey } from "../../json.ts";
import { isNotFound, orRefused, WholeAnswer } from "./answers.ts";
import { checkedName } from "./names.ts";
import { meaningOf } from "./statuses.ts";

type TaskMethods = Pick<
  ServiceImpl<typeof messages.DatabaseService>,
  "updateTaskId" | "setTaskId" | "getTaskId" | "getTasksByImportName" | "removeTaskId"
>;

const PAGE_TASKS = 1000;
/** What the façade's calls have in common: old clients know neither versions nor request ids. */
const PLAIN = { etag: "", requestId: "" };

export function taskMethods(tasks: Tasks, maxMessageBytes: number): TaskMethods {
  return {
    updateTaskId(request, { signal }) {
      const update = async () => {
        const violations = new Violations();
        const input = {
          ...nameOf(violations, request),
          ...changedContent(violations, request),
          ...PLAIN,
          replaceData: request.resetData ?? false,
          override: true,
          violations,
        } as const;
        await tasks.update(input, signal);
        return create(messages.UpdateTaskIdResponseSchema, {
          success: true,
          message: "the task was updated",
        });
      };
      return orRefused(update, (message) => create(messages.UpdateTaskIdResponseSchema, { message }));
    },

    setTaskId(request, { signal }) {
      const set = async () => {
        const violations = new Violations();
        const name = nameOf(violations, request);
        const content = contentOf(violations, request.value);
        await tasks.put({ ...name, ...content, ...PLAIN, violations }, signal);
        return create(messages.SetTaskIdResponseSchema, { success: true, message: "the task was set" });
      };
      return orRefused(set, (message) => create(messages.SetTaskIdResponseSchema, { message }));
    },

    async getTaskId(request, { signal }) {
      // Nobody can have stored such a task.
      if (request.taskId === "" || request.task === "") return create(messages.GetTaskIdResponseSchema);
      const violations = new Violations();
      const read = { ...nameOf(violations, request), ...FAST, violations };
      try {
        const { task } = await tasks.get(read, signal);
        return create(messages.GetTaskIdResponseSchema, { value: apiResponse(task), found: true });
      } catch (error) {
        if (isNotFound(error)) return create(messages.GetTaskIdResponseSchema);
        throw error;
      }
    },

    async getTasksByImportName({ task: kindText, importName }, { signal }) {
      const response = create(messages.GetTasksByImportNameResponseSchema);
      if (kindText === "") return response;
      const violations = new Violations();
      const kind = checkedName(violations, "task", kindText);
      const group = groupOf(violations, "import_name", importName);
      violations.throwIfAny();
      const answer = new WholeAnswer(maxMessageBytes);
      const take = (task: Task) => {
        const value = apiResponse(task);
        answer.take(toBinary(ApiResponseSchema, value).byteLength);
        response.tasks.push(value);
        return true;
      };
      for (let pageToken = ""; ; ) {
        const page = await tasks.list({ ...ALL, kind, group, pageToken }, take, signal);
        if (page.nextPageToken === "") return response;
        pageToken = page.nextPageToken;
      }
    },

    removeTaskId(request, { signal }) {
      const remove = async () => {
        const violations = new Violations();
        const { existed } = await tasks.delete(
          { ...nameOf(violations, request), ...PLAIN, violations },
          signal,
        );
        const message = existed ? "the task was removed" : "there is no such task";
        return create(messages.RemoveTaskIdResponseSchema, { success: existed, message });
      };
      return orRefused(remove, (message) => create(messages.RemoveTaskIdResponseSchema, { message }));
    },
  };
}

const FAST = { consistency: "fast", minRevision: 0 } as const;
const ALL = {
  states: [],
  createdAfter: undefined,
  createdBefore: undefined,
  updatedAfter: undefined,
  updatedBefore: undefined,
  pageSize: PAGE_TASKS,
  view: "full",
} as const;

function nameOf(v: Violations, { task, taskId }: { readonly task: string; readonly taskId: string }) {
  return { kind: checkedName(v, "task", task), taskId: checkedName(v, "task_id", taskId) };
}

function groupOf(v: Violations, field: string, importName: string): string {
  return checkedName(v, field, importName, { optional: true });
}

function contentOf(v: Violations, value: ApiResponse | undefined): ContentInput {
  if (value === undefined) {
    v.add("value", "must be set");
    return {};
  }
  const { status, code, message, data } = value;
  return { ...importNameOf(v, "value.data", data), status, ...meaningOf(status), code, message, data };
}

function changedContent(v: Violations, request: messages.UpdateTaskIdRequest): ContentInput {
  const { field, value, message = "", data, resetData } = request;
  const touchesData = resetData === true || Object.keys(data).length > 0;
  return {
    ...fieldContent(v, field, value),
    // Clients send an empty message when they have none to say.
    ...(message === "" ? {} : { message }),
    ...(touchesData ? { ...importNameOf(v, "data", data), data } : {}),
  };
}

function fieldContent(v: Violations, field: string, value: string): ContentInput {
  switch (field) {
    case "status":
      return { status: value, ...meaningOf(value) };
    case "message":
      return { message: value };
    case "code":
      v.check(
        /^\s*[+-]?\d{1,10}\s*$/.test(value),
        "value",
        "must be an integer of 32 bits for the field code",
      );
      return { code: Number(value) };
    default:
      v.add("field", "must be status, code or message");
      return {};
  }
}

function importNameOf(
  v: Violations,
  field: string,
  data: Readonly<Record<string, string>>,
): Pick<ContentInput, "group"> {
  if (!Object.hasOwn(data, "import_name")) return {};
  return { group: groupOf(v, `${field}["import_name"]`, data.import_name ?? "") };
}

function apiResponse({ status, code, message, data = {} }: Task): ApiResponse {
  const response = create(ApiResponseSchema, { status, code, message });
  response.data = asTexts(data);
  return response;
}

/** What other clients stored may be any JSON; what is no text is shown as JSON. */
function asTexts(data: JsonObject): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [key, value] of Object.entries(data)) {
    setKey(texts, key, typeof value === "string" ? value : JSON.stringify(value));
  }
  return texts;
}
