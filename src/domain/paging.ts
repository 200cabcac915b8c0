/** Pages of lists: their size, and tokens that continue one query and no other. */
import { canonicalJson, sha256Hex } from "../canonical.ts";
import { invalid } from "../errors.ts";
import type { Json } from "../json.ts";
import type { Violations } from "./validation.ts";

const DEFAULT_SIZE = 50;
const MAX_SIZE = 1000;

/** What is left of an answer's size. Lists stop before the first item that it refuses. */
export interface Budget {
  /** Takes `bytes` when they fit; nothing is taken otherwise. The first item always fits. */
  take(bytes: number): boolean;
}

/** 0 is the default, more than the maximum is coerced down; negative is a violation of `page_size`. */
export function pageSize(requested: number, violations?: Violations): number {
  if (requested < 0) {
    const violation = { field: "page_size", description: "must not be negative" };
    if (violations === undefined) throw invalid(violation);
    violations.add(violation.field, violation.description);
  }
  return requested === 0 ? DEFAULT_SIZE : Math.min(requested, MAX_SIZE);
}

/** An opaque token for the page after `position` of `query` (all that decides what the list holds). */
export function encodePageToken(query: Json, position: Json): string {
  return Buffer.from(JSON.stringify([fingerprint(query), position]), "utf8").toString("base64url");
}

/**
 * The position of a token that `encodePageToken` made for this query; undefined for the empty token (first page).
 * Throws `invalid_argument` / INVALID_PAGE_TOKEN on `page_token` otherwise. Tokens are not signed: the caller
 * still has to check the position's shape, with `badPageToken`.
 */
export function decodePageToken(query: Json, token: string): Json | undefined {
  if (token === "") return undefined;
  const parts = parse(token);
  if (!Array.isArray(parts) || parts.length !== 2 || parts[0] !== fingerprint(query)) throw badPageToken();
  return parts[1];
}

/** A token that was not made for this query, or is broken: there is no telling which. */
export function badPageToken(): Error {
  return invalid(
    { field: "page_token", description: "must be one of this very query" },
    "INVALID_PAGE_TOKEN",
  );
}

function parse(token: string): unknown {
  const bytes = Buffer.from(token, "base64url");
  // Decoding skips what is no base64url; such a token was not made here.
  if (bytes.toString("base64url") !== token) throw badPageToken();
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    throw badPageToken();
  }
}

function fingerprint(query: Json): string {
  return sha256Hex(canonicalJson(query)).slice(0, 16);
}
