/** What the hot store holds of an object. */
import type { Document } from "../ports/durable-store.ts";
import type { Versioned } from "../ports/hot-store.ts";
import type { ObjectKind } from "./objects.ts";

export function hotKey(kind: ObjectKind, key: string): string {
  return `${kind.hotPrefix}/${key}`;
}

/** `now`: milliseconds since the epoch. */
export function versioned(kind: ObjectKind, document: Document, now: number): Versioned {
  return {
    value: JSON.stringify(document),
    revision: document.revision,
    ttlMs: kind.hotTtlMs(document, now),
  };
}
