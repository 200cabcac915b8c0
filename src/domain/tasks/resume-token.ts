/** Where a watch goes on: on any instance, for the same question to the same kind of store. */
import { sha256Hex } from "../../canonical.ts";
import { invalid, ServiceError } from "../../errors.ts";
import type { Json } from "../../json.ts";
import { decodePageToken, encodePageToken } from "../paging.ts";
import type { Position } from "./list.ts";

/** Of one task: the last revision that was shown. */
export type RevisionPlace = number;

/** Of many: a place in the order of changes, and while the snapshot is being read, a place in that. */
export interface ChangesPlace {
  readonly cursor: string;
  /** `first`: nothing of the snapshot was shown. Undefined: all of it was. */
  readonly snapshot: Position | "first" | undefined;
  /** Marks of what was shown of what follows the cursor: changes are read by pages, and have no place of their own. */
  readonly shown: readonly string[];
}

/** More than any page has. */
const MAX_MARKS = 1_000;

export function revisionToken(query: Json, revision: RevisionPlace): string {
  return encodePageToken(query, revision);
}

export function readRevisionToken(query: Json, token: string): RevisionPlace | undefined {
  const place = decode(query, token);
  if (place === undefined) return undefined;
  if (!Number.isSafeInteger(place) || Number(place) < 0) throw badResumeToken();
  return Number(place);
}

export function changesToken(query: Json, { cursor, snapshot, shown }: ChangesPlace): string {
  return encodePageToken(query, [cursor, shown, ...(snapshot === undefined ? [] : [snapshot])]);
}

export function readChangesToken(query: Json, token: string): ChangesPlace | undefined {
  const place = decode(query, token);
  if (place === undefined) return undefined;
  const [cursor, marks, snapshot] = list(place);
  const shown = list(marks).filter((mark) => typeof mark === "string");
  if (typeof cursor !== "string" || shown.length > MAX_MARKS) throw badResumeToken();
  if (snapshot === undefined || snapshot === "first") return { cursor, shown, snapshot };
  const [createTime, key] = list(snapshot);
  if (!Number.isSafeInteger(createTime) || typeof key !== "string") throw badResumeToken();
  return { cursor, shown, snapshot: [Number(createTime), key] };
}

/** Of one revision of one task: short, and 48 bits are enough to tell it from a page of others. */
export function markOf({ key, revision }: { readonly key: string; readonly revision: number }): string {
  return sha256Hex(`${key}@${revision}`).slice(0, 12);
}

/** A cursor that the store refuses came out of a token that was not made here. */
export async function withCursor<Result>(read: Promise<Result>): Promise<Result> {
  try {
    return await read;
  } catch (error) {
    throw error instanceof ServiceError && error.kind === "invalid_argument" ? badResumeToken() : error;
  }
}

function decode(query: Json, token: string): Json | undefined {
  try {
    return decodePageToken(query, token);
  } catch {
    throw badResumeToken();
  }
}

function list(value: Json | undefined): readonly Json[] {
  if (!Array.isArray(value)) throw badResumeToken();
  return value as readonly Json[];
}

function badResumeToken(): ServiceError {
  return invalid(
    { field: "resume_token", description: "must be one that a watch of the very same gave" },
    "INVALID_RESUME_TOKEN",
  );
}
