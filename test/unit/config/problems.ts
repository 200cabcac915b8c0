import { ConfigError, loadConfig } from "../../../src/config.ts";

/** What the start is refused with, a line for each problem; none when it is not refused. `file`: a .env file's text. */
export function problemsOf(environment: Record<string, string>, file = ""): readonly string[] {
  try {
    loadConfig(environment, file);
  } catch (error) {
    if (error instanceof ConfigError) return error.lines;
    throw error;
  }
  return [];
}
