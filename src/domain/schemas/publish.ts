/** PublishRelease: body first, then one write of the head that decides number, pointer and event together. */
import type { Mutation, Objects, Request } from "../../consistency/objects.ts";
import { Turns } from "../../consistency/turns.ts";
import { type FieldViolation, invalid } from "../../errors.ts";
import type { Json } from "../../json.ts";
import type { SchemaText } from "../../ports/document-validator.ts";
import type { Document, Path } from "../../ports/durable-store.ts";
import type { Version } from "../etag.ts";
import { Violations } from "../validation.ts";
import type { Body } from "./bodies.ts";
import { afterwards, changed, eventOfReplay, type HeadChanged } from "./change.ts";
import { actOf, type ChangeInput, checkChange, checkDescription, checkLabels } from "./checks.ts";
import { Judgements } from "./compatibility/gate.ts";
import { checkDocument, readContent } from "./content.ts";
import type { SchemaContext } from "./context.ts";
import { bodyGone, publishContention, schemaDeleted, schemaNotFound, tooManyReleases } from "./errors.ts";
import { type Act, eventOf } from "./events.ts";
import { MAX_RELEASES } from "./limits.ts";
import { type Release, toRelease } from "./release.ts";
import {
  type Compatibility,
  checkVersion,
  existing,
  findRelease,
  type Head,
  type HeadFields,
  type HeadRelease,
  isLive,
  type Labels,
  type Schema,
  sameLabels,
  toSchema,
} from "./schema.ts";

export interface PublishInput extends ChangeInput {
  /** Undefined is a violation. */
  readonly document: Json | undefined;
  /** Of a new schema; one that is there must not differ. Undefined and no labels = not given. */
  readonly compatibility: Compatibility | undefined;
  readonly labels: Labels;
  readonly description: string | undefined;
  readonly validateOnly: boolean;
  /** Only to a schema that is there: `not_found` / SCHEMA_NOT_FOUND for a new name. */
  readonly existing?: true;
}

export interface Published {
  readonly outcome: "CREATED" | "RELEASED" | "UNCHANGED";
  /** Without its document; undefined when a repeated request's release was deleted since. */
  readonly release: Release | undefined;
  /** As it is now. */
  readonly schema: Schema;
  readonly replayed: boolean;
  /** 0 when nothing was written. */
  readonly appliedRevision: number;
}

interface Publication {
  readonly input: PublishInput;
  readonly content: SchemaText;
  readonly etag: Version | undefined;
  readonly act: Act;
  readonly body: Body;
  /** The body's id: one for all attempts of a call, so that lost races leave at most one orphan. */
  readonly bodyId: string;
  /** Of the schema, if it is new. */
  readonly incarnation: string;
  readonly judgements: Judgements;
}

type Decision =
  /** The schema has come to hold releases that the content was not judged against. */
  { readonly outcome: "UNJUDGED"; readonly head: Head; readonly missing: readonly HeadRelease[] } | Decided;

type Decided =
  | { readonly outcome: "UNCHANGED"; readonly head: Head; readonly release: HeadRelease }
  | {
      readonly outcome: "CREATED" | "RELEASED";
      /** As it will be. */
      readonly head: Head;
      readonly release: HeadRelease;
      readonly mutation: Mutation;
    };

const MAX_WAITING = 1_000;
/** By the objects that are written, for a process may serve several. */
const turns = new WeakMap<Objects, Turns>();

/** Publishers of one name take turns, so that what one has judged still holds when it writes. */
function turnsOf(objects: Objects): Turns {
  const known = turns.get(objects) ?? new Turns(MAX_WAITING);
  turns.set(objects, known);
  return known;
}

/** So often is a content judged anew because other processes changed the schema meanwhile. */
const MAX_JUDGED = 16;

/**
 * Errors: `invalid_argument` / INVALID_FIELD, INVALID_SCHEMA; `failed_precondition` / SCHEMA_DELETED,
 * INCOMPATIBLE_SCHEMA; `aborted` / ETAG_MISMATCH, CONTENTION; `resource_exhausted` / LIMIT_REACHED, and what the
 * validator throws.
 */
