/** The service as it is run, and the bare servers beside it. */
import { execFileSync } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { SETTING_NAMES } from "../../src/config/settings.ts";
import { seed } from "../loads/calls.ts";
import { withClients } from "../loads/clients.ts";
import { type ServerProcess, startProcess } from "../run/processes.ts";

/** Settings that say whether unary calls go past Connect's adapter, and how many processes serve. */
const LANE = SETTING_NAMES.find((name) => name.endsWith("_LANE"));
const WORKERS = SETTING_NAMES.find((name) => String(name) === "WORKERS");

export const LANE_OFF = LANE === undefined ? undefined : { [LANE]: "false" };
export const ALL_CORES = WORKERS === undefined ? undefined : { [WORKERS]: "auto" };

/** A machine that stands still for a moment must not become an outage of a store in the middle of a measurement. */
const PATIENCE = { HOT_TIMEOUT: "10s", DURABLE_TIMEOUT: "30s", GENERATION_LEASE: "30s" };

/** As the image has it. */
const IMAGE = { MALLOC_ARENA_MAX: "2" };

const BUILD = new URL("../../scripts/build-service.ts", import.meta.url);
const READY_TIMEOUT_MS = 60_000;
const READY_CHECK_MS = 100;

/** Started and holding what the calls read. Nothing of this process's environment reaches it. `headers`: of its callers. */
export async function startService(
  env: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const server = await startUnseeded(env);
  try {
    await withClients(server.port, seed, headers);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

/** What npm start runs, of the sources as they are now. */
function built(): string {
  execFileSync(process.execPath, [fileURLToPath(BUILD), "--if-changed"], { stdio: "inherit" });
  return fileURLToPath(new URL("../../dist/main.js", import.meta.url));
}

/** Started and ready: the port opens before stores that are slow to answer. */
export async function startUnseeded(env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
  const server = await startProcess({
    path: process.execPath,
    args: [built()],
    env: { PORT: "0", DATA_DIR: "./data", ...IMAGE, ...PATIENCE, ...env },
  });
  const end = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${server.port}/readyz`);
    const reason = await answer.text();
    if (answer.ok) return server;
    if (performance.now() > end) {
      await server.stop();
      throw new Error(`the service did not get ready: ${reason}`);
    }
    await delay(READY_CHECK_MS);
  }
}

export type BareServer = "echo-h2" | "echo-http" | "connect-adapter" | "grpc-js";

export function startBare(server: BareServer, ...args: readonly string[]): Promise<ServerProcess> {
  const file = fileURLToPath(new URL(`./${server}.ts`, import.meta.url));
  return startProcess({ path: process.execPath, args: [file, ...args] });
}
