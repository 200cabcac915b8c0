/** Filters for a set of names: one alternative each, which no document matches twice. */
import type { NameSet } from "../names.ts";
import type { Filter } from "../ports/durable-store.ts";

export type Alternative = readonly Filter[];

/** None when the set is empty. */
export function alternatives(field: string, set: NameSet): readonly Alternative[] {
  if (set.isAll) return [[]];
  const [first, ...others] = set.names;
  const named: readonly Alternative[] =
    first === undefined ? [] : [[others.length === 0 ? { field, equals: first } : { field, in: set.names }]];
  return [...named, ...set.prefixes.map((prefix) => [beginningWith(field, prefix)])];
}

/** Names are ASCII, so the successor of the last character bounds all that begin so. */
function beginningWith(field: string, prefix: string): Filter {
  const last = prefix.charCodeAt(prefix.length - 1);
  return { field, from: prefix, below: prefix.slice(0, -1) + String.fromCharCode(last + 1) };
}
