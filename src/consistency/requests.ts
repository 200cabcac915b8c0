/**
 * Who made which revision. Every mutation leaves its identity in the document's `requests`, one a revision, so that
 * a repeated request, and a write whose answer was lost, are recognised.
 */
import { canonicalJson, sha256Hex } from "../canonical.ts";
import { isObject, type Json } from "../json.ts";
import type { Condition, Document } from "../ports/durable-store.ts";
import type { Request } from "./objects.ts";

/** How many mutations of an object are remembered. */
export const REMEMBERED_REQUESTS = 128;

/** What is kept of one mutation's request. */
export interface Identity {
  readonly id: string;
  /** Undefined when the caller gave no id: nobody can repeat it. */
  readonly body: string | undefined;
}

/** A caller's id and one made here never meet: they differ in their first letter. */
export function identify(request: Request, uniqueId: () => string): Identity {
  if (request.id === undefined || request.id === "") return { id: `u${uniqueId()}`, body: undefined };
  return {
    id: `r${sha256Hex(request.id).slice(0, 32)}`,
    body: sha256Hex(canonicalJson(request.body)).slice(0, 32),
  };
}

export function notApplied(identity: Identity): Condition {
  return { path: ["requests"], test: "none_with", field: "id", value: identity.id };
}

export function record(identity: Identity): { path: ["requests"]; value: Json; keepLast: number } {
  const value = identity.body === undefined ? { id: identity.id } : { id: identity.id, body: identity.body };
  return { path: ["requests"], value, keepLast: REMEMBERED_REQUESTS };
}

export interface Found {
  readonly revision: number;
  readonly sameBody: boolean;
}

/** Where the whole document remembers the identity. */
export function findRequest(document: Document | undefined, identity: Identity): Found | undefined {
  const requests = document?.requests;
  if (document === undefined || !Array.isArray(requests)) return undefined;
  const index = requests.findLastIndex((entry: Json) => isObject(entry) && entry.id === identity.id);
  if (index < 0) return undefined;
  const entry: Json | undefined = requests[index];
  return {
    revision: document.revision - (requests.length - 1 - index),
    sameBody: isObject(entry) && entry.body === identity.body,
  };
}
