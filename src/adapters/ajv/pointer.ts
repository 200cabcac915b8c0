import { getKey, isObject, type Json } from "../../json.ts";

/** `pointer` with one more step (RFC 6901). */
export function step(pointer: string, key: string | number): string {
  return `${pointer}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** What a pointer leads to, or undefined. */
export function follow(root: Json, pointer: string): Json | undefined {
  let at: Json | undefined = root;
  for (const escaped of pointer.split("/").slice(1)) {
    const key = escaped.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(at)) at = /^(0|[1-9]\d*)$/.test(key) ? (at as readonly Json[])[Number(key)] : undefined;
    else if (isObject(at)) at = getKey(at, key);
    else return undefined;
  }
  return at;
}
