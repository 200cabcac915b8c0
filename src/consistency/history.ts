/**
 * The history of an object: the newest events in its own document (the tail), the older ones copied to a
 * collection. An event is never cut from the tail before its copy is durable.
 */
import type { Json } from "../json.ts";
import { isObject } from "../json.ts";
import type { CollectionSpec, Condition, Document, DurableStore } from "../ports/durable-store.ts";
import type { HistoryEntry, ObjectKind } from "./objects.ts";

/** At this many uncopied events a writer copies before it writes. */
const MAX_TAIL = 64;
/**
 * From this many on they are copied before the next write, which mostly has not come yet. Each copy costs as much as a few
 * writes, and those who come meanwhile wait for it, so it is not made much sooner than it has to be.
 */
const COPY_FROM = 56;

/** The events collection of an object kind. */
export function eventsSpec(name: string): CollectionSpec {
  return {
    name,
    fields: { object: "text", number: "integer" },
    indexes: [["object", "number"]],
    heavy: [],
  };
}

export const TAIL_HAS_ROOM: Condition = { path: ["tail"], test: "at_most", value: MAX_TAIL - 1 };

/** How many writes the document takes before its tail has to be copied. */
export function roomInTail(document: Document): number {
  return MAX_TAIL - Number(document.tail ?? 0);
}

export function tailIsFull(document: Document): boolean {
  return roomInTail(document) <= 0;
}

export function tailIsLong(document: Document): boolean {
  return Number(document.tail ?? 0) >= COPY_FROM;
}

/** The events of a whole document: the last one tells of its revision. */
export function tailOf(document: Document): readonly HistoryEntry[] {
  const events = Array.isArray(document.events) ? (document.events as readonly Json[]) : [];
  const first = document.revision - events.length + 1;
  return events.map((event, index) => ({ revision: first + index, event }));
}

/**
 * Copies the tail and empties it, unless another writer was faster: then its own call is the one that counts.
 * Answers the document as it is then.
 */
export async function copyTail(
  store: DurableStore,
  kind: ObjectKind,
  document: Document,
  signal?: AbortSignal,
): Promise<Document | undefined> {
  const entries = tailOf(document).map(({ revision, event }) => ({
    key: `${document.key}#${String(revision).padStart(12, "0")}`,
    object: document.key,
    number: revision,
    event,
  }));
  if (entries.length === 0) return document;
  await store.insertMany(kind.eventsCollection, entries, signal);
  const { document: now } = await store.update(
    {
      collection: kind.collection,
      key: document.key,
      conditions: [{ path: ["revision"], test: "equals", value: document.revision }],
      change: {
        set: [
          [["events"], []],
          [["tail"], 0],
        ],
        keepRevision: true,
      },
      ifAbsent: "refuse",
    },
    signal,
  );
  return now;
}

/** Copied events and tail as one line. The tail is read first: what leaves it meanwhile is found in the collection. */
export async function readHistory(
  store: DurableStore,
  kind: ObjectKind,
  document: Document,
  range: { readonly after: number; readonly limit: number },
  signal?: AbortSignal,
): Promise<readonly HistoryEntry[]> {
  const copied = await store.find(
    {
      collection: kind.eventsCollection,
      filters: [
        { field: "object", equals: document.key },
        { field: "number", from: range.after + 1 },
      ],
      order: [
        { field: "number", direction: "ascending" },
        { field: "key", direction: "ascending" },
      ],
      limit: range.limit,
    },
    signal,
  );
  const entries = new Map<number, Json>();
  for (const { number, event } of copied) {
    if (typeof number === "number" && isObject(event)) entries.set(number, event);
  }
  for (const { revision, event } of tailOf(document)) {
    if (revision > range.after) entries.set(revision, event);
  }
  return [...entries]
    .filter(([revision]) => revision <= document.revision)
    .sort(([a], [b]) => a - b)
    .slice(0, range.limit)
    .map(([revision, event]) => ({ revision, event }));
}
