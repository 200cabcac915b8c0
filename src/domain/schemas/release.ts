import type { Dialect } from "../../dialect.ts";
import type { Json } from "../../json.ts";
import type { SchemaText } from "../../ports/document-validator.ts";
import type { ChangeClass } from "../../ports/schema-comparer.ts";
import type { Body } from "./bodies.ts";
import type { SchemaContext } from "./context.ts";
import type { HeadRelease } from "./schema.ts";

export interface Release {
  readonly name: string;
  readonly number: number;
  /** Undefined in a basic view. */
  readonly document: Json | undefined;
  readonly sha256: string;
  readonly dialect: Dialect;
  /** Against its predecessor; undefined = there was none, or it was not judged. */
  readonly change: ChangeClass | undefined;
  /** Milliseconds since the epoch. */
  readonly createTime: number;
  readonly createdBy: string;
  readonly note: string;
}

export function toRelease(name: string, stored: HeadRelease, body: Body, view: "basic" | "full"): Release {
  return {
    name,
    number: stored.n,
    document: view === "full" ? (JSON.parse(body.text) as Json) : undefined,
    sha256: stored.h,
    dialect: stored.d,
    change: stored.c ?? undefined,
    createTime: stored.t,
    createdBy: body.createdBy,
    note: body.note,
  };
}

/** A release that has yet to get its number, and its place in a head. */
export type StoredRelease = Pick<HeadRelease, "b" | "l" | "h" | "d" | "t" | "c">;

/** Stores the body of a release that was made elsewhere or at another time. */
export async function storeRelease(
  { bodies, clock, ids }: SchemaContext,
  schema: string,
  release: Pick<Release, "note" | "createdBy" | "createTime" | "change"> & { readonly content: SchemaText },
  signal?: AbortSignal,
): Promise<StoredRelease> {
  const { content, note, createdBy, createTime, change } = release;
  const { text, sha256, dialect } = content;
  const id = ids.random();
  await bodies.insert(id, { schema, text, note, createdBy, createTime: clock.now() }, signal);
  return { b: id, l: text.length, h: sha256, d: dialect, t: createTime, c: change ?? null };
}
