/** What the commands around the embedded durable store have in common. */
import { existsSync, readFileSync } from "node:fs";
import type { Counts } from "../adapters/sqlite/backup.ts";
import { loadConfig } from "../config.ts";

/** DATA_DIR as the service would take it. Throws where the service keeps its documents in MongoDB. */
export function sqliteDirectory(): string {
  const { durable } = loadConfig(process.env, existsSync(".env") ? readFileSync(".env", "utf8") : "");
  if (durable.mongodb !== undefined) {
    throw new Error(
      "the durable store is MongoDB, which has its own tools; --data-dir names a folder of SQLite's",
    );
  }
  return durable.dataDir;
}

export function countsText(counts: Counts): string {
  return Object.entries(counts)
    .map(([collection, count]) => `${count} ${collection}`)
    .join(", ");
}

export function fail(command: string, error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.stderr.write(`npm run ${command} -- --help explains.\n`);
  process.exitCode = 1;
}
