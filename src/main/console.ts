/** The admin console's files, where they were built. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Pages } from "../server/pages.ts";

const ROOT = fileURLToPath(new URL("../../console/dist/", import.meta.url));

/** Undefined when it was not built. */
export function consolePages(): Pages | undefined {
  return existsSync(`${ROOT}index.html`) ? { prefix: "/console", root: ROOT } : undefined;
}
