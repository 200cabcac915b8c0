import type { ConnectError } from "@connectrpc/connect";
import { realPauses } from "../../clients/typescript/src/pause.ts";
import { type WatchQuestion, watchTasks } from "../../clients/typescript/src/watch.ts";
import {
  WatchEventType,
  type WatchTasksResponse,
  WatchTasksResponseSchema,
} from "../../gen/dbconn/v1/task_pb.ts";
import { UsageError } from "../failure.ts";
import { print, printJson } from "../output.ts";
import type { Service } from "../service.ts";
import { taskLine } from "../show.ts";
import { taskName } from "../words.ts";
import { command } from "./command.ts";

export const watchCommand = command<{ task: string | undefined; kind: string; group: string }>({
  command: "watch [task]",
  describe: "Follows a task revision by revision, or the tasks of a kind or group; until Ctrl+C",
  builder: (argv) =>
    argv
      .positional("task", { type: "string", describe: "KIND/ID" })
      .option("kind", { type: "string", default: "", describe: "Every task of the kind" })
      .option("group", { type: "string", default: "", describe: "Every task of the group" })
      .example("$0 watch import/42", "")
      .example("$0 watch --kind import --json | jq .task.state", ""),
  run: async ({ task, kind, group, json }, service) => {
    const one = task === undefined ? { kind, taskId: "" } : taskName(task);
    if (one.kind === "" && group === "")
      throw new UsageError("watch what? A task KIND/ID, --kind or --group");
    for await (const item of changes(service, { ...one, group })) {
      if (json) printJson(WatchTasksResponseSchema, item);
      else if (item.task !== undefined) {
        print(`${taskLine(item.task)}${item.type === WatchEventType.DELETED ? "  deleted" : ""}`);
      }
    }
  },
});

/** Without end: where the stream breaks off it goes on after the last change that was seen. */
async function* changes({ tasks }: Service, watched: WatchQuestion): AsyncGenerator<WatchTasksResponse> {
  let hasBegun = false;
  const onCut = (reason: ConnectError) => {
    // Before anything came it is rather a mistake than a break.
    if (!hasBegun) throw reason;
    process.stderr.write(`the watch broke off (${reason.rawMessage}); trying again\n`);
  };
  for await (const item of watchTasks(tasks, watched, { heartbeats: true, onCut }, realPauses)) {
    hasBegun = true;
    yield item;
  }
}
