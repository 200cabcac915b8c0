// The JSON forms of protobuf types (https://protobuf.dev/programming-guides/json) as JSON Schemas.
import { type DescEnum, type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { commentOf } from "./comments.ts";

export type JsonSchema = { readonly [keyword: string]: unknown };

const INT64: JsonSchema = {
  type: ["string", "integer"],
  format: "int64",
  description: "Answered as a string, since not every JSON reader can hold it as a number.",
};

const SCALARS: Readonly<Partial<Record<ScalarType, JsonSchema>>> = {
  [ScalarType.STRING]: { type: "string" },
  [ScalarType.BYTES]: { type: "string", contentEncoding: "base64" },
  [ScalarType.BOOL]: { type: "boolean" },
  [ScalarType.DOUBLE]: { type: "number" },
  [ScalarType.INT32]: { type: "integer", format: "int32" },
  [ScalarType.INT64]: INT64,
};

/** Those with a JSON form of their own. */
const WELL_KNOWN: Readonly<Record<string, JsonSchema>> = {
  "google.protobuf.Timestamp": { type: "string", format: "date-time" },
  "google.protobuf.Duration": { type: "string", pattern: "^-?[0-9]+(\\.[0-9]{1,9})?s$", examples: ["60s"] },
  "google.protobuf.FieldMask": { type: "string", examples: ["status,message"] },
  "google.protobuf.Struct": { type: "object" },
  "google.protobuf.ListValue": { type: "array" },
  "google.protobuf.Value": { description: "Any JSON." },
  "google.protobuf.Any": {
    type: "object",
    properties: { "@type": { type: "string" } },
    required: ["@type"],
  },
};

export const reference = ({ typeName }: DescMessage | DescEnum): JsonSchema => ({
  $ref: `#/components/schemas/${typeName}`,
});

export function isWellKnown(message: DescMessage): boolean {
  return Object.hasOwn(WELL_KNOWN, message.typeName);
}

/**
 * A message by its fields' JSON names; the names of the .proto file are taken, too, so other properties are not ruled out
 * here. Which fields are required is for the service to say, in words.
 */
export function messageSchema(message: DescMessage): JsonSchema {
  const properties = Object.fromEntries(message.fields.map((field) => [field.jsonName, fieldSchema(field)]));
  return { type: "object", ...described(commentOf(message)), properties };
}

export function enumSchema(desc: DescEnum): JsonSchema {
  const meanings = desc.values.map((value) => `${value.name}: ${commentOf(value)}`);
  const text = [commentOf(desc), ...meanings].filter((line) => !/^\w*:? ?$/.test(line)).join("\n");
  return { type: "string", ...described(text), enum: desc.values.map(({ name }) => name) };
}

function fieldSchema(field: DescField): JsonSchema {
  const oneof = field.oneof === undefined ? "" : `One of ${field.oneof.name}.`;
  return { ...typeOf(field), ...described([commentOf(field), oneof].filter(Boolean).join(" ")) };
}

function typeOf(field: DescField): JsonSchema {
  switch (field.fieldKind) {
    case "scalar":
      return scalar(field.scalar);
    case "enum":
      return reference(field.enum);
    case "message":
      return messageType(field.message);
    case "list":
      if (field.listKind === "scalar") return { type: "array", items: scalar(field.scalar) };
      return {
        type: "array",
        items: field.listKind === "enum" ? reference(field.enum) : messageType(field.message),
      };
    case "map":
      if (field.mapKind !== "scalar") throw new Error(`${field}: a map of messages has no form here yet`);
      return { type: "object", additionalProperties: scalar(field.scalar) };
  }
}

function scalar(type: ScalarType): JsonSchema {
  const schema = SCALARS[type];
  if (schema === undefined) throw new Error(`${ScalarType[type]} has no form here yet`);
  return schema;
}

const messageType = (message: DescMessage): JsonSchema => WELL_KNOWN[message.typeName] ?? reference(message);

const described = (description: string): JsonSchema => (description === "" ? {} : { description });
