// JSON with the keys that are easily mistaken for something else, and RFC 7396 as its text has it.
import fc from "fast-check";
import type { Json, JsonObject } from "../../../src/json.ts";

const KEYS = ["a", "b", "c", "", ".", "a.b", "$", "$set", "__proto__", "constructor", "a/b", "~", "0"];

const key = fc.constantFrom(...KEYS);
// Negative zero has no text of its own in JSON.
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0);
const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.boolean(),
  number,
  fc.string({ unit: "grapheme" }),
  fc.constant(null),
);

export const { object: jsonObject, value: jsonValue } = fc.letrec<{ value: Json; object: JsonObject }>(
  (tie) => ({
    value: fc.oneof({ depthSize: "small" }, scalar, fc.array(tie("value"), { maxLength: 3 }), tie("object")),
    object: fc
      .array(fc.tuple(key, tie("value")), { maxLength: 4 })
      // fromEntries defines keys, so that `__proto__` is one of them.
      .map((entries) => Object.fromEntries(entries)),
  }),
);

/** MergePatch of RFC 7396, section 2, over lists of members: it knows of no prototypes. */
export function referenceMerge(target: Json | undefined, patch: Json): Json {
  if (!isMembers(patch)) return patch;
  const members = new Map<string, Json>(isMembers(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) members.delete(name);
    else members.set(name, referenceMerge(members.get(name), value));
  }
  return Object.fromEntries(members);
}

function isMembers(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
