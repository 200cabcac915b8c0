import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  Done,
  type TaskState,
  TaskStateSchema,
  WaitTaskResponseSchema,
} from "../../gen/dbconn/v1/task_pb.ts";
import { print, printJson } from "../output.ts";
import { taskLine } from "../show.ts";
import { numberOf, STATES, taskName } from "../words.ts";
import { command } from "./command.ts";

/** The longest that the service waits in one call. */
const LONGEST_CALL_MS = 60_000;
/** For the answer to come. */
const ANSWER_MS = 5_000;

export const waitCommand = command<{ task: string; until: string[]; for: number }>({
  command: "wait <task>",
  describe: "Waits until a task has ended; exits with 1 when it has not in time",
  builder: (argv) =>
    argv
      .positional("task", { type: "string", demandOption: true, describe: "KIND/ID" })
      .option("until", {
        choices: STATES,
        type: "string",
        array: true,
        default: [] as string[],
        defaultDescription: "completed, failed or cancelled",
        describe: "States to wait for",
      })
      .option("for", { type: "number", default: 60, describe: "Seconds to wait in all" })
      .example("$0 wait import/42 --for 600 && echo done", ""),
  run: async (args, { tasks }) => {
    const until = args.until.map((state) => numberOf<TaskState>(TaskStateSchema, state));
    const end = performance.now() + 1000 * args.for;
    for (;;) {
      const timeoutMs = Math.ceil(Math.min(LONGEST_CALL_MS, Math.max(0, end - performance.now())));
      const answer = await tasks.waitTask(
        { ...taskName(args.task), until, timeout: durationFromMs(timeoutMs) },
        { timeoutMs: timeoutMs + ANSWER_MS },
      );
      const isDone = answer.done !== Done.TIMEOUT;
      if (!isDone && performance.now() < end) continue;
      if (args.json) printJson(WaitTaskResponseSchema, answer);
      else if (answer.task !== undefined) print(taskLine(answer.task));
      if (!isDone) process.exitCode = 1;
      return;
    }
  },
});
