// Requests that are right, or nearly, of every method, about one name.
import {
  type DescField,
  type DescMessage,
  type DescMethod,
  type JsonValue,
  ScalarType,
} from "@bufbuild/protobuf";
import { SERVICES } from "../protocol/transports.ts";
import type { Random } from "./random.ts";

export const METHODS: readonly DescMethod[] = SERVICES.flatMap(({ methods }) => methods);

/** The kind of the tasks and the namespace of the entries that requests are about. */
export const PLACE = "fuzz";
/** Where the methods look that change many things at a time, and where nothing is that is compared. */
const ELSEWHERE = "bulk-elsewhere";

/** They may change what they do not name. */
const BULK: ReadonlySet<string> = new Set(["ClearCache", "CancelTasks"]);
const CREATES: ReadonlySet<string> = new Set([
  ...["CreateTask", "PutTask", "SetEntry", "BatchSetEntries", "IncrementEntry", "LeaseEntry"],
  ...["PublishRelease", "ImportSchemas"],
]);
const WAITS: ReadonlySet<string> = new Set(["WaitTask", "LeaseEntry"]);

export const isBulk = ({ name }: DescMethod): boolean => BULK.has(name);
export const creates = ({ name }: DescMethod): boolean => CREATES.has(name);
export const waits = ({ name, methodKind }: DescMethod): boolean => methodKind !== "unary" || WAITS.has(name);

/** Left out, since one in force is not known in advance; a mutation may well bring one. */
const NEVER: ReadonlySet<string> = new Set(["etag", "pageToken", "resumeToken", "leaseToken", "minRevision"]);
const ALWAYS: ReadonlySet<string> = new Set([
  ...["kind", "taskId", "namespace", "key", "keys", "name", "names", "requests", "document", "documents"],
  ...["schemas", "schema", "releases", "release", "text", "status"],
]);

/** The request as JSON, about the task, schema or entry of that name. */
export function sample(random: Random, method: DescMethod, name: string): JsonValue {
  return fieldsOf(random, method.input, name, isBulk(method) ? ELSEWHERE : PLACE, 0);
}

function fieldsOf(random: Random, desc: DescMessage, name: string, place: string, depth: number): JsonValue {
  const json: Record<string, JsonValue> = {};
  const chosen = new Map(desc.oneofs.map((oneof) => [oneof, random.pick(oneof.fields)]));
  for (const field of desc.fields) {
    if (NEVER.has(field.localName) || (field.oneof !== undefined && chosen.get(field.oneof) !== field))
      continue;
    if (!ALWAYS.has(field.localName) && field.oneof === undefined && !random.chance(0.1)) continue;
    const one = (): JsonValue => sampleOf(random, field, name, place, depth);
    if (field.fieldKind === "map") json[field.jsonName] = { team: "a" };
    else if (field.fieldKind === "list")
      json[field.jsonName] = Array.from({ length: 1 + random.below(3) }, one);
    else json[field.jsonName] = one();
  }
  return json;
}

function sampleOf(random: Random, field: DescField, name: string, place: string, depth: number): JsonValue {
  if (field.message !== undefined) return messageOf(random, field.message, name, place, depth);
  if (field.enum !== undefined) return random.pick(field.enum.values).name;
  switch (field.scalar) {
    case ScalarType.STRING:
      return textOf(field, name, place);
    case ScalarType.BYTES:
      return random.bytes(random.below(40)).toString("base64");
    case ScalarType.BOOL:
      return random.chance(0.5);
    case ScalarType.DOUBLE:
      return random.below(1_000) / 1_000;
    case ScalarType.INT64:
      return String(random.below(5));
    default:
      return random.below(4);
  }
}

function textOf({ localName, parent }: DescField, name: string, place: string): string {
  switch (localName) {
    case "kind":
    case "namespace":
      return place;
    case "taskId":
    case "key":
    case "keys":
    case "name":
      return name;
    case "pattern":
      return "no-such-*";
    case "requestId":
      return `${parent.name}-${name}`;
    default:
      return "words";
  }
}

function messageOf(random: Random, desc: DescMessage, name: string, place: string, depth: number): JsonValue {
  switch (desc.typeName) {
    case "google.protobuf.Duration":
      return random.pick(["0.05s", "1s", "30s"]);
    case "google.protobuf.Timestamp":
      return "2024-01-02T03:04:05Z";
    case "google.protobuf.FieldMask":
      return random.pick(["status", "message,progress", "labels", "description"]);
    case "google.protobuf.Struct":
      return { a: random.below(10), b: [true, null, "x"], c: { d: 0.5 } };
    case "google.protobuf.Value":
      return { type: "object", properties: { a: { type: "string", maxLength: random.below(9) } } };
    default:
      return depth > 3 ? {} : fieldsOf(random, desc, name, place, depth + 1);
  }
}
