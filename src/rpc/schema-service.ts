import { setImmediate as nextTurn } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { View, ViewSchema } from "../../gen/dbconn/v1/common_pb.ts";
import * as messages from "../../gen/dbconn/v1/schema_pb.ts";
import type { SchemaContext } from "../domain/schemas/context.ts";
import { deleteRelease, deleteSchema } from "../domain/schemas/delete.ts";
import { diffReleases } from "../domain/schemas/diff.ts";
import type { SchemaEvent } from "../domain/schemas/events.ts";
import { exportSchemas } from "../domain/schemas/export.ts";
import { listSchemaEvents } from "../domain/schemas/history.ts";
import { type ImportItem, importSchemas } from "../domain/schemas/import.ts";
import { listSchemas } from "../domain/schemas/list.ts";
import { publishRelease } from "../domain/schemas/publish.ts";
import { purgeSchema } from "../domain/schemas/purge.ts";
import { getRelease, getSchema, validateDocuments } from "../domain/schemas/reads.ts";
import type { Release } from "../domain/schemas/release.ts";
import { listReleases } from "../domain/schemas/releases.ts";
import { revertSchema } from "../domain/schemas/revert.ts";
import type { Schema } from "../domain/schemas/schema.ts";
import { undeleteSchema } from "../domain/schemas/undelete.ts";
import { updateSchema } from "../domain/schemas/update.ts";
import { Violations } from "../domain/validation.ts";
import { ResponseBudget } from "./budget.ts";
import { checkEnum, consistency, fromInt64, provenance } from "./convert.ts";
import { visibleKey } from "./principal.ts";
import * as exchange from "./schema-exchange.ts";
import * as convert from "./schema-messages.ts";

