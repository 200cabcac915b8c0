/** What filters and orders mean, on documents held in memory. */
import { getKey, type Json, type JsonObject } from "../../json.ts";
import type { Filter, Query } from "../../ports/durable-store.ts";

export function matches(filters: readonly Filter[], document: JsonObject): boolean {
  return filters.every((filter) => {
    const value = getKey(document, filter.field) ?? null;
    if ("equals" in filter) return value === filter.equals;
    if ("in" in filter) return filter.in.some((candidate) => value === candidate);
    return (
      (filter.from === undefined || (comparable(value, filter.from) && compare(value, filter.from) >= 0)) &&
      (filter.below === undefined || (comparable(value, filter.below) && compare(value, filter.below) < 0))
    );
  });
}

/** Sorts by the query's order. */
export function compareBy(order: Query["order"]): (a: JsonObject, b: JsonObject) => number {
  return (a, b) => {
    for (const { field, direction } of order) {
      const compared = compare(getKey(a, field), getKey(b, field));
      if (compared !== 0) return direction === "ascending" ? compared : -compared;
    }
    return 0;
  };
}

/** The order's fields as an object, so that a keyset position compares like a document. */
export function positionOf(order: Query["order"], after: readonly (string | number)[]): JsonObject {
  return Object.fromEntries(order.map(({ field }, at) => [field, after[at] ?? null]));
}

function comparable(value: Json, bound: string | number): boolean {
  return typeof value === typeof bound;
}

/** Text compares by its UTF-8 bytes, which differs from JavaScript's order above U+FFFF. */
function compare(a: Json | undefined, b: Json | undefined): number {
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return Number(a) - Number(b);
}
