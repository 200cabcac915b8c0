// The objects that explorer and simulator write and read, and one client's call on them as an operation of a history.
import type { MemoryDocuments } from "../../../src/adapters/memory/documents.ts";
import { CONTROL } from "../../../src/consistency/generation-document.ts";
import { eventsSpec, tailOf } from "../../../src/consistency/history.ts";
import type { Mutation, ObjectKind, Objects, Read, Request } from "../../../src/consistency/objects.ts";
import { ServiceError } from "../../../src/errors.ts";
import { isObject, type Json } from "../../../src/json.ts";
import type { CollectionSpec, Condition, Document } from "../../../src/ports/durable-store.ts";
import type { Operation, Revision } from "../history/operation.ts";

const THINGS: CollectionSpec = {
  name: "things",
  fields: { state: "text" },
  indexes: [],
  heavy: ["requests", "events"],
};
const THING_EVENTS = eventsSpec("thing_events");
export const SPECS: readonly CollectionSpec[] = [THINGS, THING_EVENTS, CONTROL];

export const THING: ObjectKind = {
  collection: THINGS.name,
  eventsCollection: THING_EVENTS.name,
  hotPrefix: "thing",
  hotTtlMs: () => 60_000,
};

export type Action = { readonly key: string } & (
  | { readonly kind: "read"; readonly consistency: "fast" | "strong"; readonly minRevision?: number }
  | {
      readonly kind: "write";
      /** Unlike any other write's. */
      readonly value: string;
      readonly requestId?: string;
      /** Compare-and-set: the revision that must be there. */
      readonly expected?: number;
      /** The new state, and those that it may be left from. */
      readonly state?: string;
      readonly from?: readonly string[];
    }
  /** Read, plan, compare-and-set, as merges of task data do. */
  | { readonly kind: "transform"; readonly value: string; readonly requestId?: string }
);

/** What is known when the call begins. */
export function begun(action: Action): Partial<Operation> & Pick<Operation, "key" | "op"> {
  const { key } = action;
  if (action.kind === "read") {
    const { consistency, minRevision = 0 } = action;
    return { key, op: "read", consistency, minRevision };
  }
  const { value, requestId } = action;
  const expected = action.kind === "write" ? action.expected : undefined;
  return {
    key,
    op: "write",
    wrote: value,
    ...(requestId === undefined ? {} : { requestId }),
    ...(expected === undefined ? {} : { expected }),
  };
}

/** Runs the action and answers what its answer adds to the operation; never throws a ServiceError. */
export async function perform(
  objects: Objects,
  action: Action,
  signal?: AbortSignal,
): Promise<Partial<Operation>> {
  try {
    if (action.kind === "read") {
      const { consistency, minRevision = 0 } = action;
      const options = { consistency, minRevision, ...(signal === undefined ? {} : { signal }) };
      return ofRead(await objects.read(action.key, options));
    }
    const request: Request = { id: action.requestId, body: action.value };
    if (action.kind === "transform") {
      return ofWrite(await objects.transform(action.key, request, () => mutationOf(action), signal));
    }
    return ofWrite(await objects.mutate(action.key, request, mutationOf(action), signal));
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return { outcome: "failed", applied: error.applied, reason: error.reason };
  }
}

function ofRead({ document, provenance }: Read): Partial<Operation> {
  const { degraded, asOf, source } = provenance;
  // Served by the durable store alone is slow, not old.
  const old = degraded && source === "hot";
  return {
    outcome: "ok",
    source,
    ...shown(document),
    ...(old ? { degraded: true, ...(asOf === undefined ? {} : { asOf }) } : {}),
  };
}

function ofWrite(
  answer: Awaited<ReturnType<Objects["mutate"]>> | Awaited<ReturnType<Objects["transform"]>>,
): Partial<Operation> {
  switch (answer.outcome) {
    case "applied":
      return { outcome: "ok", ...shown(answer.document) };
    case "replayed":
      return { outcome: "replayed", appliedRevision: answer.appliedRevision, ...shown(answer.document) };
    default:
      return { outcome: "refused", ...shown(answer.document) };
  }
}

function shown(document: Document | undefined): Pick<Operation, "revision" | "value"> {
  return document === undefined
    ? { revision: 0 }
    : { revision: document.revision, value: String(document.value) };
}

function mutationOf(action: Exclude<Action, { readonly kind: "read" }>): Mutation {
  const { value, requestId } = action;
  const { expected, state, from } =
    action.kind === "write"
      ? action
      : ({} as { expected?: number; state?: string; from?: readonly string[] });
  const conditions: Condition[] = [];
  if (expected !== undefined) conditions.push({ path: ["revision"], test: "equals", value: expected });
  if (from !== undefined) conditions.push({ path: ["state"], test: "in", values: from });
  const event: Record<string, Json> = { value };
  if (requestId !== undefined) event.requestId = requestId;
  if (state !== undefined) event.state = state;
  const set: (readonly [readonly [string], Json])[] = [[["value"], value]];
  if (state !== undefined) set.push([["state"], state]);
  return {
    conditions,
    change: { set },
    ifAbsent: (expected ?? 0) > 0 || from !== undefined ? "refuse" : "insert",
    event,
  };
}

/** The object's whole history as the durable store has it. */
export function finalHistory(documents: MemoryDocuments, key: string): readonly Revision[] {
  const document = documents.get(THINGS.name, key, true);
  if (document === undefined) return [];
  const tail = tailOf(document);
  const copied = documents.find({
    collection: THING_EVENTS.name,
    filters: [
      { field: "object", equals: key },
      { field: "number", below: tail[0]?.revision ?? document.revision + 1 },
    ],
    order: [
      { field: "number", direction: "ascending" },
      { field: "key", direction: "ascending" },
    ],
    limit: 1_000_000,
  });
  return [
    ...copied.map(({ number, event }) => revisionOf(Number(number), event ?? null)),
    ...tail.map(({ revision, event }) => revisionOf(revision, event)),
  ];
}

function revisionOf(revision: number, event: Json): Revision {
  const { value, requestId, state } = isObject(event) ? event : {};
  return {
    revision,
    value: String(value),
    ...(requestId === undefined ? {} : { requestId: String(requestId) }),
    ...(state === undefined ? {} : { state: String(state) }),
  };
}