export async function publishRelease(
  context: SchemaContext,
  input: PublishInput,
  signal?: AbortSignal,
): Promise<Published> {
  const v = input.violations ?? new Violations();
  const etag = checkChange(v, input);
  checkLabels(v, input.labels);
  checkDescription(v, input.description);
  const document = checkDocument(v, input.document);
  v.throwIfAny();
  const content = await readContent(context.validator, document, signal);
  const { name: schema, note, actor: createdBy } = input;
  const createTime = context.clock.now();
  const publication: Publication = {
    input,
    content,
    etag,
    act: actOf(input, createTime),
    body: { schema, text: content.text, note, createdBy, createTime },
    bodyId: context.ids.random(),
    incarnation: context.ids.random(),
    judgements: new Judgements(content),
  };
  if (input.validateOnly) return rehearse(context, publication, signal);
  return turnsOf(context.objects).take(schema, () => publish(context, publication, signal), signal);
}

/** The same answer, and nothing written. */
async function rehearse(context: SchemaContext, p: Publication, signal?: AbortSignal): Promise<Published> {
  const options = { consistency: "strong", minRevision: 0, ...(signal && { signal }) } as const;
  for (let judged = 0; judged < MAX_JUDGED; judged++) {
    const { document } = await context.objects.read(p.input.name, options);
    const decision = decide(document, p);
    if (decision.outcome === "UNCHANGED") return unchanged(context, decision, signal);
    if (decision.outcome !== "UNJUDGED") return published(p, decision, decision.head, 0);
    await p.judgements.judge(context, decision.missing, decision.head.compatibility, signal);
  }
  throw publishContention();
}

async function publish(context: SchemaContext, p: Publication, signal?: AbortSignal): Promise<Published> {
  const { objects, bodies } = context;
  const request = requestOf(p);
  // The first round only learns whether there is anything to write; the body is there before the second begins.
  let stored = false;
  for (let judged = 0; judged < MAX_JUDGED; ) {
    const seen: Decision[] = [];
    const result = await objects.transform(
      p.input.name,
      request,
      (current) => {
        const decision = decide(current, p);
        seen.push(decision);
        return stored && "mutation" in decision ? decision.mutation : undefined;
      },
      signal,
    );
    if (result.outcome === "replayed") return replayed(context, changed(result), signal);
    const decision = seen.at(-1);
    if (decision === undefined) throw new TypeError("a publication came out without having been planned");
    if (decision.outcome === "UNJUDGED") {
      judged++;
      await p.judgements.judge(context, decision.missing, decision.head.compatibility, signal);
      continue;
    }
    if (decision.outcome === "UNCHANGED") {
      const isOurs = decision.head.releases.some(({ b }) => b === p.bodyId);
      if (stored && !isOurs) bodies.removeLater(p.bodyId);
      return unchanged(context, decision, signal);
    }
    if (result.outcome === "applied") {
      return published(p, decision, existing(result.document), result.document.revision);
    }
    await bodies.insert(p.bodyId, p.body, signal);
    stored = true;
  }
  throw publishContention();
}

