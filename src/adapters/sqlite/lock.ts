import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { codeOf, SQLITE_BUSY } from "./result-codes.ts";

/**
 * One process owns a directory: it holds SQLite's exclusive lock on a file of its own, which the operating system frees
 * however the process ends. (Locking the database itself exclusively would shut out the readers of this process as
 * well.) To be closed.
 */
export function lock(directory: string): DatabaseSync {
  const held = new DatabaseSync(join(directory, "dbconn.lock"), { timeout: 0 });
  try {
    held.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    held.close();
    if (codeOf(error) !== SQLITE_BUSY) throw error;
    throw new Error("another process uses it: stop that one or choose another DATA_DIR");
  }
  return held;
}
