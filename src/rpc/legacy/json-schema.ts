/**
 * The flat JsonSchema of the old contract as a JSON Schema, and back, without loss. Where a text of the old one is not
 * what its keyword's value reads back as ("00501", "1.0", "True"), or cannot be its value at all, the annotation
 * `x-legacy` beside the keyword keeps the text.
 */
import { create } from "@bufbuild/protobuf";
import {
  type JsonSchema,
  JsonSchemaSchema,
  type Properties,
  PropertiesSchema,
  PropertyType,
} from "../../../gen/legacy/utils/utils_pb.ts";
import { canonicalJson } from "../../canonical.ts";
import { dialectOf } from "../../dialect.ts";
import type { Violations } from "../../domain/validation.ts";
import { getKey, isObject, type Json, type JsonObject, setKey } from "../../json.ts";
import { type IsPattern, keywordText, keywordValue, type PropertyTypeName } from "./keywords.ts";

const TEXTS = "x-legacy";
const TYPES: ReadonlySet<string> = new Set([
  ...["object", "array", "string", "number", "integer", "boolean", "null"],
]);

const PROPERTY_TYPES: ReadonlyMap<PropertyType, PropertyTypeName> = new Map([
  [PropertyType.STRING, "string"],
  [PropertyType.INTEGER, "integer"],
  [PropertyType.NUMBER, "number"],
  [PropertyType.BOOLEAN, "boolean"],
]);

/** Answers the schema. Enums are open on the wire, so that a type may be none. */
export function checkJsonSchema(v: Violations, field: string, schema: JsonSchema | undefined): JsonSchema {
  v.check(schema !== undefined, field, "must be set");
  const present = schema ?? create(JsonSchemaSchema);
  for (const [name, { type }] of Object.entries(present.properties)) {
    const at = `${field}.properties[${JSON.stringify(name)}].type`;
    v.check(PROPERTY_TYPES.has(type), at, "must be a PropertyType");
  }
  return present;
}

export function toDocument(legacy: JsonSchema, isPattern: IsPattern): JsonObject {
  const { schema, type, required } = legacy;
  const document: Record<string, Json> = {};
  const texts: Record<string, Json> = {};
  if (schema !== "") {
    if (dialectOf(schema) === undefined) texts.schema = schema;
    else document.$schema = schema;
  }
  if (type !== "") {
    if (TYPES.has(type)) document.type = type;
    else texts.type = type;
  }
  if (required.length > 0) {
    const names = [...new Set(required)];
    document.required = names;
    if (names.length < required.length) texts.required = required;
  }
  const properties: Record<string, Json> = {};
  for (const [name, property] of Object.entries(legacy.properties)) {
    setKey(properties, name, toPropertySchema(property, isPattern));
  }
  if (Object.keys(properties).length > 0) document.properties = properties;
  if (Object.keys(texts).length > 0) document[TEXTS] = texts;
  return document;
}

/** Undefined when the old shape has no words for the document: it says exactly this, or nothing. */
export function fromDocument(document: Json, isPattern: IsPattern): JsonSchema | undefined {
  if (!isObject(document)) return undefined;
  const stated = withoutEmpty(document);
  const texts = objectAt(stated, TEXTS);
  const properties: Record<string, Properties> = {};
  for (const [name, property] of Object.entries(objectAt(stated, "properties"))) {
    const legacy = isObject(property) ? fromPropertySchema(property) : undefined;
    if (legacy === undefined) return undefined;
    Object.defineProperty(properties, name, {
      value: legacy,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  const legacy = create(JsonSchemaSchema, {
    schema: textOf(texts.schema ?? stated.$schema),
    type: textOf(texts.type ?? stated.type),
    required: textsOf(texts.required ?? stated.required),
  });
  legacy.properties = properties;
  return canonicalJson(toDocument(legacy, isPattern)) === canonicalJson(stated) ? legacy : undefined;
}

function toPropertySchema({ type, extra }: Properties, isPattern: IsPattern): JsonObject {
  const name = PROPERTY_TYPES.get(type);
  if (name === undefined) throw new TypeError("a property's type was not checked");
  const schema: Record<string, Json> = { type: name };
  const texts: Record<string, Json> = {};
  for (const [keyword, text] of Object.entries(extra)) {
    const value = keyword === TEXTS ? undefined : keywordValue(keyword, text, name, isPattern);
    if (value !== undefined) setKey(schema, keyword, value);
    if (value === undefined || keywordText(value) !== text) setKey(texts, keyword, text);
  }
  if (Object.keys(texts).length > 0) schema[TEXTS] = texts;
  return schema;
}

function fromPropertySchema(schema: JsonObject): Properties | undefined {
  const type = [...PROPERTY_TYPES].find(([, name]) => name === schema.type)?.[0];
  if (type === undefined) return undefined;
  const { type: _, [TEXTS]: texts, ...keywords } = schema;
  const extra: Record<string, Json> = {};
  for (const [keyword, value] of Object.entries(keywords)) setKey(extra, keyword, keywordText(value));
  for (const [keyword, text] of Object.entries(isObject(texts) ? texts : {})) {
    if (typeof text !== "string") return undefined;
    setKey(extra, keyword, text);
  }
  const legacy = create(PropertiesSchema, { type });
  legacy.extra = extra as Record<string, string>;
  return legacy;
}

/** Empty lists and maps say nothing, and the old shape has no difference between empty and absent. */
function withoutEmpty(document: JsonObject): JsonObject {
  const { required, properties, ...rest } = document;
  return {
    ...rest,
    ...(required === undefined || (Array.isArray(required) && required.length === 0) ? {} : { required }),
    ...(properties === undefined || (isObject(properties) && Object.keys(properties).length === 0)
      ? {}
      : { properties }),
  };
}

function objectAt(source: JsonObject, key: string): JsonObject {
  const value = getKey(source, key);
  return isObject(value) ? value : {};
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map((item) => (typeof item === "string" ? item : "")) : [];
}