/** What publishing means for the schema as it is; throws the reason why not. */
function decide(current: Document | undefined, p: Publication): Decision {
  checkVersion(current, p.etag);
  const head = isLive(current) ? existing(current) : undefined;
  if (head?.deleted) throw schemaDeleted("failed_precondition");
  if (head === undefined && p.input.existing) throw schemaNotFound();
  if (head !== undefined) {
    checkUnlike(head, p.input);
    const active = findRelease(head, 0);
    if (active.h === p.content.sha256) return { outcome: "UNCHANGED", head, release: active };
    if (head.count >= MAX_RELEASES) throw tooManyReleases();
    const missing = p.judgements.missing(head);
    if (missing.length > 0) return { outcome: "UNJUDGED", head, missing };
    p.judgements.check(head);
  }
  // What is left of a purged schema keeps its last number, so that none is used twice.
  const number = Number(current?.latest ?? 0) + 1;
  const release: HeadRelease = {
    n: number,
    b: p.bodyId,
    l: p.content.text.length,
    h: p.content.sha256,
    d: p.content.dialect,
    t: p.act.time,
    c: p.judgements.changeAgainst(head?.releases.at(-1)),
  };
  const moved = { active: number, latest: number, update_time: p.act.time };
  const fields: Partial<HeadFields> =
    head === undefined ? { ...newSchema(p), ...moved } : { ...moved, count: head.count + 1 };
  const mutation: Mutation = {
    conditions: [],
    change: {
      set: Object.entries(fields).map(([field, value]) => [[field] as Path, value]),
      ...(head === undefined ? { unset: [["delete_time"]] } : {}),
      push: [{ path: ["releases"], value: release }],
    },
    ifAbsent: "insert",
    event: eventOf("PUBLISHED", p.act, {
      release: number,
      active: number,
      ...(head === undefined ? { created: true } : {}),
    }),
  };
  const after = {
    ...(head ?? { key: p.input.name }),
    ...fields,
    releases: [...(head?.releases ?? []), release],
    revision: (current?.revision ?? 0) + 1,
  } as Head;
  return { outcome: head === undefined ? "CREATED" : "RELEASED", head: after, release, mutation };
}

function newSchema({ input, incarnation, act }: Publication): Partial<HeadFields> {
  return {
    live: true,
    deleted: false,
    incarnation,
    count: 1,
    compatibility: input.compatibility ?? "NONE",
    labels: input.labels,
    description: input.description ?? "",
    create_time: act.time,
  };
}

/** What is given for a new schema must not differ from what a schema has that is there. */
function checkUnlike(head: Head, { compatibility, labels, description }: PublishInput): void {
  const violations: FieldViolation[] = [];
  const differs = (field: string) => {
    violations.push({ field, description: "differs from the schema's; use UpdateSchema to change it" });
  };
  if (compatibility !== undefined && compatibility !== head.compatibility) differs("compatibility");
  if (Object.keys(labels).length > 0 && !sameLabels(labels, head.labels)) differs("labels");
  if (description !== undefined && description !== head.description) differs("description");
  if (violations.length > 0) throw invalid(violations);
}

function published(
  p: Publication,
  { outcome, release }: Decided,
  head: Head,
  appliedRevision: number,
): Published {
  return {
    outcome,
    release: toRelease(head.key, release, p.body, "basic"),
    schema: toSchema(head),
    replayed: false,
    appliedRevision,
  };
}

async function unchanged(
  { bodies }: SchemaContext,
  { head, release }: Decided,
  signal?: AbortSignal,
): Promise<Published> {
  const body = await bodies.get(release.b, signal);
  if (body === undefined) throw bodyGone();
  return {
    outcome: "UNCHANGED",
    release: toRelease(head.key, release, body, "basic"),
    schema: toSchema(head),
    replayed: false,
    appliedRevision: 0,
  };
}

/** What the request did is in the history; what it made may be gone since. */
async function replayed(
  context: SchemaContext,
  change: HeadChanged,
  signal?: AbortSignal,
): Promise<Published> {
  const { head, appliedRevision } = change;
  const event = await eventOfReplay(context, change, signal);
  const release = head.releases.find(({ n }) => n === event.release);
  const body = release && (await afterwards(context.bodies.get(release.b, signal)));
  return {
    outcome: event.created ? "CREATED" : "RELEASED",
    release: release && body && toRelease(head.key, release, body, "basic"),
    schema: toSchema(head),
    replayed: true,
    appliedRevision,
  };
}

function requestOf({ input, content }: Publication): Request {
  const { name, compatibility, labels, description, note, actor, etag, requestId } = input;
  return {
    id: requestId,
    body: {
      method: "PublishRelease",
      name,
      sha256: content.sha256,
      compatibility: compatibility ?? null,
      labels,
      description: description ?? null,
      note,
      actor,
      etag,
    },
  };
}
