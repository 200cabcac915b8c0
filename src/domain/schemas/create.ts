/** A schema made at once with all the releases that it brings along. No method of dbconn.v1. */
import type { Request } from "../../consistency/objects.ts";
import type { Json } from "../../json.ts";
import type { SchemaText } from "../../ports/document-validator.ts";
import type { Path } from "../../ports/durable-store.ts";
import { checkName, checkText, Violations } from "../validation.ts";
import { changed } from "./change.ts";
import { checkDocument, readContent } from "./content.ts";
import type { SchemaContext } from "./context.ts";
import { tooManyReleases } from "./errors.ts";
import { eventOf } from "./events.ts";
import { ACTOR_CHARS, MAX_RELEASES, NOTE_CHARS } from "./limits.ts";
import { type StoredRelease, storeRelease } from "./release.ts";
import {
  existing,
  type Head,
  type HeadFields,
  type HeadRelease,
  isLive,
  type Schema,
  toSchema,
} from "./schema.ts";

export interface NewRelease {
  readonly document: Json;
  readonly note: string;
  /** Milliseconds since the epoch; undefined = now. */
  readonly createTime?: number;
}

export interface CreateSchemaInput {
  readonly name: string;
  readonly actor: string;
  /** Oldest first, at least one; the last one becomes active. Equal neighbours stay two releases. */
  readonly releases: readonly NewRelease[];
}

/**
 * Answers undefined, and writes nothing, where the name has a schema. A soft-deleted one gives way, for good: its
 * release numbers go on and its history stays. Errors: `invalid_argument` / INVALID_FIELD, INVALID_SCHEMA;
 * `resource_exhausted` / LIMIT_REACHED, and what the validator throws.
 */
export async function createSchema(
  context: SchemaContext,
  input: CreateSchemaInput,
  signal?: AbortSignal,
): Promise<Schema | undefined> {
  const { name, actor, releases } = input;
  const v = new Violations();
  checkName(v, "name", name);
  checkText(v, "actor", actor, ACTOR_CHARS);
  v.check(releases.length > 0, "releases", "must not be empty");
  for (const [index, { document, note }] of releases.entries()) {
    const found = new Violations(`releases[${index}].`);
    checkDocument(found, document);
    checkText(found, "note", note, NOTE_CHARS);
    found.throwIfAny();
  }
  v.throwIfAny();
  if (releases.length > MAX_RELEASES) throw tooManyReleases();
  if (!(await isFree(context, name, signal))) return undefined;

  const now = context.clock.now();
  // All of them are judged before anything is stored.
  const contents: SchemaText[] = [];
  for (const { document } of releases) {
    contents.push(await readContent(context.validator, document, signal));
  }
  const stored: StoredRelease[] = [];
  for (const [index, content] of contents.entries()) {
    const { note = "", createTime = now } = releases[index] ?? {};
    const change = contents[index - 1]?.sha256 === content.sha256 ? "IDENTICAL" : undefined;
    const release = { content, note, createdBy: actor, createTime, change } as const;
    stored.push(await storeRelease(context, name, release, signal));
  }
  const incarnation = context.ids.random();
  const replaced: HeadRelease[] = [];
  const result = await context.objects.transform(
    name,
    ANONYMOUS,
    (current) => {
      replaced.length = 0;
      if (isLive(current)) {
        const head = existing(current);
        if (!head.deleted) return undefined;
        replaced.push(...head.releases);
      }
      const first = Number(current?.latest ?? 0) + 1;
      const latest = first + stored.length - 1;
      const fields: HeadFields = {
        live: true,
        deleted: false,
        incarnation,
        releases: stored.map((release, index) => ({ n: first + index, ...release })),
        count: stored.length,
        active: latest,
        latest,
        compatibility: "NONE",
        labels: {},
        description: "",
        create_time: now,
        update_time: now,
      };
      const act = { time: now, actor, note: releases.at(-1)?.note ?? "", requestId: "" };
      const type = stored.length === 1 ? "PUBLISHED" : "IMPORTED";
      return {
        conditions: [],
        change: {
          set: Object.entries(fields).map(([field, value]) => [[field] as Path, value as Json]),
          unset: [["delete_time"], ["purge_time"]],
        },
        ifAbsent: "insert",
        event: eventOf(type, act, { release: latest, active: latest, created: true }),
      };
    },
    signal,
  );
  const applied = result.outcome === "applied";
  context.bodies.removeLater(...(applied ? replaced : stored).map(({ b }) => b));
  return applied ? toSchema(changed(result).head) : undefined;
}

const ANONYMOUS: Request = { id: undefined, body: null };

async function isFree({ objects }: SchemaContext, name: string, signal?: AbortSignal): Promise<boolean> {
  const options = { consistency: "strong", minRevision: 0, ...(signal && { signal }) } as const;
  const { document } = await objects.read(name, options);
  return !isLive(document) || (document as Head).deleted;
}
