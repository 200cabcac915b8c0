/** The service as it is run, and the bare servers beside it. */
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

/** Started and holding what the calls read. Nothing of this process's environment reaches it. */
export async function startService(env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
  const server = await startUnseeded(env);
  try {
    await withClients(server.port, seed);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

export function startUnseeded(env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
  return startProcess({
    path: process.execPath,
    args: [fileURLToPath(new URL("../../src/main.ts", import.meta.url))],
    env: { PORT: "0", DATA_DIR: "./data", ...env },
  });
}

export type BareServer = "echo-h2" | "echo-http" | "connect-adapter" | "grpc-js";

export function startBare(server: BareServer, ...args: readonly string[]): Promise<ServerProcess> {
  const file = fileURLToPath(new URL(`./${server}.ts`, import.meta.url));
  return startProcess({ path: process.execPath, args: [file, ...args] });
}
