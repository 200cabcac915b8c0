import { randomUUID } from "node:crypto";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { CacheEntrySchema } from "../../gen/dbconn/v1/cache_pb.ts";
import { TaskSchema, type TaskState, TaskStateSchema } from "../../gen/dbconn/v1/task_pb.ts";
import { UsageError } from "../failure.ts";
import { parseObject, readText } from "../input.ts";
import { print, printJson, time } from "../output.ts";
import { taskLine } from "../show.ts";
import { numberOf, STATES, taskName } from "../words.ts";
import { command } from "./command.ts";

interface Own {
  what: "task" | "entry";
  name: string;
  value: string | undefined;
  namespace: string;
  ttl: number | undefined;
  persist: boolean;
  state: string | undefined;
  group: string;
  status: string;
  message: string;
  data: string | undefined;
}

export const putCommand = command<Own>({
  command: "put <what> <name> [value]",
  describe: "Creates or replaces a task, or stores a cache entry",
  builder: (argv) =>
    argv
      .positional("what", { choices: ["task", "entry"] as const, demandOption: true })
      .positional("name", { type: "string", demandOption: true, describe: "KIND/ID, or key" })
      .positional("value", { type: "string", describe: "Of an entry; - reads it from standard input" })
      .option("namespace", { alias: "n", type: "string", default: "default", describe: "Of an entry" })
      .option("ttl", { type: "number", describe: "Seconds that an entry lives; by default its namespace's" })
      .option("persist", { type: "boolean", default: false, describe: "The entry lives without limit" })
      .option("state", { choices: STATES, describe: "Of a task; pending by default" })
      .option("group", { type: "string", default: "", describe: "Of a task" })
      .option("status", { type: "string", default: "", describe: "Of a task" })
      .option("message", { type: "string", default: "", describe: "Of a task" })
      .option("data", { type: "string", describe: "Of a task: a JSON object" })
      .example("$0 put task import/42 --state processing --data '{\"rows\": 10}'", "")
      .example("$0 put entry 7 Ada -n user --ttl 60", ""),
  run: async (args, { tasks, cache, bound }) => {
    const { name, json, value, namespace, ttl, persist } = args;
    if (args.what === "task") {
      const { group, status, message, state, data } = args;
      const { task } = await tasks.putTask(
        {
          ...taskName(name),
          ...{ group, status, message, requestId: randomUUID() },
          ...(state === undefined ? {} : { state: numberOf<TaskState>(TaskStateSchema, state) }),
          ...(data === undefined ? {} : { data: parseObject(data, "--data") }),
        },
        bound,
      );
      if (task !== undefined) json ? printJson(TaskSchema, task) : print(taskLine(task));
      return;
    }
    if (value === undefined)
      throw new UsageError("put entry KEY VALUE: the value is missing; - reads it from input");
    const text = value === "-" ? readText("-") : value;
    const lifetime = ttl === undefined ? { persist } : { ttl: durationFromMs(1000 * ttl), persist };
    const request = { namespace, key: name, value: { case: "text" as const, value: text }, ...lifetime };
    const { entry } = await cache.setEntry(request, bound);
    if (entry === undefined) return;
    if (json) printJson(CacheEntrySchema, entry);
    else
      print(
        `stored, ${entry.expireTime === undefined ? "without limit" : `until ${time(entry.expireTime)}`}`,
      );
  },
});
