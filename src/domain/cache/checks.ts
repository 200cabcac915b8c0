/** The rules that a cache request's fields obey. */
import type { EntryName, EntryValue, Lifetime } from "../../ports/cache-store.ts";
import type { Violations } from "../validation.ts";
import type { CacheTtls } from "./context.ts";

export const DEFAULT_NAMESPACE = "default";
export const BATCH_ITEMS = 1000;

const NAMESPACE = /^[a-z0-9][a-z0-9-]{0,62}$/;
const CONTROL = /\p{Cc}/u;
const KEY_BYTES = 512;
/** Room for a key of which every character is escaped. */
const PATTERN_BYTES = 1024;
const VALUE_BYTES = 1024 * 1024;
const ETAG_CHARS = 128;
const TOKEN_CHARS = 128;
export const MAX_TTL_MS = 10 * 365.25 * 24 * 60 * 60 * 1000;

/** The lifetime that a request asks for. Neither: the namespace's default. */
export interface LifetimeRequest {
  /** Milliseconds; NaN when it was no duration. */
  readonly ttlMs?: number | undefined;
  readonly persist?: boolean;
}

/** The namespace meant: empty is the default one. */
export function checkNamespace(v: Violations, namespace: string): string {
  if (namespace === "") return DEFAULT_NAMESPACE;
  v.check(
    NAMESPACE.test(namespace),
    "namespace",
    "must be 1 to 63 of a-z 0-9 - and begin with a letter or digit",
  );
  return namespace;
}

export function checkKey(v: Violations, field: string, key: string): void {
  const bytes = Buffer.byteLength(key, "utf8");
  v.check(
    bytes >= 1 && bytes <= KEY_BYTES && key.isWellFormed() && !CONTROL.test(key),
    field,
    `must be 1 to ${KEY_BYTES} bytes of UTF-8 without control characters`,
  );
}

export function checkName(v: Violations, name: EntryName): EntryName {
  const namespace = checkNamespace(v, name.namespace);
  checkKey(v, "key", name.key);
  return { namespace, key: name.key };
}

/** The pattern meant: empty is `*`. */
export function checkPattern(v: Violations, pattern: string): string {
  if (pattern === "") return "*";
  v.check(
    Buffer.byteLength(pattern, "utf8") <= PATTERN_BYTES && pattern.isWellFormed() && !CONTROL.test(pattern),
    "pattern",
    `must be at most ${PATTERN_BYTES} bytes of UTF-8 without control characters`,
  );
  v.check(!endsWithLoneBackslash(pattern), "pattern", "must not end with a \\ that escapes nothing");
  return pattern;
}

export function checkValue(v: Violations, value: EntryValue | undefined): void {
  if (value === undefined) {
    v.add("value", "must be set: text or data");
  } else if (value.kind === "text") {
    v.check(value.text.isWellFormed(), "text", "must be well-formed Unicode");
    v.check(
      Buffer.byteLength(value.text, "utf8") <= VALUE_BYTES,
      "text",
      `must have at most ${VALUE_BYTES} bytes`,
    );
  } else {
    v.check(value.data.byteLength <= VALUE_BYTES, "data", `must have at most ${VALUE_BYTES} bytes`);
  }
}

export function checkEtag(v: Violations, etag: string): void {
  v.check(etag.length <= ETAG_CHARS && !CONTROL.test(etag), "etag", "must be an etag that an answer held");
}

/** The lifetime in whole milliseconds, rounded up so that no positive one becomes nothing. */
export function checkLifetime(
  v: Violations,
  request: LifetimeRequest,
  ttls: CacheTtls,
  namespace: string,
): Lifetime {
  const { ttlMs, persist } = request;
  if (ttlMs !== undefined) {
    v.check(persist !== true, "persist", "must not be set together with ttl");
    v.check(ttlMs > 0 && ttlMs <= MAX_TTL_MS, "ttl", "must be more than 0 and at most 10 years");
    return Math.ceil(ttlMs);
  }
  if (persist === true) return undefined;
  // Own ones only: `constructor` is a namespace like any other.
  const own = Object.hasOwn(ttls.byNamespace, namespace) ? ttls.byNamespace[namespace] : undefined;
  return own ?? ttls.default;
}

/** The part of the lifetime by which chance may shorten it; milliseconds. */
export function checkJitter(v: Violations, jitterMs: number, lifetime: Lifetime): number {
  if (lifetime === undefined) {
    v.check(jitterMs === 0, "ttl_jitter", "must not be set together with persist");
  } else {
    const less = jitterMs === 0 || (jitterMs > 0 && !(jitterMs >= lifetime));
    v.check(less, "ttl_jitter", "must be less than the lifetime");
  }
  return jitterMs;
}

/** How long past its lifetime an entry may be shown; milliseconds. */
export function checkStale(v: Violations, staleMs: number, lifetime: Lifetime): number {
  if (lifetime === undefined) {
    v.check(staleMs === 0, "stale_ttl", "must not be set together with persist");
  } else {
    v.check(staleMs >= 0 && staleMs <= MAX_TTL_MS, "stale_ttl", "must be 0 to 10 years");
  }
  return Math.ceil(staleMs);
}

export function checkLeaseToken(v: Violations, token: string): void {
  const good = token.length <= TOKEN_CHARS && !CONTROL.test(token);
  v.check(good, "lease_token", "must be a token that LeaseEntry answered");
}

export function checkBatch(v: Violations, field: string, count: number): void {
  v.check(count >= 1 && count <= BATCH_ITEMS, field, `must have 1 to ${BATCH_ITEMS} items`);
}

function endsWithLoneBackslash(pattern: string): boolean {
  const backslashes = pattern.length - pattern.replace(/\\+$/, "").length;
  return backslashes % 2 === 1;
}
