/** Which way a change inside a schema works on the whole: what is accepted more in one place may be less in all. */
import { getKey, isObject, type Json } from "../../../json.ts";
import { kindOf } from "./keywords.ts";
import { at, follow } from "./pointer.ts";
import type { Source } from "./source.ts";

/** `same`: more accepted here is more accepted in all; `opposite`: less; `mixed`: it depends. */
export type Polarity = "same" | "opposite" | "mixed";

/** Pointers to all schemas that count, and how they do. What no reference reaches is not among them. */
export function polarities(source: Source): ReadonlyMap<string, ReadonlySet<Polarity>> {
  const found = new Map<string, Set<Polarity>>();
  const stack: [Json, string, Polarity][] = [[source.document, "", "same"]];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const [schema, pointer, polarity] = next;
    const known = found.get(pointer) ?? new Set();
    if (known.has(polarity)) continue;
    found.set(pointer, known.add(polarity));
    if (!isObject(schema)) continue;
    const reference = getKey(schema, "$ref");
    const target = typeof reference === "string" ? source.targetOf(reference) : undefined;
    if (target !== undefined) stack.push([follow(source.document, target) ?? true, target, polarity]);
    if (typeof reference === "string" && source.dialect === "draft-07") continue;
    for (const [keyword, value] of Object.entries(schema)) {
      const inside = within(polarity, keyword, schema);
      const kind = kindOf(keyword, value, source.dialect);
      if (kind === "schema") stack.push([value, at(pointer, keyword), inside]);
      if ((kind !== "list" && kind !== "map") || typeof value !== "object" || value === null) continue;
      for (const [key, child] of Object.entries(value)) {
        stack.push([child as Json, at(pointer, keyword, key), inside]);
      }
    }
  }
  return found;
}

/** Pointers to all schemas that stand where keywords say that schemas are, definitions too. */
export function placesOf({ document, dialect }: Source): ReadonlySet<string> {
  const places = new Set<string>();
  const stack: [Json, string][] = [[document, ""]];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const [schema, pointer] = next;
    places.add(pointer);
    if (!isObject(schema)) continue;
    for (const [keyword, value] of Object.entries(schema)) {
      const kind = kindOf(keyword, value, dialect);
      if (kind === "schema") stack.push([value, at(pointer, keyword)]);
      if (!["list", "map", "definitions"].includes(kind) || typeof value !== "object" || value === null)
        continue;
      for (const [key, child] of Object.entries(value))
        stack.push([child as Json, at(pointer, keyword, key)]);
    }
  }
  return places;
}

function within(polarity: Polarity, keyword: string, schema: Json): Polarity {
  if (keyword === "not" && polarity !== "mixed") return polarity === "same" ? "opposite" : "same";
  const isMixed =
    keyword === "if" ||
    keyword === "oneOf" ||
    (keyword === "contains" && isObject(schema) && getKey(schema, "maxContains") !== undefined);
  return isMixed ? "mixed" : polarity;
}
