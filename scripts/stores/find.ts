// Finds the outside programs that tests and developers run. Nothing here installs: a missing program comes back
// as a reason that says how to get it, so that the caller decides whether that is an error or a test not run.
import { accessSync, constants, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { parseEnv } from "node:util";

export type ToolName =
  | "redis-server"
  | "ferretdb"
  | "chromium"
  | "grpcurl"
  | "grpc-health-probe"
  | "grpc-python"
  | "connectconformance"
  /** A folder: the tests of each dialect. */
  | "json-schema-suite";

/** Either the absolute path of a program that can be executed, or one sentence saying why there is none. */
export type Found = { readonly path: string } | { readonly missing: string };

type Environment = Readonly<Record<string, string | undefined>>;

const versions = parseEnv(readFileSync(new URL("../tools.env", import.meta.url), "utf8"));

/** The folder outside the checkout where tools are built once a machine; `DBCONN_CACHE` overrides it. */
export function cacheFolder(env: Environment = process.env): string {
  return env.DBCONN_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "dbconn");
}

export function findTool(tool: ToolName, env: Environment = process.env): Found {
  const candidates = {
    "redis-server": () => onPath("redis-server", env),
    ferretdb: () => inCache("ferretdb", versions.FERRETDB_VERSION, env),
    chromium: () => (env.CHROMIUM_PATH ? [env.CHROMIUM_PATH] : onPath("chromium", env)),
    grpcurl: () => inCache("grpcurl", versions.GRPCURL_VERSION, env),
    connectconformance: () => inCache("connectconformance", versions.CONNECT_CONFORMANCE_VERSION, env),
    "grpc-python": () => inCache("grpc-python", versions.GRPC_PYTHON_VERSION, env, "bin/python"),
    "json-schema-suite": () => inCache("json-schema-suite", versions.JSON_SCHEMA_SUITE_VERSION, env, "tests"),
    "grpc-health-probe": () => inCache("grpc-health-probe", versions.GRPC_HEALTH_PROBE_VERSION, env),
  }[tool]();
  const path = candidates.find(isExecutable);
  return path === undefined
    ? { missing: `${tool} was not found; run scripts/install-tools.sh to install it` }
    : { path };
}

function onPath(name: string, env: Environment): readonly string[] {
  return (env.PATH ?? "").split(delimiter).map((folder) => join(folder, name));
}

/** `inside`: the program, of a tool that is a folder. */
function inCache(
  name: string,
  version: string | undefined,
  env: Environment,
  inside = "",
): readonly string[] {
  return [join(cacheFolder(env), `${name}-${version}`, inside)];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
