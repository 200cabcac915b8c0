/** ImportSchemas: takes what ExportSchemas answered; each item comes out on its own, in the order given. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { canonicalJson, sha256Hex } from "../../canonical.ts";
import { invalid, ServiceError } from "../../errors.ts";
import type { Json } from "../../json.ts";
import type { SchemaText } from "../../ports/document-validator.ts";
import type { Document } from "../../ports/durable-store.ts";
import { checkName, checkText, Violations } from "../validation.ts";
import { checkDescription, checkLabels, checkRelease } from "./checks.ts";
import { checkDocument, readContent } from "./content.ts";
import type { SchemaContext } from "./context.ts";
import { bodyGone } from "./errors.ts";
import type { Act } from "./events.ts";
import { freshReleases, type Merger, merge, type Part } from "./import-plan.ts";
import { ACTOR_CHARS, MAX_IMPORTED, NOTE_CHARS } from "./limits.ts";
import { readOptions } from "./reads.ts";
import { type Release, type StoredRelease, storeRelease } from "./release.ts";
import { existing, type HeadRelease, type Schema, toSchema } from "./schema.ts";

export type ImportedRelease = Pick<Release, "number" | "document" | "change" | "createdBy" | "note"> & {
  /** Empty = not given. */
  readonly sha256: string;
  /** Undefined = now. */
  readonly createTime: number | undefined;
};

/** As `Part`, not checked yet. */
export interface ImportItem extends Omit<Part, "createTime" | "compatibility" | "releases"> {
  /** Undefined = NONE. */
  readonly compatibility: Part["compatibility"] | undefined;
  /** Undefined = now. */
  readonly createTime: number | undefined;
  readonly releases: readonly ImportedRelease[];
  /** What was found wrong while the item was read. Its prefix names the item. */
  readonly violations: Violations;
}

export interface ImportInput {
  readonly items: readonly ImportItem[];
  readonly validateOnly: boolean;
  readonly actor: string;
  readonly note: string;
}

export interface Imported {
  readonly schema: Schema;
  /** How many releases are new here. */
  readonly releases: number;
}

export type ImportResult = { readonly value: Imported } | { readonly error: unknown };

/**
 * Nothing is written of an item that is here already, or that fails: `invalid_argument`; `failed_precondition` /
 * RELEASE_CONFLICT for what would change a release, SCHEMA_DELETED, SCHEMA_NOT_DELETED; `resource_exhausted` /
 * LIMIT_REACHED, and what the validator and the stores throw. A compatibility mode does not judge an import: what it
 * brings was judged where it was published.
 */
export async function importSchemas(
  context: SchemaContext,
  input: ImportInput,
  signal?: AbortSignal,
): Promise<readonly ImportResult[]> {
  const v = new Violations();
  const { length } = input.items;
  v.check(length >= 1 && length <= MAX_IMPORTED, "schemas", `must be 1 to ${MAX_IMPORTED}`);
  checkText(v, "actor", input.actor, ACTOR_CHARS);
  checkText(v, "note", input.note, NOTE_CHARS);
  v.throwIfAny();
  const { actor, note } = input;
  const act = { time: context.clock.now(), actor, note, requestId: "" };
  const run: Run = { context, act, rehearsed: input.validateOnly ? new Map() : undefined };
  const results: ImportResult[] = [];
  // In turn, because parts of one schema build on each other.
  for (const [index, item] of input.items.entries()) {
    try {
      results.push({ value: await importOne(run, item, `schemas[${index}].`, signal) });
    } catch (error) {
      results.push({ error });
    }
  }
  return results;
}

interface Run {
  readonly context: SchemaContext;
  readonly act: Act;
  /** With validate_only: schemas as they would be by now. */
  readonly rehearsed: Map<string, Document> | undefined;
}

