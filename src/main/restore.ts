// npm run restore: puts a copy of the embedded durable store in its place.
import { parseArgs } from "node:util";
import { restore, verify } from "../adapters/sqlite/backup.ts";
import { countsText, fail, sqliteDirectory } from "./data-directory.ts";

const HELP = `Puts a copy that npm run backup made in place of the embedded durable store. The service must not be running.
A store that is there is kept beside it, under another name.

  npm run restore -- FILE [--data-dir DIR]
  npm run restore -- FILE --check

  --data-dir  in place of the setting DATA_DIR, of the environment or .env
  --check     only looks whether the copy can be used
`;

function main(args: readonly string[]): void {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      check: { type: "boolean" },
      "data-dir": { type: "string" },
    },
  });
  if (values.help === true) return void process.stdout.write(HELP);
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new Error("say which FILE to put back, and no more");
  process.stderr.write(`checking ${file}\n`);
  if (values.check === true) {
    process.stdout.write(`${file}: ${countsText(verify(file))}; can be used\n`);
    return;
  }
  const { counts, kept } = restore(file, values["data-dir"] ?? sqliteDirectory(), Date.now());
  if (kept !== undefined) process.stdout.write(`what was there: ${kept}\n`);
  process.stdout.write(`restored: ${countsText(counts)}\n`);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  fail("restore", error);
}
