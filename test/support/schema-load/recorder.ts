// Calls of SchemaService and their answers as the operations that the checker of schemas reads.
import type { MessageInitShape } from "@bufbuild/protobuf";

import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { type Consistency, type Provenance, Source } from "../../../gen/dbconn/v1/common_pb.ts";
import {
  Compatibility,
  type PublishReleaseRequestSchema,
  type Schema,
  type SchemaRelease,
  type SchemaService,
} from "../../../gen/dbconn/v1/schema_pb.ts";
import { ErrorInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import { canonicalJson, sha256Hex } from "../../../src/canonical.ts";
import type { Json } from "../../../src/json.ts";
import { jsonOf, value } from "../../protocol/values.ts";
import type { SchemaAnswer, SchemaCall, SchemaOperation, ShownSchema } from "../history/schemas/operation.ts";

/** Milliseconds since the epoch with fractions, never going back. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

/** The content's name in histories. */
export function contentOf(document: Json): string {
  return sha256Hex(canonicalJson(document));
}

/** Who asks, whom, and about what. */
export interface Asking {
  readonly client: string;
  readonly schemas: Client<typeof SchemaService>;
  readonly name: string;
  readonly deadlineMs: number;
}

export interface Writing extends Asking {
  readonly requestId: string;
  readonly actor: string;
  readonly note: string;
}

interface Answered {
  readonly schema?: Schema | undefined;
  readonly release?: SchemaRelease | undefined;
  readonly appliedRevision?: bigint;
  readonly replayed?: boolean;
  readonly provenance?: Provenance | undefined;
}

/** No method throws what the service answers: the operation says what it was. */
export class SchemaRecorder {
  readonly operations: SchemaOperation[] = [];

  publish(
    to: Writing,
    document: Json,
    more: Pick<MessageInitShape<typeof PublishReleaseRequestSchema>, "compatibility"> = {},
  ): Promise<SchemaOperation> {
    const { compatibility } = more;
    const mode = compatibility === undefined ? {} : { mode: modeOf(compatibility) };
    const call = { method: "publish", content: contentOf(document), ...mode } as const;
    return this.#write(to, call, (request, options) =>
      to.schemas.publishRelease({ ...request, ...more, document: value(document) }, options),
    );
  }

  setMode(to: Writing, compatibility: Compatibility): Promise<SchemaOperation> {
    return this.#write(to, { method: "update", mode: modeOf(compatibility) }, (request, options) =>
      to.schemas.updateSchema({ ...request, compatibility }, options),
    );
  }

  revert(to: Writing, release: number): Promise<SchemaOperation> {
    return this.#write(to, { method: "revert", release }, (request, options) =>
      to.schemas.revertSchema({ ...request, release }, options),
    );
  }

  deleteRelease(to: Writing, release: number): Promise<SchemaOperation> {
    return this.#write(to, { method: "delete_release", release }, (request, options) =>
      to.schemas.deleteRelease({ ...request, release }, options),
    );
  }

  delete(to: Writing): Promise<SchemaOperation> {
    return this.#write(to, { method: "delete" }, (request, options) =>
      to.schemas.deleteSchema(request, options),
    );
  }

  undelete(to: Writing): Promise<SchemaOperation> {
    return this.#write(to, { method: "undelete" }, (request, options) =>
      to.schemas.undeleteSchema(request, options),
    );
  }

  purge(to: Writing): Promise<SchemaOperation> {
    return this.#write(to, { method: "purge" }, (request, options) =>
      to.schemas.purgeSchema(request, options),
    );
  }

  getSchema(from: Asking, consistency: Consistency): Promise<SchemaOperation> {
    const { name } = from;
    return this.#record(from, { method: "get_schema" }, {}, () =>
      from.schemas.getSchema({ name, consistency }, within(from)),
    );
  }

  /** 0 = the active one. */
  getRelease(from: Asking, release: number, consistency: Consistency): Promise<SchemaOperation> {
    const { name } = from;
    return this.#record(from, { method: "get_release", release }, {}, () =>
      from.schemas.getRelease({ name, release, consistency }, within(from)),
    );
  }

  #write(
    to: Writing,
    call: SchemaCall,
    send: (
      request: Omit<Writing, keyof Asking> & { name: string },
      options: { timeoutMs: number },
    ) => Promise<Answered>,
  ): Promise<SchemaOperation> {
    const { name, requestId, actor, note } = to;
    const about = { requestId, actor, note };
    return this.#record(to, call, about, () => send({ name, ...about }, within(to)));
  }

  async #record(
    { client, name }: Asking,
    call: SchemaCall,
    about: Pick<SchemaOperation, "requestId" | "actor" | "note">,
    send: () => Promise<Answered>,
  ): Promise<SchemaOperation> {
    const begun = { client, name, call, ...about, start: now() };
    const answer = await send().then(ok, failed);
    const operation = { ...begun, end: now(), answer };
    this.operations.push(operation);
    return operation;
  }
}

function within({ deadlineMs }: Asking): { timeoutMs: number } {
  return { timeoutMs: deadlineMs };
}

function ok({ schema, release, appliedRevision, replayed, provenance }: Answered): SchemaAnswer {
  const isOld = provenance?.degraded === true && provenance.source === Source.HOT;
  return {
    outcome: "ok",
    ...(schema === undefined ? {} : { schema: shownSchema(schema) }),
    ...(release === undefined ? {} : { release: shownRelease(release) }),
    ...(appliedRevision === undefined ? {} : { appliedRevision: Number(appliedRevision) }),
    ...(replayed ? { replayed } : {}),
    ...(isOld ? { degraded: true } : {}),
  };
}

export function shownSchema(schema: Schema): ShownSchema {
  const { activeRelease: active, latestRelease: latest, releaseCount: count } = schema;
  return { revision: Number(schema.revision), active, latest, count };
}

/** The content is the document's own where there is one, and what the service says of it else. */
export function shownRelease({ release, document, sha256 }: SchemaRelease) {
  return {
    number: release,
    content: document === undefined ? sha256 : contentOf((jsonOf(document) ?? null) as Json),
  };
}

function failed(error: unknown): SchemaAnswer {
  const known = ConnectError.from(error);
  const [info] = known.findDetails(ErrorInfoSchema);
  const applied = info?.metadata.applied;
  return {
    outcome: "failed",
    reason: info?.reason ?? `${Code[known.code]}: ${known.rawMessage}`,
    applied: applied === "no" || applied === "yes" ? applied : "unknown",
  };
}

/** `BACKWARD_TRANSITIVE`. */
export function modeOf(compatibility: Compatibility): string {
  const found = Object.entries(Compatibility).find(([, number]) => number === compatibility)?.[0];
  if (found === undefined) throw new Error(`there is no mode ${compatibility}`);
  return found;
}
