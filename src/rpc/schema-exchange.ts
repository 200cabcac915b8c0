/** Messages of ExportSchemas and ImportSchemas to plain values and back. */
import { create } from "@bufbuild/protobuf";
import * as messages from "../../gen/dbconn/v1/schema_pb.ts";
import type { ExportedSchema } from "../domain/schemas/export.ts";
import type { ImportedRelease, ImportItem, ImportResult } from "../domain/schemas/import.ts";
import type { Release } from "../domain/schemas/release.ts";
import { Violations } from "../domain/validation.ts";
import { checkEnum, fromTimestamp } from "./convert.ts";
import { toStatus } from "./errors.ts";
import { compatibility, fromValue, releaseMessage, schemaMessage } from "./schema-messages.ts";

export function exportedMessage({ schema, releases, more }: ExportedSchema): messages.ExportedSchema {
  return create(messages.ExportedSchemaSchema, {
    schema: schemaMessage(schema),
    releases: releases.map(releaseMessage),
    more,
  });
}

export function importItem(message: messages.ExportedSchema, index: number): ImportItem {
  const violations = new Violations(`schemas[${index}].`);
  const schema = message.schema ?? create(messages.SchemaSchema);
  return {
    name: schema.name,
    activeRelease: schema.activeRelease,
    latestRelease: schema.latestRelease,
    compatibility: compatibility(violations, schema.compatibility, "schema.compatibility"),
    labels: schema.labels,
    description: schema.description,
    createTime: fromTimestamp(violations, "schema.create_time", schema.createTime),
    deleteTime: fromTimestamp(violations, "schema.delete_time", schema.deleteTime),
    releases: message.releases.map((release, at) => importedRelease(violations, release, `releases[${at}]`)),
    more: message.more,
    violations,
  };
}

export function importResult(result: ImportResult): messages.ImportSchemasResponse_Result {
  if ("error" in result) {
    const status = toStatus(result.error, { mutation: true });
    return create(messages.ImportSchemasResponse_ResultSchema, {
      result: { case: "status", value: status },
    });
  }
  const { schema, releases } = result.value;
  return create(messages.ImportSchemasResponse_ResultSchema, {
    result: { case: "schema", value: schemaMessage(schema) },
    importedReleases: releases,
  });
}

function importedRelease(v: Violations, message: messages.SchemaRelease, field: string): ImportedRelease {
  checkEnum(v, `${field}.change`, messages.ChangeClassSchema, message.change);
  return {
    number: message.release,
    document: fromValue(v, `${field}.document`, message.document),
    sha256: message.sha256,
    change: changeClassOf(message.change),
    createTime: fromTimestamp(v, `${field}.create_time`, message.createTime),
    createdBy: message.createdBy,
    note: message.note,
  };
}

function changeClassOf(value: messages.ChangeClass): Release["change"] {
  const name = Object.entries(messages.ChangeClass).find(([, number]) => number === value)?.[0];
  // The domain has the contract's names, and undefined for the first.
  return name === "UNSPECIFIED" ? undefined : (name as Release["change"]);
}
