import assert from "node:assert/strict";
import { ServiceError } from "../../../src/errors.ts";
import type { Json } from "../../../src/json.ts";
import type {
  Change,
  CollectionSpec,
  Condition,
  Document,
  DurableStore,
  Update,
} from "../../../src/ports/durable-store.ts";

/** One promise of the port. Throws when the store breaks it; gets a store whose collections are empty. */
export interface Check {
  readonly promise: string;
  readonly run: (store: DurableStore) => Promise<void>;
}

export const COLLECTIONS: readonly CollectionSpec[] = [
  {
    name: "things",
    fields: { group: "text", state: "text", rank: "integer", done: "boolean" },
    indexes: [
      ["group", "-rank", "key"],
      ["group", "state", "-rank", "key"],
    ],
    heavy: ["bulk", "log"],
  },
  { name: "bodies", fields: {}, indexes: [], heavy: ["text"] },
];

export function upsert(key: string, change: Change, conditions: readonly Condition[] = []): Update {
  return { collection: "things", key, conditions, change, ifAbsent: "insert" };
}

export function amend(key: string, change: Change, conditions: readonly Condition[] = []): Update {
  return { collection: "things", key, conditions, change, ifAbsent: "refuse" };
}

export function fields(values: Readonly<Record<string, Json>>): Change {
  return { set: Object.entries(values).map(([field, value]) => [[field], value] as const) };
}

/** A thing with these fields, and the document as the store keeps it. */
export async function given(
  store: DurableStore,
  key: string,
  values: Readonly<Record<string, Json>>,
): Promise<Document> {
  const result = await store.update(upsert(key, fields(values)));
  assert.equal(result.outcome, "applied");
  return whole(store, key);
}

export async function whole(store: DurableStore, key: string): Promise<Document> {
  const document = await store.get("things", key, { whole: true });
  assert.ok(document, `${key} is there`);
  return document;
}

/** Deep equality of JSON: key order and the sign of zero aside, prototypes included. */
export function sameJson(actual: unknown, expected: unknown): void {
  assert.deepStrictEqual(normal(actual), normal(expected));
}

function normal(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== "object" || value === null) return value;
  return new Map(
    Object.keys(value)
      .sort()
      .map((key) => [key, normal(Object.getOwnPropertyDescriptor(value, key)?.value)]),
  );
}

export async function failure(promise: Promise<unknown>): Promise<ServiceError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ServiceError, `a ServiceError was thrown, not ${String(error)}`);
  return error;
}
