/** A schema, and the head document that it is kept as. */
import { canonicalJson } from "../../canonical.ts";
import type { Dialect } from "../../dialect.ts";
import type { JsonObject } from "../../json.ts";
import type { Document } from "../../ports/durable-store.ts";
import type { ChangeClass } from "../../ports/schema-comparer.ts";
import { encodeEtag, type Version } from "../etag.ts";
import { etagMismatch, releaseNotFound, schemaDeleted, schemaNotFound } from "./errors.ts";

export const COMPATIBILITIES = [
  "NONE",
  "BACKWARD",
  "FORWARD",
  "FULL",
  "BACKWARD_TRANSITIVE",
  "FORWARD_TRANSITIVE",
  "FULL_TRANSITIVE",
] as const;
export type Compatibility = (typeof COMPATIBILITIES)[number];

/** Text by text; keys may be any text, `__proto__` too. */
export type Labels = Readonly<Record<string, string>>;

/** Times in milliseconds since the epoch. */
export interface Schema {
  readonly name: string;
  readonly activeRelease: number;
  readonly latestRelease: number;
  readonly releaseCount: number;
  readonly compatibility: Compatibility;
  readonly labels: Labels;
  readonly description: string;
  readonly createTime: number;
  readonly updateTime: number;
  /** Set while the schema is soft-deleted. */
  readonly deleteTime: number | undefined;
  /** When it will be purged; undefined = it will not be by itself. */
  readonly purgeTime: number | undefined;
  readonly revision: number;
  readonly etag: string;
}

/**
 * A release in the head. There may be 10,000 of them in one document, so the names are short, and who published
 * it with what note is kept with the body.
 */
export interface HeadRelease extends JsonObject {
  /** Number. */
  readonly n: number;
  /** Key of the body. */
  readonly b: string;
  /** Length of the body, in characters. */
  readonly l: number;
  /** SHA-256 of the canonical form, in hexadecimal. */
  readonly h: string;
  readonly d: Dialect;
  /** Create time. */
  readonly t: number;
  /** Class of the change against the predecessor; null = not judged. */
  readonly c: ChangeClass | null;
}

/** What the head holds of its own; `count` repeats the length of `releases` for lists, which leave those out. */
export interface HeadFields {
  /** False for what is left of a purged schema. */
  readonly live: boolean;
  /** Soft-deleted. */
  readonly deleted: boolean;
  readonly incarnation: string;
  /** By number, ascending. */
  readonly releases: readonly HeadRelease[];
  readonly count: number;
  readonly active: number;
  /** The highest number ever given. */
  readonly latest: number;
  readonly compatibility: Compatibility;
  readonly labels: Labels;
  readonly description: string;
  readonly create_time: number;
  readonly update_time: number;
}

export interface Head extends Document, HeadFields {
  readonly delete_time?: number;
  /** Kept as it was told when the schema was deleted, so that a later setting breaks no word. */
  readonly purge_time?: number;
}

/** False for what is left of a purged schema. */
export function isLive(document: Document | undefined): document is Document {
  return document?.live === true;
}

export function sameLabels(a: Labels, b: Labels): boolean {
  return canonicalJson(a) === canonicalJson(b);
}

/** A schema that is there, soft-deleted or not; throws `not_found` / SCHEMA_NOT_FOUND. */
export function existing(document: Document | undefined): Head {
  // Nothing but this module's own shape is ever written to the collection.
  if (!isLive(document)) throw schemaNotFound();
  return document as Head;
}

/** A schema that is not deleted; throws `not_found` / SCHEMA_NOT_FOUND, SCHEMA_DELETED. */
export function usable(document: Document | undefined): Head {
  const head = existing(document);
  if (head.deleted) throw schemaDeleted("not_found");
  return head;
}

/** Throws `aborted` / ETAG_MISMATCH. An etag never names a schema that is not there. */
export function checkVersion(document: Document | undefined, etag: Version | undefined): void {
  if (etag === undefined) return;
  if (document?.incarnation !== etag.incarnation || document.revision !== etag.revision) throw etagMismatch();
}

/** The release of that number, 0 = the active one; throws `not_found` / RELEASE_NOT_FOUND. */
export function findRelease(head: Head, number: number): HeadRelease {
  const wanted = number === 0 ? head.active : number;
  const found = head.releases.find(({ n }) => n === wanted);
  if (found === undefined) throw releaseNotFound(wanted);
  return found;
}

/** Reads nothing of `releases`, which lists leave out. */
export function toSchema(head: Head): Schema {
  return {
    name: head.key,
    activeRelease: head.active,
    latestRelease: head.latest,
    releaseCount: head.count,
    compatibility: head.compatibility,
    labels: head.labels,
    description: head.description,
    createTime: head.create_time,
    updateTime: head.update_time,
    deleteTime: head.delete_time,
    purgeTime: head.purge_time,
    revision: head.revision,
    etag: encodeEtag(head),
  };
}
