import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { type Value, ValueSchema } from "@bufbuild/protobuf/wkt";

/** JSON as the contract carries it where any JSON may stand. */
export function value(json: unknown): Value {
  return fromJson(ValueSchema, json as JsonValue);
}

/** And back; undefined when there is none. */
export function jsonOf(message: Value | undefined): JsonValue | undefined {
  return message === undefined ? undefined : toJson(ValueSchema, message);
}
