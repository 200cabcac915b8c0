import type { Plugin } from "rolldown";

const WIDE = /[^\0-\x7F]/g;

/**
 * Writes characters beyond ASCII as escapes. A single one makes Node hold all of a file's text with two bytes a
 * character. Where they occur, in strings and patterns, the escape means the same.
 */
export function narrow(): Plugin {
  return {
    name: "narrow",
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== "chunk") continue;
        // The source map stays right but for columns after such a character in the same line.
        file.code = file.code.replaceAll(
          WIDE,
          (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
        );
      }
    },
  };
}
