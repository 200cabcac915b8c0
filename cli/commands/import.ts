import { fromJson } from "@bufbuild/protobuf";
import {
  type ExportedSchema,
  ExportedSchemaSchema,
  ImportSchemasResponseSchema,
} from "../../gen/dbconn/v1/schema_pb.ts";
import { UsageError } from "../failure.ts";
import { parseJson, readText } from "../input.ts";
import { print, printJson } from "../output.ts";
import { progressBar } from "../progress.ts";
import { command } from "./command.ts";

/** A call takes at most 4 MiB, and an exported part about 3 MiB. */
const CALL_CHARS = 3 * 1024 * 1024;

export const importCommand = command<{ file: string; "dry-run": boolean; note: string }>({
  command: "import <file>",
  describe: "Brings in what export wrote, release numbers and all; exits with 1 when something was refused",
  builder: (argv) =>
    argv
      .positional("file", { type: "string", demandOption: true, describe: "Where from; - is standard input" })
      .option("dry-run", {
        type: "boolean",
        default: false,
        describe: "Say what would be, and write nothing",
      })
      .option("note", { type: "string", default: "", describe: "For the audit trail" })
      .example("$0 import schemas.ndjson --dry-run", ""),
  run: async ({ file, note, json, "dry-run": validateOnly }, { schemas, bound }) => {
    const lines = readText(file).split("\n").filter(Boolean);
    const bar = progressBar(lines.length, "parts");
    let releases = 0;
    const refused: string[] = [];
    try {
      for (const parts of batches(lines)) {
        const answer = await schemas.importSchemas({ schemas: [...parts], validateOnly, note }, bound);
        if (json) printJson(ImportSchemasResponseSchema, answer);
        for (const [index, { importedReleases, result }] of answer.results.entries()) {
          releases += importedReleases;
          const name = parts[index]?.schema?.name ?? "";
          if (result.case === "status") refused.push(`${name}: ${result.value.message}`);
        }
        bar.increment(parts.length);
      }
    } finally {
      bar.stop();
    }
    if (!json) print(`${releases} releases ${validateOnly ? "would be" : "were"} imported`);
    for (const line of refused) process.stderr.write(`refused: ${line}\n`);
    if (refused.length > 0) process.exitCode = 1;
  },
});

function* batches(lines: readonly string[]): Generator<readonly ExportedSchema[]> {
  let parts: ExportedSchema[] = [];
  let size = 0;
  for (const [index, line] of lines.entries()) {
    if (parts.length > 0 && size + line.length > CALL_CHARS) {
      yield parts;
      parts = [];
      size = 0;
    }
    parts.push(readPart(line, index + 1));
    size += line.length;
  }
  if (parts.length > 0) yield parts;
}

function readPart(line: string, number: number): ExportedSchema {
  try {
    return fromJson(ExportedSchemaSchema, parseJson(line, `line ${number}`));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `line ${number} is no part of an export: ${error instanceof Error ? error.message : error}`,
    );
  }
}
