#!/usr/bin/env node
// dbconn: the service from a command line.
import yargs from "yargs";
import { hideBin } from "yargs/helpers";
import { clearCommand } from "./commands/clear.ts";
import { diffCommand } from "./commands/diff.ts";
import { exportCommand } from "./commands/export.ts";
import { getCommand } from "./commands/get.ts";
import { importCommand } from "./commands/import.ts";
import { keysCommand } from "./commands/keys.ts";
import { publishCommand } from "./commands/publish.ts";
import { putCommand } from "./commands/put.ts";
import { statusCommand } from "./commands/status.ts";
import { validateCommand } from "./commands/validate.ts";
import { waitCommand } from "./commands/wait.ts";
import { watchCommand } from "./commands/watch.ts";
import { explain, UsageError } from "./failure.ts";
import { globalOptions } from "./options.ts";

/** A command that was not understood; 1 is one that failed. */
const EXIT_USAGE = 2;

const commands = [
  statusCommand,
  getCommand,
  putCommand,
  watchCommand,
  waitCommand,
  publishCommand,
  diffCommand,
  validateCommand,
  keysCommand,
  clearCommand,
  exportCommand,
  importCommand,
];

// What reads the output may stop early, such as head.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

const parser = yargs(hideBin(process.argv))
  .scriptName("dbconn")
  .usage("$0 <command>\n\nTasks, schemas and cache entries of a Database Connections Service.")
  .options(globalOptions)
  .completion("completion", "Prints the script that completes commands: dbconn completion >> ~/.bashrc")
  .demandCommand(1, "Which command?")
  .strict()
  .wrap(100)
  .version(false)
  .fail((message, error) => {
    if (error !== undefined && error !== null) throw error;
    process.stderr.write(`${message}\nSee dbconn --help.\n`);
    process.exit(EXIT_USAGE);
  });
for (const command of commands) parser.command(command);

await parser.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = error instanceof UsageError ? EXIT_USAGE : 1;
});
