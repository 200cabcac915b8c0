import { getKey, isObject, type Json, type JsonObject, setKey } from "../../json.ts";
import type { Path } from "../../ports/durable-store.ts";

/** The value at a path; undefined where any part of it is absent or leads through something that is no object. */
export function valueAt(document: JsonObject, path: Path): Json | undefined {
  let value: Json | undefined = document;
  for (const part of path) {
    if (!isObject(value)) return undefined;
    value = getKey(value, part);
  }
  return value;
}

/**
 * The object with the value at the path replaced by what `change` makes of it; the original stays as it is and is
 * shared where nothing changed. Undefined when the path leads through something that is no object, or when
 * `change` does not take the value.
 */
export function changedAt(
  object: JsonObject,
  [part, ...rest]: Path,
  change: (value: Json | undefined) => Json | undefined,
): JsonObject | undefined {
  const current = getKey(object, part);
  const [next, ...others] = rest;
  let changed: Json | undefined;
  if (next === undefined) changed = change(current);
  else {
    const child = current === undefined ? {} : current;
    if (isObject(child)) changed = changedAt(child, [next, ...others], change);
  }
  if (changed === undefined) return undefined;
  const copy: Record<string, Json> = { ...object };
  setKey(copy, part, changed);
  return copy;
}

/** The object without what is at the path; the same object when nothing is. */
export function withoutAt(object: JsonObject, [part, ...rest]: Path): JsonObject {
  const current = getKey(object, part);
  if (current === undefined) return object;
  const [next, ...others] = rest;
  const copy: Record<string, Json> = { ...object };
  if (next === undefined) delete copy[part];
  else if (isObject(current)) setKey(copy, part, withoutAt(current, [next, ...others]));
  return copy;
}
