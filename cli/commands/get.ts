import { CacheEntrySchema } from "../../gen/dbconn/v1/cache_pb.ts";
import { SchemaReleaseSchema, SchemaSchema } from "../../gen/dbconn/v1/schema_pb.ts";
import { TaskSchema } from "../../gen/dbconn/v1/task_pb.ts";
import { UsageError } from "../failure.ts";
import { print, printJson } from "../output.ts";
import type { Service } from "../service.ts";
import { documentOf, showEntry, showSchema, showTask } from "../show.ts";
import { taskName } from "../words.ts";
import { command } from "./command.ts";

const WHATS = ["task", "schema", "release", "entry"] as const;

interface Own {
  what: (typeof WHATS)[number];
  name: string;
  release: number;
  namespace: string;
}

export const getCommand = command<Own>({
  command: "get <what> <name>",
  describe: "One task, schema, release of a schema, or cache entry",
  builder: (argv) =>
    argv
      .positional("what", { choices: WHATS, demandOption: true })
      .positional("name", { type: "string", demandOption: true, describe: "KIND/ID, schema name, or key" })
      .option("release", { type: "number", default: 0, describe: "Which release; 0 is the active one" })
      .option("namespace", { alias: "n", type: "string", default: "default", describe: "Of a cache entry" })
      .example("$0 get task import/42", "")
      .example("$0 get release user > user.schema.json", "the active release's document")
      .example("$0 get entry 7 -n user", ""),
  run: (args, service) => READERS[args.what](args, service),
});

type Reader = (args: Own & { readonly json: boolean }, service: Service) => Promise<void>;

const READERS: Readonly<Record<Own["what"], Reader>> = {
  task: async ({ name, json }, { tasks, bound }) => {
    const task = there((await tasks.getTask(taskName(name), bound)).task);
    if (json) printJson(TaskSchema, task);
    else showTask(task);
  },
  schema: async ({ name, json }, { schemas, bound }) => {
    const schema = there((await schemas.getSchema({ name }, bound)).schema);
    if (json) printJson(SchemaSchema, schema);
    else showSchema(schema);
  },
  release: async ({ name, release: number, json }, { schemas, bound }) => {
    const release = there((await schemas.getRelease({ name, release: number }, bound)).release);
    if (json) printJson(SchemaReleaseSchema, release);
    else print(documentOf(release));
  },
  entry: async ({ name, namespace, json }, { cache, bound }) => {
    const entry = there((await cache.getEntry({ namespace, key: name }, bound)).entry);
    if (json) printJson(CacheEntrySchema, entry);
    else showEntry(entry);
  },
};

/** An answer without what it is about is no answer. */
function there<T>(value: T | undefined): T {
  if (value === undefined) throw new UsageError("the service answered with nothing; is it another version?");
  return value;
}
