import { create, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { type ListValue, ListValueSchema, type Value, ValueSchema } from "@bufbuild/protobuf/wkt";
import * as messages from "../../gen/dbconn/v1/schema_pb.ts";
import type { Dialect } from "../dialect.ts";
import type { HeadChanged, SchemaChanged } from "../domain/schemas/change.ts";
import type { Diff } from "../domain/schemas/diff.ts";
import type { SchemaEvent } from "../domain/schemas/events.ts";
import type { Release } from "../domain/schemas/release.ts";
import { COMPATIBILITIES, type Compatibility, type Schema } from "../domain/schemas/schema.ts";
import type { Violations } from "../domain/validation.ts";
import type { Json } from "../json.ts";
import type { DocumentResult } from "../ports/document-validator.ts";
import type { PatchOperation } from "../ports/schema-comparer.ts";
import { checkEnum, int64, timestamp } from "./convert.ts";
import { anyBytes, textBytes } from "./wire-size.ts";

/** Names and all but texts of a schema, a release or an event, at most; JSON has the longer ones. */
const FIXED_BYTES = 480;

const DIALECTS: Readonly<Record<Dialect, messages.Dialect>> = {
  "draft-07": messages.Dialect.DIALECT_DRAFT_07,
  "2019-09": messages.Dialect.DIALECT_2019_09,
  "2020-12": messages.Dialect.DIALECT_2020_12,
};

export function schemaMessage(schema: Schema): messages.Schema {
  return create(messages.SchemaSchema, {
    name: schema.name,
    activeRelease: schema.activeRelease,
    latestRelease: schema.latestRelease,
    releaseCount: schema.releaseCount,
    compatibility: messages.Compatibility[schema.compatibility],
    labels: schema.labels,
    description: schema.description,
    createTime: timestamp(schema.createTime),
    updateTime: timestamp(schema.updateTime),
    ...(schema.deleteTime === undefined ? {} : { deleteTime: timestamp(schema.deleteTime) }),
    ...(schema.purgeTime === undefined ? {} : { purgeTime: timestamp(schema.purgeTime) }),
    revision: int64(schema.revision),
    etag: schema.etag,
  });
}

/** At least what the message takes. */
export function schemaBytes({ name, labels, description, etag }: Schema): number {
  const texts = Object.entries(labels).flat();
  return FIXED_BYTES + 4 * texts.length + textBytes(name, description, etag, ...texts);
}

export function releaseMessage(release: Release): messages.SchemaRelease {
  return create(messages.SchemaReleaseSchema, {
    name: release.name,
    release: release.number,
    ...(release.document === undefined ? {} : { document: toValue(release.document) }),
    sha256: release.sha256,
    dialect: DIALECTS[release.dialect],
    change: changeClass(release.change),
    createTime: timestamp(release.createTime),
    createdBy: release.createdBy,
    note: release.note,
  });
}

/** At least what the message takes. */
export function releaseBytes({ name, document, sha256, createdBy, note }: Release): number {
  const body = document === undefined ? 0 : anyBytes(document);
  return FIXED_BYTES + textBytes(name, sha256, createdBy, note) + body;
}

export function eventMessage(event: SchemaEvent): messages.SchemaEvent {
  return create(messages.SchemaEventSchema, {
    type: messages.SchemaEventType[event.type ?? "UNSPECIFIED"],
    revision: int64(event.revision),
    time: timestamp(event.time),
    actor: event.actor,
    note: event.note,
    requestId: event.requestId,
    release: event.release,
    activeRelease: event.activeRelease,
  });
}

/** At least what the message takes. */
export function eventBytes({ actor, note, requestId }: SchemaEvent): number {
  return FIXED_BYTES + textBytes(actor, note, requestId);
}

/** What every answer to a change says beside the object. */
export function changeFields({
  replayed,
  appliedRevision,
}: Pick<HeadChanged, "replayed" | "appliedRevision">) {
  return { replayed, appliedRevision: int64(appliedRevision) };
}

export function changedMessage({ schema, ...change }: SchemaChanged) {
  return { schema: schemaMessage(schema), ...changeFields(change) };
}

export function diffMessage(diff: Diff): messages.DiffReleasesResponse {
  const { fromRelease, toRelease, patch, changes, acceptedByOlderOnly, acceptedByNewerOnly } = diff;
  return create(messages.DiffReleasesResponseSchema, {
    fromRelease,
    toRelease,
    patch: patchMessage(patch),
    changes: changes.map(({ class: kind, pointer, keyword, reason, counterExample }) => ({
      class: changeClass(kind),
      pointer,
      keyword,
      reason,
      ...(counterExample === undefined ? {} : { counterExample: toValue(counterExample) }),
    })),
    class: changeClass(diff.class),
    ...(acceptedByOlderOnly === undefined ? {} : { acceptedByFromOnly: toValue(acceptedByOlderOnly) }),
    ...(acceptedByNewerOnly === undefined ? {} : { acceptedByToOnly: toValue(acceptedByNewerOnly) }),
  });
}

export function changeClass(value: Release["change"]): messages.ChangeClass {
  return messages.ChangeClass[value ?? "UNSPECIFIED"];
}

function patchMessage(patch: readonly PatchOperation[]): ListValue {
  return fromJson(ListValueSchema, patch as unknown as JsonValue);
}

export function resultMessage({ valid, errors }: DocumentResult): messages.ValidateDocumentsResponse_Result {
  return create(messages.ValidateDocumentsResponse_ResultSchema, {
    valid,
    errors: errors.map((error) => ({ ...error })),
  });
}

/** Undefined when it is not set; null, with a violation, for what JSON cannot say. */
export function fromValue(v: Violations, field: string, value: Value | undefined): Json | undefined {
  if (value?.kind.case === undefined) return undefined;
  try {
    return toJson(ValueSchema, value) as Json;
  } catch {
    v.add(field, "must be JSON: each value set, each number finite");
    return null;
  }
}

/** Undefined for the unspecified mode, and, with a violation, for a number without a name. */
export function compatibility(
  v: Violations,
  value: messages.Compatibility | undefined,
  field = "compatibility",
): Compatibility | undefined {
  if (value === undefined) return undefined;
  checkEnum(v, field, messages.CompatibilitySchema, value);
  return COMPATIBILITIES.find((mode) => messages.Compatibility[mode] === value);
}

function toValue(document: Json): Value {
  return fromJson(ValueSchema, document as JsonValue);
}
