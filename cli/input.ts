import { readFileSync } from "node:fs";
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { UsageError } from "./failure.ts";

/** A file's text, or with `-` what is written to the command. */
export function readText(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export function parseJson(text: string, what: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new UsageError(`${what} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export function parseObject(text: string, what: string): JsonObject {
  const json = parseJson(text, what);
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new UsageError(`${what} has to be a JSON object`);
  }
  return json;
}
