import { toValue } from "../../clients/typescript/src/json.ts";
import { ValidateDocumentsResponseSchema } from "../../gen/dbconn/v1/schema_pb.ts";
import { parseJson, readText } from "../input.ts";
import { print, printJson } from "../output.ts";
import { command } from "./command.ts";

export const validateCommand = command<{ name: string; files: string[]; release: number }>({
  command: "validate <name> <files..>",
  describe: "Judges JSON documents by a schema; exits with 1 when one is not valid",
  builder: (argv) =>
    argv
      .positional("name", { type: "string", demandOption: true, describe: "Of the schema" })
      .positional("files", {
        type: "string",
        array: true,
        demandOption: true,
        describe: "Up to 100; - is standard input",
      })
      .option("release", { type: "number", default: 0, describe: "Which release; 0 is the active one" })
      .example("$0 validate user ada.json bob.json", ""),
  run: async ({ name, files, release, json }, { schemas, bound }) => {
    const documents = files.map((file) => toValue(parseJson(readText(file), file)));
    const answer = await schemas.validateDocuments({ name, release, documents }, bound);
    if (answer.results.some(({ valid }) => !valid)) process.exitCode = 1;
    if (json) return printJson(ValidateDocumentsResponseSchema, answer);
    for (const [index, { valid, errors }] of answer.results.entries()) {
      print(`${files[index]}: ${valid ? "valid" : "not valid"} by release ${answer.release}`);
      for (const error of errors)
        print(`  ${error.instancePointer || "/"}  ${error.message}  (${error.schemaPointer})`);
    }
  },
});
