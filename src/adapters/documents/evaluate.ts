/** What the durable store's conditions and changes mean, on plain JSON; the contract's words as functions. */
import { getKey, isObject, type Json, type JsonObject } from "../../json.ts";
import type { Change, Condition, Document, Update } from "../../ports/durable-store.ts";
import { changedAt, valueAt, withoutAt } from "./paths.ts";

/** The document that the update makes of the current one (undefined = absent); undefined when it is refused. */
export function evaluate(update: Update, current: Document | undefined): Document | undefined {
  if (current === undefined) {
    return update.ifAbsent === "insert" ? create(update.change, update.key) : undefined;
  }
  return holds(update.conditions, current) ? apply(update.change, current) : undefined;
}

export function holds(conditions: readonly Condition[], document: JsonObject): boolean {
  return conditions.every((condition) => holdsOne(condition, valueAt(document, condition.path)));
}

function holdsOne(condition: Condition, value: Json | undefined): boolean {
  switch (condition.test) {
    case "equals":
      return (value ?? null) === condition.value;
    case "in":
      return condition.values.some((candidate) => (value ?? null) === candidate);
    case "at_most":
      return value === undefined
        ? condition.value >= 0
        : typeof value === "number" && value <= condition.value;
    case "is_object":
      return isObject(value);
    case "none_with":
      return !(
        Array.isArray(value) &&
        value.some((element) => isObject(element) && getKey(element, condition.field) === condition.value)
      );
  }
}

/** The changed document, or undefined when its shape does not take the change. */
export function apply(change: Change, document: Document): Document | undefined {
  const changed = applyPaths(change, document);
  if (changed === undefined) return undefined;
  const revision = change.keepRevision === true ? document.revision : document.revision + 1;
  return { ...changed, key: document.key, revision };
}

function create(change: Change, key: string): Document | undefined {
  const changed = applyPaths(change, {});
  return changed === undefined ? undefined : { ...changed, key, revision: 1 };
}

function applyPaths(change: Change, document: JsonObject): JsonObject | undefined {
  let result: JsonObject | undefined = document;
  for (const [path, value] of change.set ?? []) {
    result = result && changedAt(result, path, () => value);
  }
  for (const path of change.unset ?? []) result = result && withoutAt(result, path);
  for (const [path, amount] of change.increment ?? []) {
    result =
      result &&
      changedAt(result, path, (value = 0) => (typeof value === "number" ? value + amount : undefined));
  }
  for (const { path, value, keepLast } of change.push ?? []) {
    result =
      result &&
      changedAt(result, path, (array = []) => {
        if (!Array.isArray(array)) return undefined;
        const longer: readonly Json[] = [...array, value];
        return keepLast === undefined ? longer : longer.slice(-keepLast);
      });
  }
  return result;
}
