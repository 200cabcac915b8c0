import { getKey, isObject, type Json } from "../../../json.ts";

/** `pointer` with further steps (RFC 6901). */
export function at(pointer: string, ...steps: readonly (string | number)[]): string {
  return steps.reduce<string>(
    (path, key) => `${path}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`,
    pointer,
  );
}

const MAX_CHARS = 400;

/** Names may be of any length; what is said about them must not be. */
export function short(text: string): string {
  return text.length <= MAX_CHARS ? text : `${text.slice(0, MAX_CHARS).toWellFormed()}...`;
}

/** What a pointer leads to, or undefined. */
export function follow(root: Json, pointer: string): Json | undefined {
  let value: Json | undefined = root;
  for (const escaped of pointer.split("/").slice(1)) {
    const key = escaped.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(value)) value = /^\d+$/.test(key) ? (value as readonly Json[])[Number(key)] : undefined;
    else if (isObject(value)) value = getKey(value, key);
    else return undefined;
  }
  return value;
}
