// The original's schema documents, {import_name, created_at, active_schema, schemas_releases}, in all their shapes.
import { create } from "@bufbuild/protobuf";
import {
  JsonSchemaSchema,
  type Properties,
  PropertiesSchema,
  PropertyType,
} from "../../gen/legacy/utils/utils_pb.ts";
import { isObject, type Json, type JsonObject } from "../../src/json.ts";
import { toDocument } from "../../src/rpc/legacy/json-schema.ts";
import type { IsPattern } from "../../src/rpc/legacy/keywords.ts";
import { asJson, textOf, Unreadable } from "./bson.ts";

export interface SourceRelease {
  /** Empty where it was never told. */
  readonly createdAt: string;
  /** JSON Schema. */
  readonly document: JsonObject;
}

export interface SourceSchema {
  readonly importName: string;
  /** Oldest first; the last one is active. */
  readonly releases: readonly SourceRelease[];
}

const TYPES: ReadonlyMap<unknown, PropertyType> = new Map<unknown, PropertyType>([
  ["string", PropertyType.STRING],
  ["integer", PropertyType.INTEGER],
  ["number", PropertyType.NUMBER],
  ["boolean", PropertyType.BOOLEAN],
]);
const FLAT_FIELDS: ReadonlySet<string> = new Set(["schema", "$schema", "type", "required", "properties"]);

export function isSchemaDocument(document: Readonly<Record<string, unknown>>): boolean {
  return "import_name" in document && ("active_schema" in document || "schemas_releases" in document);
}

/** Throws Unreadable. */
export function readSchema(document: Readonly<Record<string, unknown>>, isPattern: IsPattern): SourceSchema {
  const { import_name, created_at, active_schema, schemas_releases } = document;
  const earlier = schemas_releases ?? [];
  if (!Array.isArray(earlier)) throw new Unreadable("schemas_releases is no list");
  return {
    importName: textOf(import_name, "import_name"),
    releases: [
      ...earlier.map((release, index) => readRelease(release, `schemas_releases[${index}]`, isPattern)),
      {
        createdAt: createdAtOf(created_at, "created_at"),
        document: documentOf(active_schema, "active_schema", isPattern),
      },
    ],
  };
}

/** With its wrapper, {created_at, schema}, or bare: only a wrapper has an object for its `schema`. */
function readRelease(release: unknown, field: string, isPattern: IsPattern): SourceRelease {
  const wrapped = (release as { readonly schema?: unknown } | null)?.schema;
  if (typeof wrapped !== "object" || wrapped === null) {
    return { createdAt: "", document: documentOf(release, field, isPattern) };
  }
  const { created_at } = release as { readonly created_at?: unknown };
  return {
    createdAt: createdAtOf(created_at, `${field}.created_at`),
    document: documentOf(wrapped, `${field}.schema`, isPattern),
  };
}

function createdAtOf(value: unknown, field: string): string {
  return textOf(value instanceof Date ? asJson(value, field) : value, field, "");
}

/** A flat schema as the façade would store it; any other is a JSON Schema already, under another name for `$schema`. */
function documentOf(value: unknown, field: string, isPattern: IsPattern): JsonObject {
  const stored = asJson(value ?? null, field);
  if (!isObject(stored)) throw new Unreadable(`${field} is ${value === undefined ? "missing" : "no object"}`);
  const flat = toFlat(stored);
  if (flat !== undefined) return toDocument(flat, isPattern);
  const { schema, ...rest } = stored;
  return typeof schema === "string" && rest.$schema === undefined ? { $schema: schema, ...rest } : stored;
}

/** Undefined for what has more than the old contract could send. */
function toFlat(stored: JsonObject) {
  const { schema, $schema, type = "", required, properties } = stored;
  const uri = schema ?? $schema ?? "";
  const names = required ?? [];
  if (!Object.keys(stored).every((key) => FLAT_FIELDS.has(key))) return undefined;
  if (typeof uri !== "string" || typeof type !== "string" || !isTexts(names)) return undefined;
  if (properties !== undefined && properties !== null && !isObject(properties)) return undefined;
  const flat = create(JsonSchemaSchema, { schema: uri, type, required: [...names] });
  for (const [name, property] of Object.entries(properties ?? {})) {
    const read = toFlatProperty(property);
    if (read === undefined) return undefined;
    flat.properties[name] = read;
  }
  return flat;
}

/** Further keywords are in `extra`, or right beside the type; as texts, or as what they stand for. */
function toFlatProperty(property: Json): Properties | undefined {
  if (!isObject(property)) return undefined;
  const { type, extra, ...beside } = property;
  const known = TYPES.get(typeof type === "string" ? type.toLowerCase() : type);
  if (known === undefined) return undefined;
  const keywords = { ...beside, ...(isObject(extra) ? extra : {}) };
  const texts = Object.entries(keywords).map(([keyword, value]) => [
    keyword,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return create(PropertiesSchema, { type: known, extra: Object.fromEntries(texts) });
}

function isTexts(value: Json): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
