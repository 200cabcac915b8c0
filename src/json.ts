/** JSON as the services hold it: numbers are IEEE doubles, objects are plain. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Sets a key as data. An assignment to `__proto__` would change the object's prototype instead, so every
 * write of a caller's key goes through here.
 */
export function setKey(target: Record<string, Json>, key: string, value: Json): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    target[key] = value;
  }
}

/** The value of an own key, or undefined; never something inherited. */
export function getKey(source: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(source, key) ? source[key] : undefined;
}

/** Nesting depth: 0 for a scalar, 1 for `{}` or `[]`. Iterative, so that hostile depth cannot end the process. */
export function depthOf(value: Json): number {
  let deepest = 0;
  const stack: [Json, number][] = [[value, 0]];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const [node, depth] = next;
    if (typeof node !== "object" || node === null) continue;
    deepest = Math.max(deepest, depth + 1);
    for (const child of Object.values(node)) stack.push([child, depth + 1]);
  }
  return deepest;
}

/** Size of the value written as compact JSON, in UTF-8 bytes. */
export function jsonBytes(value: Json): number {
  return Buffer.byteLength(JSON.stringify(value), "utf8");
}
