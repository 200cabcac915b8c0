// What a disk and another process do to the embedded store.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import type { Instance } from "../instance.ts";
import type { Cell, Evidence } from "./cell.ts";

const run = promisify(execFile);
const embedded = { setup: "embedded" } as const;

function refused({ operations }: Evidence): number {
  return operations.filter(({ reason }) => reason === "DURABLE_STORE_UNAVAILABLE").length;
}

function logOf({ dataDir }: Instance): string {
  return join(dataDir, "dbconn.sqlite-wal");
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path)).size;
}

/** What the process may write to a file at most; what lies beyond is refused, and the last write before it is cut. */
async function limitFiles(pid: number, bytes: number | "unlimited"): Promise<void> {
  // The soft limit alone, which can be raised again.
  await run("prlimit", ["--pid", String(pid), `--fsize=${bytes}:`]);
}

/** Takes the database's write lock as soon as it is free. */
async function lock(database: DatabaseSync): Promise<void> {
  for (;;) {
    try {
      database.exec("BEGIN IMMEDIATE");
      return;
    } catch {
      await delay(1);
    }
  }
}

export const SQLITE_CELLS: readonly Cell[] = [
  {
    ...embedded,
    name: "sqlite-torn-log",
    async inject({ victim }) {
      const { pid } = victim;
      await victim.kill();
      const whole = await sizeOf(logOf(victim));
      // What a power cut leaves of a frame that was being written.
      const torn = randomBytes(2_500);
      await appendFile(logOf(victim), torn);
      return {
        heal: () => victim.restart(),
        proof: () =>
          whole > 0 && victim.pid !== pid ? `${torn.length} torn bytes behind ${whole}` : undefined,
      };
    },
  },
  {
    ...embedded,
    name: "sqlite-busy",
    async inject({ victim }) {
      const database = new DatabaseSync(join(victim.dataDir, "dbconn.sqlite"), { timeout: 0 });
      await lock(database);
      return {
        async heal() {
          database.exec("ROLLBACK");
          database.close();
        },
        proof(evidence) {
          const calls = refused(evidence);
          return calls > 0 ? `${calls} calls refused` : undefined;
        },
      };
    },
  },
  {
    ...embedded,
    name: "sqlite-disk-full",
    async inject({ victim }) {
      const { pid } = victim;
      // The log is written from its beginning again and again, and must reach the limit before it does not grow.
      await limitFiles(pid, Math.floor((await sizeOf(logOf(victim))) / 2));
      return {
        heal: () => limitFiles(pid, "unlimited"),
        proof(evidence) {
          const calls = refused(evidence);
          return calls > 0 ? `${calls} calls refused` : undefined;
        },
      };
    },
  },
];
