import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { type Value, ValueSchema } from "@bufbuild/protobuf/wkt";

export const toValue = (json: JsonValue): Value => fromJson(ValueSchema, json);

export const fromValue = (value: Value | undefined): JsonValue =>
  value === undefined ? null : toJson(ValueSchema, value);

export const pretty = (json: unknown): string => JSON.stringify(json, null, 2);

/** The text as JSON, or a sentence that says what is wrong with it. */
export function readJson(text: string): { readonly json: JsonValue } | { readonly problem: string } {
  try {
    return { json: JSON.parse(text) as JsonValue };
  } catch (error) {
    return { problem: `This is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}
