import { compilePattern } from "./patterns.ts";

/** Whether a schema may have this `pattern`. */
export function isPattern(source: string): boolean {
  try {
    compilePattern(source);
    return true;
  } catch {
    return false;
  }
}
