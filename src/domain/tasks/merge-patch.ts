/** RFC 7396 merge patches: exactly, and compiled to a conditional change that needs no read. */
import { getKey, isObject, type Json, type JsonObject, setKey } from "../../json.ts";
import type { Condition, Path } from "../../ports/durable-store.ts";

/** The target after the patch; neither is changed. */
export function mergePatch(target: Json | undefined, patch: JsonObject): JsonObject {
  const result: Record<string, Json> = {};
  if (isObject(target)) {
    for (const [key, value] of Object.entries(target)) setKey(result, key, value);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else setKey(result, key, isObject(value) ? mergePatch(getKey(result, key), value) : value);
  }
  return result;
}

/** A patch as paths. It has the patch's effect on every document for which all conditions hold. */
export interface CompiledPatch {
  readonly set: readonly (readonly [Path, Json])[];
  readonly unset: readonly Path[];
  readonly conditions: readonly Condition[];
}

/** Compiles a patch of the object at `root`; undefined when it has more than `maxLeaves` leaves. */
export function compilePatch(root: Path, patch: JsonObject, maxLeaves: number): CompiledPatch | undefined {
  const set: (readonly [Path, Json])[] = [];
  const unset: Path[] = [];
  const conditions: Condition[] = [];
  const pending: [Path, JsonObject][] = [[root, patch]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [path, members] = next;
    let hasObject = false;
    for (const [key, value] of Object.entries(members)) {
      const below: Path = [...path, key];
      if (value === null) unset.push(below);
      else if (!isObject(value)) set.push([below, value]);
      else {
        hasObject = true;
        pending.push([below, value]);
      }
    }
    // The root is an object by itself, and a parent is one when a child is.
    if (path !== root && !hasObject) conditions.push({ path, test: "is_object" });
    if (set.length + unset.length + conditions.length + pending.length > maxLeaves) return undefined;
  }
  return { set, unset, conditions };
}
