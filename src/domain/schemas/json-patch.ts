/**
 * JSON Patch (RFC 6902) from one document to another. Linear in their size, unlike a shortest patch: both
 * documents are strangers'. Elements that arrays share at their beginning and end are left alone; what lies
 * between is patched in pairs.
 */
import { getKey, isObject, type Json, type JsonObject } from "../../json.ts";
import type { PatchOperation } from "../../ports/schema-comparer.ts";

/** Each operation repeats its whole path, so that long names nested deep could make a patch of any size. */
const MAX_PATH_CHARS = 256 * 1024;

/** The patch that makes `to` out of `from`; the whole document is replaced where paths would get too long. */
export function jsonPatch(from: Json, to: Json): readonly PatchOperation[] {
  const patch = new Patch();
  patch.compare("", from, to);
  return patch.tooLong ? [{ op: "replace", path: "", value: to }] : patch.operations;
}

class Patch {
  readonly operations: PatchOperation[] = [];
  #pathChars = 0;

  get tooLong(): boolean {
    return this.#pathChars > MAX_PATH_CHARS;
  }

  compare(path: string, from: Json, to: Json): void {
    if (from === to || this.tooLong) return;
    if (Array.isArray(from) && Array.isArray(to)) this.#compareArrays(path, from, to);
    else if (isObject(from) && isObject(to)) this.#compareObjects(path, from, to);
    else this.#add({ op: "replace", path, value: to });
  }

  #compareObjects(path: string, from: JsonObject, to: JsonObject): void {
    for (const key of Object.keys(from)) {
      if (!Object.hasOwn(to, key)) this.#add({ op: "remove", path: below(path, key) });
    }
    for (const [key, value] of Object.entries(to)) {
      const before = getKey(from, key);
      if (before === undefined) this.#add({ op: "add", path: below(path, key), value });
      else this.compare(below(path, key), before, value);
    }
  }

  #compareArrays(path: string, from: readonly Json[], to: readonly Json[]): void {
    const shorter = Math.min(from.length, to.length);
    let start = 0;
    while (start < shorter && equal(from[start], to[start])) start++;
    let end = 0;
    while (end < shorter - start && equal(from.at(-1 - end), to.at(-1 - end))) end++;
    const pairs = shorter - start - end;
    for (let index = start; index < start + pairs; index++) {
      this.compare(below(path, index), from[index] ?? null, to[index] ?? null);
    }
    // From the back, so that no index moves before its turn.
    for (let index = from.length - end - 1; index >= start + pairs; index--) {
      this.#add({ op: "remove", path: below(path, index) });
    }
    for (let index = start + pairs; index < to.length - end; index++) {
      this.#add({ op: "add", path: below(path, index), value: to[index] ?? null });
    }
  }

  #add(operation: PatchOperation): void {
    this.#pathChars += operation.path.length;
    if (!this.tooLong) this.operations.push(operation);
  }
}

function below(path: string, key: string | number): string {
  return `${path}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

function equal(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => equal(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && equal(getKey(a, key), getKey(b, key)))
  );
}
