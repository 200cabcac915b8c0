/** The service with all that a deployment turns on: it asks who calls, and sends traces of 1 % beside log and metrics. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startCollector } from "./collector.ts";
import type { Add } from "./together.ts";

/** How the service is run, and what its callers show. */
export interface Setting {
  readonly env: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** Of what is promised of it. */
  readonly suffix: string;
}

/** As it is where nobody set anything. */
export const PLAIN: Setting = { env: {}, headers: {}, suffix: "" };

export async function everythingOn(add: Add): Promise<Setting> {
  const { env } = await add(startCollector());
  const { file, token } = await add(makeToken());
  return {
    env: { ...env, AUTH_FILE: file },
    headers: { authorization: `Bearer ${token}` },
    suffix: ", everything on",
  };
}

const TOKEN = fileURLToPath(new URL("../../scripts/token/main.ts", import.meta.url));

/** A file with the hash of a token that may do all that the calls do. */
async function makeToken(): Promise<{
  readonly file: string;
  readonly token: string;
  stop(): Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), "dbconn-token-"));
  const file = join(folder, "auth.json");
  const scopes = ["cache", "task", "schema"].flatMap((area) => ["--scope", `${area}:admin`]);
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...[TOKEN, "add", "bench", ...scopes],
    ...["--file", file],
  ]);
  return { file, token: stdout.trim(), stop: () => rm(folder, { recursive: true }) };
}
