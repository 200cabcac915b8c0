/** The schema methods of the old contract: an import name is a schema's name. */
import { create, toBinary } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type { DatabaseService } from "../../../gen/legacy/database_service/database_service_pb.ts";
import * as messages from "../../../gen/legacy/mongo/mongo_pb.ts";
import type { JsonSchema } from "../../../gen/legacy/utils/utils_pb.ts";
import { sha256Hex } from "../../canonical.ts";
import type { SchemaContext } from "../../domain/schemas/context.ts";
import { createSchema, type NewRelease } from "../../domain/schemas/create.ts";
import { deleteRelease, deleteSchema, type ReleaseDeleted } from "../../domain/schemas/delete.ts";
import { listSchemas } from "../../domain/schemas/list.ts";
import { type PublishInput, publishRelease } from "../../domain/schemas/publish.ts";
import { getRelease, getSchema } from "../../domain/schemas/reads.ts";
import type { Release } from "../../domain/schemas/release.ts";
import { getWholeSchema } from "../../domain/schemas/whole.ts";
import { Violations } from "../../domain/validation.ts";
import { ServiceError } from "../../errors.ts";
import { visibleKey } from "../principal.ts";
import { isNotFound, orRefused, refusalOf, WholeAnswer } from "./answers.ts";
import { createdAtOf, legacyActor, noteOf } from "./created-at.ts";
import { checkJsonSchema, fromDocument, toDocument } from "./json-schema.ts";
import type { IsPattern } from "./keywords.ts";
import { checkedName } from "./names.ts";

type SchemaMethods = Pick<
  ServiceImpl<typeof DatabaseService>,
  | "mongoGetRawSchemas"
  | "mongoInsertOneSchema"
  | "mongoCountAllDocuments"
  | "mongoFindJsonSchema"
  | "mongoUpdateOneJsonSchema"
  | "mongoDeleteOneJsonSchema"
  | "mongoDeleteImportName"
>;

export interface SchemaMethodsOptions {
  readonly schemas: SchemaContext;
  readonly isPattern: IsPattern;
  readonly maxMessageBytes: number;
}

/** Rounds of "it is there", "no, it is not" with other writers before a method gives up. */
const ROUNDS = 8;
/** A document takes more room as JSON than in the old shape, up to this many times. */
const JSON_OVERHEAD = 8;
const UPDATED = { message: "the schema was updated", matched_count: "1", modified_count: "1" };
const UNCHANGED = { message: "the schema is the active one already" };