async function importOne(
  { context, act, rehearsed }: Run,
  item: ImportItem,
  prefix: string,
  signal?: AbortSignal,
): Promise<Imported> {
  const part = await checkItem(item, act.time);
  const { name } = part;
  const options = readOptions({ consistency: "strong", minRevision: 0 }, signal);
  const current = rehearsed?.get(name) ?? (await context.objects.read(name, options)).document;
  const fresh = new Set(freshReleases(current, part));
  const contents = await readContents(context, item, fresh, prefix, signal);
  const retention = context.deletedRetentionMs;
  const merger = (release: Merger["release"]): Merger => ({
    act,
    release,
    incarnation: context.ids.random(),
    purgeTime: retention === undefined ? undefined : act.time + retention,
  });
  const place = (release: ImportedRelease, content: SchemaText) => ({
    ...release,
    content,
    createTime: release.createTime ?? act.time,
  });

  if (rehearsed !== undefined) {
    const { head, imported } = merge(
      current,
      part,
      merger((n) => ({ n, ...UNSTORED, h: part.releases.find(({ number }) => number === n)?.sha256 ?? "" })),
    );
    rehearsed.set(name, head);
    return { schema: toSchema(head), releases: imported };
  }

  const stored = new Map<number, StoredRelease>();
  for (const [release, content] of contents) {
    stored.set(release.number, await storeRelease(context, name, place(release, content), signal));
  }
  const outcome = { imported: 0 };
  const plan = merger((n): HeadRelease => {
    const release = stored.get(n);
    // A release that was here when the head was read is not any more.
    if (release === undefined) throw bodyGone();
    return { n, ...release };
  });
  const result = await context.objects.transform(
    name,
    { id: undefined, body: null },
    (now) => {
      const { imported, mutation } = merge(now, part, plan);
      outcome.imported = imported;
      return mutation;
    },
    signal,
  );
  const head = existing(result.document);
  // Another import of the same may have been faster.
  const named = new Set(head.releases.map(({ b }) => b));
  context.bodies.removeLater(...[...stored.values()].map(({ b }) => b).filter((id) => !named.has(id)));
  return { schema: toSchema(head), releases: outcome.imported };
}

/** Of a release that is not to be stored, all but its number and hash. */
const UNSTORED = { b: "", l: 0, d: "2020-12", t: 0, c: null } as const;

/** Throws every violation of the item. */
async function checkItem(item: ImportItem, now: number): Promise<Part> {
  const { violations: v, name, releases } = item;
  checkName(v, "schema.name", name);
  checkDescription(v, item.description);
  checkLabels(v, item.labels);
  checkRelease(v, "schema.active_release", item.activeRelease, { required: true });
  checkRelease(v, "schema.latest_release", item.latestRelease, { required: true });
  v.check(releases.length > 0, "releases", "must not be empty");
  let last = 0;
  const documents: Json[] = [];
  for (const [index, release] of releases.entries()) {
    const field = `releases[${index}]`;
    checkRelease(v, `${field}.release`, release.number, { required: true });
    v.check(release.number > last, `${field}.release`, "must be more than the one before");
    last = Math.max(last, release.number);
    documents.push(checkDocument(v, release.document, `${field}.document`));
    checkText(v, `${field}.created_by`, release.createdBy, ACTOR_CHARS);
    checkText(v, `${field}.note`, release.note, NOTE_CHARS);
  }
  v.check(last <= item.latestRelease, "schema.latest_release", "must not be less than a release's number");
  v.throwIfAny();
  const hashes: string[] = [];
  for (const document of documents) {
    // Each takes its time, and other calls are served between them.
    await nextTurn();
    hashes.push(sha256Hex(canonicalJson(document)));
  }
  for (const [index, { sha256 }] of releases.entries()) {
    v.check(
      sha256 === "" || sha256 === hashes[index],
      `releases[${index}].sha256`,
      "must be that of the document",
    );
  }
  v.throwIfAny();
  return {
    ...item,
    compatibility: item.compatibility ?? "NONE",
    createTime: item.createTime ?? now,
    releases: releases.map(({ number }, index) => ({ number, sha256: hashes[index] ?? "" })),
  };
}

/** The schemas to store, judged before any is stored. */
async function readContents(
  context: SchemaContext,
  item: ImportItem,
  fresh: ReadonlySet<number>,
  prefix: string,
  signal?: AbortSignal,
): Promise<readonly (readonly [ImportedRelease, SchemaText])[]> {
  const contents: (readonly [ImportedRelease, SchemaText])[] = [];
  for (const [index, release] of item.releases.entries()) {
    if (!fresh.has(release.number)) continue;
    try {
      contents.push([release, await readContent(context.validator, release.document ?? null, signal)]);
    } catch (error) {
      throw within(`${prefix}releases[${index}].`, error);
    }
  }
  return contents;
}

/** The same failure, its fields named from the request's root. */
function within(prefix: string, error: unknown): unknown {
  if (!(error instanceof ServiceError) || error.violations.length === 0) return error;
  const violations = error.violations.map(({ field, description }) => ({
    field: prefix + field,
    description,
  }));
  return invalid(violations, error.reason);
}
