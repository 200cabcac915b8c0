/** Reads of one schema and of its releases, and what is answered from a release's document. */
import type { Provenance, ReadOptions } from "../../consistency/objects.ts";
import type { Json } from "../../json.ts";
import type { DocumentResult } from "../../ports/document-validator.ts";
import { checkJson, checkName, Violations } from "../validation.ts";
import type { Body } from "./bodies.ts";
import { checkRelease } from "./checks.ts";
import type { SchemaContext } from "./context.ts";
import { MAX_VALIDATED, VALIDATED_BYTES } from "./limits.ts";
import { type Release, toRelease } from "./release.ts";
import {
  existing,
  findRelease,
  type Head,
  type HeadRelease,
  type Schema,
  toSchema,
  usable,
} from "./schema.ts";

export interface GetSchemaInput {
  readonly name: string;
  readonly consistency: "fast" | "strong";
  /** 0 = none asked for. */
  readonly minRevision: number;
  readonly violations?: Violations;
}

export interface GetReleaseInput extends GetSchemaInput {
  /** 0 = the active one. */
  readonly release: number;
}

export interface ValidateInput {
  readonly name: string;
  /** 0 = the active one. */
  readonly release: number;
  /** Undefined is a violation. */
  readonly documents: readonly (Json | undefined)[];
  readonly violations?: Violations;
}

/** `not_found` / SCHEMA_NOT_FOUND; a soft-deleted schema is answered. */
export async function getSchema(
  { objects }: SchemaContext,
  input: GetSchemaInput,
  signal?: AbortSignal,
): Promise<{ readonly schema: Schema; readonly provenance: Provenance }> {
  const v = input.violations ?? new Violations();
  checkName(v, "name", input.name);
  v.throwIfAny();
  const { document, provenance } = await objects.read(input.name, readOptions(input, signal));
  return { schema: toSchema(existing(document)), provenance };
}

/** `not_found` / SCHEMA_NOT_FOUND, SCHEMA_DELETED, RELEASE_NOT_FOUND. */
export async function getRelease(
  context: SchemaContext,
  input: GetReleaseInput,
  signal?: AbortSignal,
): Promise<{ readonly release: Release; readonly provenance: Provenance }> {
  const v = input.violations ?? new Violations();
  checkName(v, "name", input.name);
  checkRelease(v, "release", input.release);
  v.throwIfAny();
  const pick = (head: Head) => [findRelease(head, input.release)] as const;
  const { found, provenance } = await readReleases(context, input.name, readOptions(input, signal), pick);
  const [[release, body]] = found;
  return { release: toRelease(input.name, release, body, "full"), provenance };
}

/** As `getRelease`, and what the validator throws. */
export async function validateDocuments(
  context: SchemaContext,
  input: ValidateInput,
  signal?: AbortSignal,
): Promise<{ readonly results: readonly DocumentResult[]; readonly release: number }> {
  const v = input.violations ?? new Violations();
  checkName(v, "name", input.name);
  checkRelease(v, "release", input.release);
  const { length } = input.documents;
  v.check(length >= 1 && length <= MAX_VALIDATED, "documents", `must be 1 to ${MAX_VALIDATED}`);
  const documents = input.documents.slice(0, MAX_VALIDATED).map((document, index) => {
    const field = `documents[${index}]`;
    if (document === undefined) v.add(field, "must be set");
    else checkJson(v, field, document, VALIDATED_BYTES);
    return document ?? null;
  });
  v.throwIfAny();
  const pick = (head: Head) => [findRelease(head, input.release)] as const;
  const { found } = await readReleases(context, input.name, fastRead(signal), pick);
  const [[release, { text }]] = found;
  const schema = { text, dialect: release.d, sha256: release.h };
  return { results: await context.validator.validate(schema, documents, signal), release: release.n };
}

type Picked = readonly [HeadRelease, ...HeadRelease[]];
type Found<Picks extends Picked> = { readonly [Index in keyof Picks]: readonly [HeadRelease, Body] };

/** The releases that `pick` names in the head, which is always read first, with their bodies. */
export async function readReleases<Picks extends Picked>(
  { objects, bodies }: SchemaContext,
  name: string,
  options: ReadOptions,
  pick: (head: Head) => Picks,
): Promise<{ readonly found: Found<Picks>; readonly provenance: Provenance }> {
  let { document, provenance } = await objects.read(name, options);
  for (let retried = false; ; retried = true) {
    const releases = pick(usable(document));
    const found = await Promise.all(
      releases.map(async (release) => [release, await bodies.get(release.b, options.signal)] as const),
    );
    if (found.every(([, body]) => body !== undefined)) {
      return { found: found as unknown as Found<Picks>, provenance };
    }
    // A body goes after its release went, so a head that is read now no longer names it.
    if (retried) throw new Error(`schema ${name} names a body that is not there`);
    ({ document, provenance } = await objects.read(name, { ...options, consistency: "strong" }));
  }
}

export function fastRead(signal: AbortSignal | undefined): ReadOptions {
  return { consistency: "fast", minRevision: 0, ...(signal === undefined ? {} : { signal }) };
}

export function readOptions(
  { consistency, minRevision }: Pick<GetSchemaInput, "consistency" | "minRevision">,
  signal: AbortSignal | undefined,
): ReadOptions {
  return { consistency, minRevision, ...(signal === undefined ? {} : { signal }) };
}