export function schemaMethods(options: SchemaMethodsOptions): SchemaMethods {
  const { schemas, isPattern, maxMessageBytes } = options;

  /** Throws `failed_precondition` / INEXPRESSIBLE_SCHEMA. */
  const legacyOf = ({ name, number, document }: Release): JsonSchema => {
    const legacy = fromDocument(document ?? null, isPattern);
    if (legacy !== undefined) return legacy;
    throw new ServiceError(
      "failed_precondition",
      "INEXPRESSIBLE_SCHEMA",
      `release ${number} has what utils.JsonSchema cannot express; it can be read through dbconn.v1`,
      { metadata: { name, release: String(number) } },
    );
  };

  const publication = (
    name: string,
    schema: JsonSchema,
    createdAt: string,
    actor: string,
  ): Omit<PublishInput, "violations"> => ({
    name,
    document: toDocument(schema, isPattern),
    note: noteOf(createdAt),
    actor,
    compatibility: undefined,
    labels: {},
    description: undefined,
    etag: "",
    requestId: "",
    validateOnly: false,
    existing: true,
  });

  return {
    async mongoGetRawSchemas({ importName }, { signal }) {
      const name = nameOf(importName);
      const whole = { name, maxChars: JSON_OVERHEAD * maxMessageBytes };
      const { schema, releases } = await getWholeSchema(schemas, whole, signal);
      const response = create(messages.MongoGetRawSchemasResponseSchema, { id: idOf(name), importName });
      const answer = new WholeAnswer(maxMessageBytes);
      answer.take(toBinary(messages.MongoGetRawSchemasResponseSchema, response).byteLength);
      for (const release of releases) {
        const item = create(messages.MongoGetRawSchemasResponse_SchemaReleaseSchema, {
          createdAt: createdAtOf(release),
          schema: legacyOf(release),
        });
        answer.take(toBinary(messages.MongoGetRawSchemasResponse_SchemaReleaseSchema, item).byteLength);
        if (release.number !== schema.activeRelease) {
          response.schemasReleases.push(item);
        } else {
          response.createdAt = item.createdAt;
          if (item.schema !== undefined) response.activeSchema = item.schema;
        }
      }
      return response;
    },

    mongoInsertOneSchema(request, { signal, values }) {
      const actor = legacyActor(values);
      const { importName, createdAt, activeSchema, schemasReleases } = request;
      const insert = async () => {
        const v = new Violations();
        const name = checkedName(v, "import_name", importName);
        for (const [index, schema] of schemasReleases.entries()) {
          checkJsonSchema(v, `schemas_releases[${index}]`, schema);
        }
        const active = checkJsonSchema(v, "active_schema", activeSchema);
        v.throwIfAny();
        const releases: readonly NewRelease[] = [
          ...schemasReleases.map((schema) => ({ document: toDocument(schema, isPattern), note: noteOf("") })),
          { document: toDocument(active, isPattern), note: noteOf(createdAt) },
        ];
        const outcome = await racing(async () => {
          const made = await createSchema(schemas, { name, actor, releases }, signal);
          if (made !== undefined) return "CREATED";
          return (await publishRelease(schemas, publication(name, active, createdAt, actor), signal)).outcome;
        });
        const inserted = { acknowledged: "true", inserted_id: idOf(name) };
        return create(
          messages.MongoInsertOneSchemaResponseSchema,
          {
            CREATED: { status: "inserted", result: inserted },
            RELEASED: { status: "updated", result: UPDATED },
            UNCHANGED: { status: "no_change", result: UNCHANGED },
          }[outcome],
        );
      };
      return orRefused(insert, (message) =>
        create(messages.MongoInsertOneSchemaResponseSchema, { status: "error", result: { message } }),
      );
    },

    async mongoCountAllDocuments(_request, { signal, values }) {
      const visible = values.get(visibleKey);
      const all = { namePrefix: "", visible, labels: {}, showDeleted: false, pageSize: 1, pageToken: "" };
      const { totalSize } = await listSchemas(schemas, all, () => true, signal);
      return create(messages.MongoCountAllDocumentsResponseSchema, { amount: totalSize });
    },

    async mongoFindJsonSchema({ importName }, { signal }) {
      const read = async () => {
        const active = { name: nameOf(importName), release: 0, consistency: "fast", minRevision: 0 } as const;
        return (await getRelease(schemas, active, signal)).release;
      };
      let release: Release;
      try {
        release = await read();
      } catch (error) {
        if (isNotFound(error))
          return create(messages.MongoFindJsonSchemaResponseSchema, { status: "not_found" });
        const reason = refusalOf(error);
        if (reason === undefined) throw error;
        return create(messages.MongoFindJsonSchemaResponseSchema, {
          status: "error",
          extra: { error: reason },
        });
      }
      const schema = legacyOf(release);
      return create(messages.MongoFindJsonSchemaResponseSchema, { status: "found", schema });
    },

    mongoUpdateOneJsonSchema({ importName, schema, createdAt }, { signal, values }) {
      const actor = legacyActor(values);
      const update = async () => {
        const v = new Violations();
        const name = checkedName(v, "import_name", importName);
        const active = checkJsonSchema(v, "schema", schema);
        v.throwIfAny();
        const { outcome } = await publishRelease(
          schemas,
          publication(name, active, createdAt, actor),
          signal,
        );
        return create(
          messages.MongoUpdateOneJsonSchemaResponseSchema,
          outcome === "UNCHANGED"
            ? { status: "no_change", result: UNCHANGED }
            : { status: "updated", result: UPDATED },
        );
      };
      return orRefused(update, (message) =>
        create(messages.MongoUpdateOneJsonSchemaResponseSchema, { status: "error", result: { message } }),
      );
    },

    mongoDeleteOneJsonSchema({ importName }, { signal, values }) {
      const actor = legacyActor(values);
      const remove = async () => {
        const { schemaDeleted, revertedTo } = await deleteActive(
          schemas,
          { name: nameOf(importName), actor },
          signal,
        );
        return create(
          messages.MongoDeleteOneJsonSchemaResponseSchema,
          schemaDeleted
            ? { success: true, status: "deleted", message: "the schema was deleted with its only release" }
            : { success: true, status: "reverted", message: `release ${revertedTo} is active again` },
        );
      };
      return orRefused(remove, (message) =>
        create(messages.MongoDeleteOneJsonSchemaResponseSchema, { status: "error", message }),
      );
    },

    mongoDeleteImportName({ importName }, { signal, values }) {
      const actor = legacyActor(values);
      const remove = async () => {
        await deleteSchema(schemas, { ...UNCONDITIONAL, actor, name: nameOf(importName) }, signal);
        return create(messages.MongoDeleteImportNameResponseSchema, {
          success: true,
          status: "deleted",
          message: "the schema was deleted with all its releases",
        });
      };
      return orRefused(remove, (message) =>
        create(messages.MongoDeleteImportNameResponseSchema, { status: "error", message }),
      );
    },
  };
}

const UNCONDITIONAL = { note: "", etag: "", requestId: "" };

/** Deletes the release that is active at that very moment, or tries again. */
function deleteActive(
  schemas: SchemaContext,
  which: { readonly name: string; readonly actor: string },
  signal: AbortSignal,
): Promise<ReleaseDeleted> {
  return racing(async () => {
    const read = { name: which.name, consistency: "strong", minRevision: 0 } as const;
    const { schema } = await getSchema(schemas, read, signal);
    const { activeRelease: release, etag } = schema;
    const deletion = { ...UNCONDITIONAL, ...which, release, etag, allowDeleteSchema: true };
    return await deleteRelease(schemas, deletion, signal);
  });
}

/** Again, as long as another writer made what was just seen untrue. */
async function racing<T>(attempt: () => Promise<T>): Promise<T> {
  for (let round = 1; ; round++) {
    try {
      return await attempt();
    } catch (error) {
      const lost = error instanceof ServiceError && LOST_RACES.has(error.reason);
      if (!lost || round === ROUNDS) throw error;
    }
  }
}

const LOST_RACES: ReadonlySet<string> = new Set(["ETAG_MISMATCH", "CONTENTION"]);

function nameOf(importName: string): string {
  const v = new Violations();
  const name = checkedName(v, "import_name", importName);
  v.throwIfAny();
  return name;
}

/** Of the form of an ObjectId, which is what clients knew. */
function idOf(name: string): string {
  return sha256Hex(name).slice(0, 24);
}
