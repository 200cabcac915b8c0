// npm run build, and `npm ci` by itself: makes dist/, which npm start and the image run.
import { existsSync, globSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { BuildOptions } from "rolldown";
import { narrow } from "./build/narrow.ts";
import { sourceUrls } from "./build/source-urls.ts";

const HELP = `Builds the service into dist/: plain JavaScript with its dependencies, for less memory and a faster start.

  npm run build [-- --if-changed]

  --if-changed  does nothing where dist/ is newer than what it is made of, as npm start wants it

Without rolldown, as after npm ci --omit=dev, it builds nothing and says so: npm start then needs a dist/ that was
built elsewhere. node src/main.ts runs the sources as they are.
`;
const ROOT = fileURLToPath(new URL("../", import.meta.url));
const MADE_OF = ["src/**/*", "gen/**/*", "scripts/build-service.ts", "scripts/build/*", "package-lock.json"];

const OPTIONS: BuildOptions = {
  cwd: ROOT,
  input: {
    main: "src/main.ts",
    backup: "src/main/backup.ts",
    restore: "src/main/restore.ts",
    // A file of its own, which is loaded before all that heaps are collected for.
    "held-tick": "src/main/held-tick.ts",
  },
  platform: "node",
  plugins: [sourceUrls(ROOT), narrow()],
  logLevel: "warn",
  output: {
    dir: "dist",
    cleanDir: true,
    sourcemap: true,
    entryFileNames: "[name].js",
    chunkFileNames: "[name]-[hash].js",
    // Names and lines stay, for the log's stacks and for classes that are told by their names.
    minify: { compress: true, mangle: false, codegen: false },
    comments: { legal: true, annotation: false, jsdoc: false },
  },
};

function isBuilt(): boolean {
  const built = `${ROOT}dist/main.js`;
  if (!existsSync(built)) return false;
  const builtMs = statSync(built).mtimeMs;
  return globSync(MADE_OF, { cwd: ROOT }).every((file) => statSync(`${ROOT}${file}`).mtimeMs <= builtMs);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { help: { type: "boolean" }, "if-changed": { type: "boolean" } } });
  if (values.help === true) return void process.stdout.write(HELP);
  if (values["if-changed"] === true && isBuilt()) return;
  const rolldown = await import("rolldown").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    process.stdout.write("rolldown is not installed, so the service is not built\n");
    return undefined;
  });
  if (rolldown !== undefined) await rolldown.build(OPTIONS);
}

await main();
