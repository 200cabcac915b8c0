/** ExportSchemas: schemas with all their releases, by name, always from the durable store. */
import type { Json } from "../../json.ts";
import { type Budget, badPageToken, decodePageToken, encodePageToken, pageSize } from "../paging.ts";
import { checkName, Violations } from "../validation.ts";
import type { SchemaContext } from "./context.ts";
import { headsByName, type WhichSchemas } from "./list.ts";
import { readOptions } from "./reads.ts";
import { type Release, toRelease } from "./release.ts";
import { chunksOf } from "./releases.ts";
import { type Head, isLive, type Schema, toSchema } from "./schema.ts";

export interface ExportInput extends WhichSchemas {
  readonly pageSize: number;
  readonly pageToken: string;
}

/** A schema, or a part of one that is too large for a page. */
export interface ExportedSchema {
  readonly schema: Schema;
  /** By number, ascending, with their documents; at least one. */
  readonly releases: readonly Release[];
  /** Whether releases of the schema follow in the next page. */
  readonly more: boolean;
}

export interface ExportPage {
  readonly schemas: readonly ExportedSchema[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

/** What items take of the answer. */
export interface ExportSizes {
  readonly budget: Budget;
  readonly schema: (schema: Schema) => number;
  readonly release: (release: Release) => number;
}

/** `after`: the last schema that was exported whole. `part`: of the next one, the last release that was exported. */
interface Position {
  readonly after: string;
  readonly part: number;
}

export async function exportSchemas(
  context: SchemaContext,
  input: ExportInput,
  sizes: ExportSizes,
  signal?: AbortSignal,
): Promise<ExportPage> {
  const { namePrefix, showDeleted } = input;
  const v = new Violations();
  checkName(v, "name_prefix", namePrefix, { optional: true });
  const size = pageSize(input.pageSize, v);
  v.throwIfAny();
  const identity = { list: "export", name_prefix: namePrefix, show_deleted: showDeleted };
  let { after, part } = readPosition(decodePageToken(identity, input.pageToken));
  const schemas: ExportedSchema[] = [];
  const page = (): ExportPage => ({ schemas, nextPageToken: encodePageToken(identity, { after, part }) });
  for await (const { key } of headsByName(context.store, input, after, signal)) {
    if (schemas.length === size) return page();
    const read = await exportOne(context, key, part, showDeleted, sizes, signal);
    if (read !== undefined) {
      if (read.releases.length > 0) schemas.push(read);
      if (read.more) {
        part = read.releases.at(-1)?.number ?? part;
        return page();
      }
    }
    after = key;
    part = 0;
  }
  return { schemas, nextPageToken: "" };
}

/** The releases above `part` that fit; undefined when the schema went meanwhile. */
async function exportOne(
  context: SchemaContext,
  name: string,
  part: number,
  showDeleted: boolean,
  sizes: ExportSizes,
  signal?: AbortSignal,
): Promise<ExportedSchema | undefined> {
  const { document } = await context.objects.read(
    name,
    readOptions({ consistency: "strong", minRevision: 0 }, signal),
  );
  if (!isLive(document)) return undefined;
  // Nothing but this folder's own shape is ever written to the collection.
  const head = document as Head;
  if (head.deleted && !showDeleted) return undefined;
  const schema = toSchema(head);
  const releases: Release[] = [];
  for (const chunk of chunksOf(
    head.releases.filter(({ n }) => n > part),
    "full",
  )) {
    const ids = chunk.map(({ b }) => b);
    const found = await context.bodies.getMany(ids, { whole: true, ...(signal && { signal }) });
    for (const stored of chunk) {
      const body = found.get(stored.b);
      // Without its body it was deleted since the head was read.
      if (body === undefined) continue;
      const release = toRelease(name, stored, body, "full");
      // A part has a release at least, so the schema is counted with its first one.
      const bytes = sizes.release(release) + (releases.length === 0 ? sizes.schema(schema) : 0);
      if (!sizes.budget.take(bytes)) return { schema, releases, more: true };
      releases.push(release);
    }
  }
  return { schema, releases, more: false };
}

function readPosition(position: Json | undefined): Position {
  if (position === undefined) return { after: "", part: 0 };
  const { after, part } = (position ?? {}) as Partial<Position>;
  if (typeof after !== "string" || typeof part !== "number" || !Number.isSafeInteger(part) || part < 0) {
    throw badPageToken();
  }
  return { after, part };
}
