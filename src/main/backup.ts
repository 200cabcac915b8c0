// npm run backup: a copy of the embedded durable store, made while the service runs, and verified.
import { parseArgs } from "node:util";
import { backUp } from "../adapters/sqlite/backup.ts";
import { countsText, fail, sqliteDirectory } from "./data-directory.ts";

const HELP = `Copies the embedded durable store (SQLite in DATA_DIR) to a file, while the service runs or not.
The copy is the store at one moment; it counts only once it was checked for damage and has as many documents.

  npm run backup -- FILE [--data-dir DIR]

  FILE        must not be there yet
  --data-dir  in place of the setting DATA_DIR, of the environment or .env

MongoDB has tools of its own (mongodump). Redis needs no copy: what is in it is made anew.
npm run restore puts a copy back.
`;

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { help: { type: "boolean", short: "h" }, "data-dir": { type: "string" } },
  });
  if (values.help === true) return void process.stdout.write(HELP);
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new Error("say which FILE the copy goes to, and no more");
  const directory = values["data-dir"] ?? sqliteDirectory();
  let said = 0;
  const counts = await backUp(directory, file, (share) => {
    const percent = Math.floor(10 * share) * 10;
    if (percent > said) process.stderr.write(`${percent} % copied\n`);
    said = Math.max(said, percent);
  });
  process.stdout.write(`${file}: ${countsText(counts)}; checked\n`);
}

await main(process.argv.slice(2)).catch((error: unknown) => fail("backup", error));
