/** What importing a schema, or a part of one, means for the schema as it is here. */
import type { Mutation } from "../../consistency/objects.ts";
import { invalid } from "../../errors.ts";
import type { Json } from "../../json.ts";
import type { Document, Path } from "../../ports/durable-store.ts";
import { releaseConflict, schemaDeleted, schemaNotDeleted, tooManyReleases } from "./errors.ts";
import { type Act, eventOf } from "./events.ts";
import { MAX_RELEASES } from "./limits.ts";
import {
  type Compatibility,
  existing,
  type Head,
  type HeadFields,
  type HeadRelease,
  isLive,
  type Labels,
  sameLabels,
} from "./schema.ts";

/** A checked part of an exported schema. */
export interface Part {
  readonly name: string;
  readonly activeRelease: number;
  readonly latestRelease: number;
  readonly compatibility: Compatibility;
  readonly labels: Labels;
  readonly description: string;
  readonly createTime: number;
  /** Undefined = not soft-deleted. */
  readonly deleteTime: number | undefined;
  /** By number, ascending, with the hash of each. */
  readonly releases: readonly { readonly number: number; readonly sha256: string }[];
  /** Whether releases of the schema follow. */
  readonly more: boolean;
}

/**
 * Numbers of the releases that are not here yet. Throws `failed_precondition` / RELEASE_CONFLICT, SCHEMA_DELETED,
 * SCHEMA_NOT_DELETED; `resource_exhausted` / LIMIT_REACHED.
 */
export function freshReleases(current: Document | undefined, part: Part): readonly number[] {
  const head = isLive(current) ? existing(current) : undefined;
  const deleted = part.deleteTime !== undefined;
  if (head !== undefined && head.deleted !== deleted) {
    throw head.deleted ? schemaDeleted("failed_precondition") : schemaNotDeleted("failed_precondition");
  }
  const known = new Map(head?.releases.map(({ n, h }) => [n, h]));
  // What is left of a purged schema knows what numbers were given.
  const latest = Number(current?.latest ?? 0);
  const fresh: number[] = [];
  for (const { number, sha256 } of part.releases) {
    const here = known.get(number);
    if (here === undefined) {
      if (number <= latest) throw releaseConflict(number, "was removed");
      fresh.push(number);
    } else if (here !== sha256) {
      throw releaseConflict(number, "differs");
    }
  }
  if (known.size + fresh.length > MAX_RELEASES) throw tooManyReleases();
  return fresh;
}

export interface Merger {
  readonly act: Act;
  /** The release of a number that `freshReleases` answered. */
  readonly release: (number: number) => HeadRelease;
  /** Of the schema, if it is new. */
  readonly incarnation: string;
  /** Of a new schema that is deleted; undefined = never by itself. */
  readonly purgeTime: number | undefined;
}

export interface Merge {
  readonly imported: number;
  /** As it will be. */
  readonly head: Head;
  /** Undefined when all is here already. */
  readonly mutation: Mutation | undefined;
}

/** Errors as `freshReleases`; `invalid_argument` for an active release that is none of the releases. */
export function merge(current: Document | undefined, part: Part, merger: Merger): Merge {
  const fresh = freshReleases(current, part);
  const head = isLive(current) ? existing(current) : undefined;
  const releases = [...(head?.releases ?? []), ...fresh.map(merger.release)];
  const active = activeAfter(head, part, releases);
  const given = part.more ? (releases.at(-1)?.n ?? 0) : part.latestRelease;
  const fields: HeadFields = {
    live: true,
    deleted: part.deleteTime !== undefined,
    incarnation: head?.incarnation ?? merger.incarnation,
    releases,
    count: releases.length,
    active,
    latest: Math.max(Number(current?.latest ?? 0), given),
    compatibility: part.compatibility,
    labels: part.labels,
    description: part.description,
    create_time: head?.create_time ?? part.createTime,
    update_time: merger.act.time,
  };
  if (head !== undefined && fresh.length === 0 && sameFacts(head, fields)) {
    return { imported: 0, head, mutation: undefined };
  }
  const times: Pick<Head, "delete_time" | "purge_time"> =
    head === undefined && part.deleteTime !== undefined
      ? {
          delete_time: part.deleteTime,
          ...(merger.purgeTime === undefined ? {} : { purge_time: merger.purgeTime }),
        }
      : {};
  const last = fresh.at(-1);
  const facts = { active, releases: fresh.length, ...(last === undefined ? {} : { release: last }) };
  const set = { ...fields, ...times };
  return {
    imported: fresh.length,
    head: { ...current, key: part.name, ...set, revision: (current?.revision ?? 0) + 1 } as Head,
    mutation: {
      conditions: [],
      change: { set: Object.entries(set).map(([field, value]) => [[field] as Path, value as Json]) },
      ifAbsent: "insert",
      event: eventOf("IMPORTED", merger.act, facts),
    },
  };
}

/** The one that was active there. While parts are to come, one that is here: a pointer never dangles. */
function activeAfter(head: Head | undefined, part: Part, releases: readonly HeadRelease[]): number {
  if (releases.some(({ n }) => n === part.activeRelease)) return part.activeRelease;
  const last = releases.at(-1)?.n;
  if (!part.more || last === undefined) {
    throw invalid({ field: "schema.active_release", description: "must be one of the releases" });
  }
  return head?.active ?? last;
}

function sameFacts(head: Head, fields: HeadFields): boolean {
  return (
    head.active === fields.active &&
    head.latest === fields.latest &&
    head.compatibility === fields.compatibility &&
    head.description === fields.description &&
    sameLabels(head.labels, fields.labels)
  );
}
