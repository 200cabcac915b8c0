// npm run generate:check: gen/ is committed, so that a clone runs without a generator; this says when it is stale.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const fresh = mkdtempSync(join(tmpdir(), "dbconn-gen-"));
process.on("exit", () => rmSync(fresh, { recursive: true, force: true }));

const buf = spawnSync("buf", ["generate", "--output", fresh], { stdio: "inherit" });
if (buf.error) throw buf.error;
if (buf.status !== 0) process.exit(1);

const differences = differencesOf("gen", join(fresh, "gen"));
if (differences.length > 0) {
  console.error(
    `gen/ is not what the .proto files generate. Run: npm run generate\n  ${differences.join("\n  ")}`,
  );
  process.exitCode = 1;
} else {
  console.log("gen/ is current");
}

function differencesOf(committed: string, generated: string): string[] {
  const [before, after] = [filesIn(committed), filesIn(generated)];
  return [
    ...[...after.keys()].filter((file) => !before.has(file)).map((file) => `missing: ${file}`),
    ...[...before.keys()].filter((file) => !after.has(file)).map((file) => `no longer generated: ${file}`),
    ...[...after]
      .filter(([file, content]) => before.has(file) && before.get(file) !== content)
      .map(([file]) => `changed: ${file}`),
  ].sort();
}

function filesIn(folder: string): Map<string, string> {
  if (!existsSync(folder)) return new Map();
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return new Map(
    files.map((file) => {
      const path = join(file.parentPath, file.name);
      return [path.slice(folder.length + 1), readFileSync(path, "utf8")];
    }),
  );
}
