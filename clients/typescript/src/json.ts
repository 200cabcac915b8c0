/** JSON as the contract carries it where any JSON may stand: schemas and documents. */
import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { type Value, ValueSchema } from "@bufbuild/protobuf/wkt";

export function toValue(json: JsonValue): Value {
  return fromJson(ValueSchema, json);
}

export function fromValue(value: Value): JsonValue {
  return toJson(ValueSchema, value);
}
