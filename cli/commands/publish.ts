import { randomUUID } from "node:crypto";
import { toValue } from "../../clients/typescript/src/json.ts";
import {
  ChangeClassSchema,
  type Compatibility,
  CompatibilitySchema,
  OutcomeSchema,
  PublishReleaseResponseSchema,
} from "../../gen/dbconn/v1/schema_pb.ts";
import { parseJson, readText } from "../input.ts";
import { print, printJson } from "../output.ts";
import { numberOf, wordOf, wordsOf } from "../words.ts";
import { command } from "./command.ts";

interface Own {
  name: string;
  file: string;
  "dry-run": boolean;
  note: string;
  compatibility: string | undefined;
}

export const publishCommand = command<Own>({
  command: "publish <name> <file>",
  describe: "Publishes a JSON Schema as the next release",
  builder: (argv) =>
    argv
      .positional("name", { type: "string", demandOption: true, describe: "Of the schema" })
      .positional("file", {
        type: "string",
        demandOption: true,
        describe: "The document; - is standard input",
      })
      .option("dry-run", {
        type: "boolean",
        default: false,
        describe: "Say what would be, and write nothing",
      })
      .option("note", { type: "string", default: "", describe: "For the audit trail" })
      .option("compatibility", {
        choices: wordsOf(CompatibilitySchema),
        describe: "The mode that this and later releases are held to",
      })
      .example("$0 publish user user.schema.json --dry-run", ""),
  run: async (args, { schemas, bound }) => {
    const { name, file, note, json } = args;
    const validateOnly = args["dry-run"];
    const answer = await schemas.publishRelease(
      {
        ...{ name, note, validateOnly },
        document: toValue(parseJson(readText(file), file)),
        requestId: validateOnly ? "" : randomUUID(),
        ...(args.compatibility === undefined
          ? {}
          : { compatibility: numberOf<Compatibility>(CompatibilitySchema, args.compatibility) }),
      },
      bound,
    );
    if (json) return printJson(PublishReleaseResponseSchema, answer);
    const { outcome, release } = answer;
    const change = release?.change ? `, change ${wordOf(ChangeClassSchema, release.change)}` : "";
    print(
      `${validateOnly ? "would be " : ""}${wordOf(OutcomeSchema, outcome)}: ${name} release ${release?.release ?? "?"}${change}`,
    );
  },
});