export function createSchemaService(schemas: SchemaContext): ServiceImpl<typeof messages.SchemaService> {
  return {
    async publishRelease(request, { signal }) {
      const { name, labels, description, note, actor, etag, requestId, validateOnly } = request;
      const violations = new Violations();
      // To decode a large document has taken its time; other calls are served before the next step.
      await nextTurn();
      const document = convert.fromValue(violations, "document", request.document);
      await nextTurn();
      const compatibility = convert.compatibility(violations, request.compatibility);
      const published = await publishRelease(
        schemas,
        {
          name,
          document,
          compatibility,
          labels,
          description,
          note,
          actor,
          etag,
          requestId,
          validateOnly,
          violations,
        },
        signal,
      );
      const { outcome, release, schema } = published;
      return create(messages.PublishReleaseResponseSchema, {
        outcome: messages.Outcome[outcome],
        ...(release === undefined ? {} : { release: convert.releaseMessage(release) }),
        schema: convert.schemaMessage(schema),
        ...convert.changeFields(published),
      });
    },

    async getSchema(request, { signal }) {
      const read = await getSchema(schemas, readInput(request), signal);
      return create(messages.GetSchemaResponseSchema, {
        schema: convert.schemaMessage(read.schema),
        provenance: provenance(read.provenance),
      });
    },

    async getRelease(request, { signal }) {
      const { release } = request;
      const read = await getRelease(schemas, { ...readInput(request), release }, signal);
      return create(messages.GetReleaseResponseSchema, {
        release: convert.releaseMessage(read.release),
        provenance: provenance(read.provenance),
      });
    },

    async listSchemas({ namePrefix, labels, showDeleted, pageSize, pageToken }, { signal, values }) {
      const visible = values.get(visibleKey);
      const input = { namePrefix, visible, labels, showDeleted, pageSize, pageToken };
      const page = await listSchemas(schemas, input, withinBudget<Schema>(convert.schemaBytes), signal);
      return create(messages.ListSchemasResponseSchema, {
        schemas: page.schemas.map(convert.schemaMessage),
        nextPageToken: page.nextPageToken,
        totalSize: page.totalSize,
      });
    },

    async listReleases(request, { signal }) {
      const { name, pageSize, pageToken } = request;
      const violations = new Violations();
      checkEnum(violations, "view", ViewSchema, request.view);
      const view = request.view === View.FULL ? "full" : "basic";
      const page = await listReleases(
        schemas,
        { name, pageSize, pageToken, view, violations },
        withinBudget<Release>(convert.releaseBytes),
        signal,
      );
      return create(messages.ListReleasesResponseSchema, {
        releases: page.releases.map(convert.releaseMessage),
        nextPageToken: page.nextPageToken,
      });
    },

    async diffReleases({ name, fromRelease, toRelease }, { signal }) {
      const diff = await diffReleases(schemas, { name, fromRelease, toRelease }, signal);
      return convert.diffMessage(diff);
    },

    async validateDocuments(request, { signal }) {
      const { name, release } = request;
      const violations = new Violations();
      await nextTurn();
      const documents = request.documents.map((document, index) =>
        convert.fromValue(violations, `documents[${index}]`, document),
      );
      await nextTurn();
      const judged = await validateDocuments(schemas, { name, release, documents, violations }, signal);
      return create(messages.ValidateDocumentsResponseSchema, {
        results: judged.results.map(convert.resultMessage),
        release: judged.release,
      });
    },

    async updateSchema(request, { signal }) {
      const violations = new Violations();
      const changed = await updateSchema(
        schemas,
        {
          ...changeInput(request),
          compatibility: presentCompatibility(violations, request.compatibility),
          labels: Object.keys(request.labels).length > 0 ? request.labels : undefined,
          description: request.description,
          updateMask: request.updateMask?.paths,
          violations,
        },
        signal,
      );
      return create(messages.UpdateSchemaResponseSchema, convert.changedMessage(changed));
    },

    async revertSchema(request, { signal }) {
      const { release } = request;
      const changed = await revertSchema(schemas, { ...changeInput(request), release }, signal);
      return create(messages.RevertSchemaResponseSchema, convert.changedMessage(changed));
    },

    async deleteRelease(request, { signal }) {
      const { release, allowDeleteSchema } = request;
      const input = { ...changeInput(request), release, allowDeleteSchema };
      const deleted = await deleteRelease(schemas, input, signal);
      return create(messages.DeleteReleaseResponseSchema, {
        ...convert.changedMessage(deleted),
        revertedTo: deleted.revertedTo,
        schemaDeleted: deleted.schemaDeleted,
      });
    },

    async deleteSchema(request, { signal }) {
      const changed = await deleteSchema(schemas, changeInput(request), signal);
      return create(messages.DeleteSchemaResponseSchema, convert.changedMessage(changed));
    },

    async undeleteSchema(request, { signal }) {
      const changed = await undeleteSchema(schemas, changeInput(request), signal);
      return create(messages.UndeleteSchemaResponseSchema, convert.changedMessage(changed));
    },

    async purgeSchema(request, { signal }) {
      const purged = await purgeSchema(schemas, changeInput(request), signal);
      return create(messages.PurgeSchemaResponseSchema, {
        purgedReleases: purged.releases,
        ...convert.changeFields(purged),
      });
    },

    async listSchemaEvents({ name, pageSize, pageToken }, { signal }) {
      const input = { name, pageSize, pageToken };
      const page = await listSchemaEvents(
        schemas,
        input,
        withinBudget<SchemaEvent>(convert.eventBytes),
        signal,
      );
      return create(messages.ListSchemaEventsResponseSchema, {
        events: page.events.map(convert.eventMessage),
        nextPageToken: page.nextPageToken,
      });
    },

    async exportSchemas({ namePrefix, showDeleted, pageSize, pageToken }, { signal, values }) {
      const visible = values.get(visibleKey);
      const input = { namePrefix, visible, showDeleted, pageSize, pageToken };
      const { schemaBytes: schema, releaseBytes: release } = convert;
      const page = await exportSchemas(
        schemas,
        input,
        { budget: new ResponseBudget(), schema, release },
        signal,
      );
      return create(messages.ExportSchemasResponseSchema, {
        schemas: page.schemas.map(exchange.exportedMessage),
        nextPageToken: page.nextPageToken,
      });
    },

    async importSchemas(request, { signal }) {
      const { validateOnly, actor, note } = request;
      const items: ImportItem[] = [];
      for (const [index, schema] of request.schemas.entries()) {
        await nextTurn();
        items.push(exchange.importItem(schema, index));
      }
      const results = await importSchemas(schemas, { items, validateOnly, actor, note }, signal);
      return create(messages.ImportSchemasResponseSchema, { results: results.map(exchange.importResult) });
    },
  };
}

function readInput(request: messages.GetSchemaRequest | messages.GetReleaseRequest) {
  const violations = new Violations();
  return {
    name: request.name,
    consistency: consistency(violations, request.consistency),
    minRevision: fromInt64(violations, "min_revision", request.minRevision),
    violations,
  };
}

interface ChangeRequest {
  readonly name: string;
  readonly note: string;
  readonly actor: string;
  readonly etag: string;
  readonly requestId: string;
}

function changeInput({ name, note, actor, etag, requestId }: ChangeRequest): ChangeRequest {
  return { name, note, actor, etag, requestId };
}

/** An update that names the mode has to say which. */
function presentCompatibility(violations: Violations, value: messages.Compatibility | undefined) {
  if (value === messages.Compatibility.UNSPECIFIED) {
    violations.add("compatibility", "must not be COMPATIBILITY_UNSPECIFIED");
  }
  return convert.compatibility(violations, value);
}

/** Admits items as long as the answer stays within what clients can receive. */
function withinBudget<Item>(bytesOf: (item: Item) => number): (item: Item) => boolean {
  const budget = new ResponseBudget();
  return (item) => budget.take(bytesOf(item));
}
