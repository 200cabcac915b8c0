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

export interface Shape {
  /** Whether it is nested no deeper than was allowed: 0 for a scalar, 1 for `{}` or `[]`. */
  readonly fits: boolean;
  /** Scalars, arrays and objects, the value itself too. */
  readonly values: number;
  /** Whether all text is well-formed Unicode and all numbers are finite. */
  readonly wellFormed: boolean;
}

/** All in one walk. What lies deeper than `maxDepth` is not looked at, so that hostile depth cannot end the process. */
export function shapeOf(value: Json, maxDepth: number): Shape {
  let fits = true;
  let values = 0;
  let wellFormed = true;
  const visit = (node: Json, depthLeft: number): void => {
    values++;
    if (typeof node === "string") wellFormed &&= node.isWellFormed();
    else if (typeof node === "number") wellFormed &&= Number.isFinite(node);
    else if (typeof node !== "object" || node === null) return;
    else if (depthLeft === 0) fits = false;
    else if (Array.isArray(node)) for (const child of node) visit(child, depthLeft - 1);
    else
      for (const key of Object.keys(node)) {
        wellFormed &&= key.isWellFormed();
        visit((node as JsonObject)[key] ?? null, depthLeft - 1);
      }
  };
  visit(value, maxDepth);
  return { fits, values, wellFormed };
}

/** Size of the value written as compact JSON, in UTF-8 bytes. */
export function jsonBytes(value: Json): number {
  return Buffer.byteLength(JSON.stringify(value), "utf8");
}
