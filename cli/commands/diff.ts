import { fromValue } from "../../clients/typescript/src/json.ts";
import { ChangeClassSchema, DiffReleasesResponseSchema } from "../../gen/dbconn/v1/schema_pb.ts";
import { print, printJson } from "../output.ts";
import { wordOf } from "../words.ts";
import { command } from "./command.ts";

export const diffCommand = command<{ name: string; from: number; to: number }>({
  command: "diff <name> [from] [to]",
  describe: "What changed between two releases, and for whom that matters",
  builder: (argv) =>
    argv
      .positional("name", { type: "string", demandOption: true, describe: "Of the schema" })
      .positional("from", { type: "number", default: 0, describe: "Release; 0 is the one before" })
      .positional("to", { type: "number", default: 0, describe: "Release; 0 is the active one" })
      .example("$0 diff user 3 5", ""),
  run: async ({ name, from, to, json }, { schemas, bound }) => {
    const answer = await schemas.diffReleases({ name, fromRelease: from, toRelease: to }, bound);
    if (json) return printJson(DiffReleasesResponseSchema, answer);
    print(
      `${name}: release ${answer.fromRelease} to ${answer.toRelease} is ${wordOf(ChangeClassSchema, answer.class)}`,
    );
    for (const change of answer.changes) {
      print(`  ${wordOf(ChangeClassSchema, change.class)}  ${change.pointer || "/"}  ${change.reason}`);
      if (change.counterExample !== undefined) {
        print(`    shown by ${JSON.stringify(fromValue(change.counterExample))}`);
      }
    }
  },
});
