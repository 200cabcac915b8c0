import { once } from "node:events";
import { createWriteStream, renameSync } from "node:fs";
import type { Writable } from "node:stream";
import { toJson } from "@bufbuild/protobuf";
import { ExportedSchemaSchema } from "../../gen/dbconn/v1/schema_pb.ts";
import { progressBar } from "../progress.ts";
import { command } from "./command.ts";

const PAGE_SIZE = 50;

export const exportCommand = command<{ file: string; prefix: string; deleted: boolean }>({
  command: "export <file>",
  describe: "Writes schemas with all their releases to a file, one part a line",
  builder: (argv) =>
    argv
      .positional("file", { type: "string", demandOption: true, describe: "Where to; - is standard output" })
      .option("prefix", { type: "string", default: "", describe: "Only names that begin so" })
      .option("deleted", { type: "boolean", default: false, describe: "Soft-deleted ones too" })
      .example("$0 export schemas.ndjson", ""),
  run: async ({ file, prefix, deleted }, { schemas, bound }) => {
    const { totalSize } = await schemas.listSchemas(
      { namePrefix: prefix, showDeleted: deleted, pageSize: 1 },
      bound,
    );
    const bar = progressBar(totalSize, "schemas");
    // A file that is there is whole: it gets its name at the end.
    const part = `${file}.part`;
    const output: Writable = file === "-" ? process.stdout : createWriteStream(part);
    try {
      let pageToken = "";
      do {
        const page = await schemas.exportSchemas(
          { namePrefix: prefix, showDeleted: deleted, pageSize: PAGE_SIZE, pageToken },
          bound,
        );
        for (const exported of page.schemas) {
          const line = `${JSON.stringify(toJson(ExportedSchemaSchema, exported))}\n`;
          if (!output.write(line)) await once(output, "drain");
          if (!exported.more) bar.increment();
        }
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
    } finally {
      bar.stop();
    }
    if (file === "-") return;
    output.end();
    await once(output, "close");
    renameSync(part, file);
  },
});
