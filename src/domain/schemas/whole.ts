/** A schema with all its releases, as of one moment. No method of dbconn.v1, which has pages for this. */
import { ServiceError } from "../../errors.ts";
import { checkName, Violations } from "../validation.ts";
import type { SchemaContext } from "./context.ts";
import { BODY_READS } from "./limits.ts";
import { fastRead } from "./reads.ts";
import { type Release, toRelease } from "./release.ts";
import { type Head, type Schema, toSchema, usable } from "./schema.ts";

export interface WholeSchema {
  readonly schema: Schema;
  /** By number, ascending, with their documents. */
  readonly releases: readonly Release[];
}

/**
 * `not_found` / SCHEMA_NOT_FOUND, SCHEMA_DELETED; `resource_exhausted` / TOO_LARGE when the documents have more than
 * `maxChars` characters of JSON together.
 */
export async function getWholeSchema(
  context: SchemaContext,
  input: { readonly name: string; readonly maxChars: number },
  signal?: AbortSignal,
): Promise<WholeSchema> {
  const v = new Violations();
  checkName(v, "name", input.name);
  v.throwIfAny();
  const options = fastRead(signal);
  for (let retried = false; ; retried = true) {
    const consistency = retried ? "strong" : "fast";
    const { document } = await context.objects.read(input.name, { ...options, consistency });
    const head = usable(document);
    if (head.releases.reduce((sum, { l }) => sum + l, 0) > input.maxChars) {
      throw new ServiceError(
        "resource_exhausted",
        "TOO_LARGE",
        "all releases together are too large to answer",
      );
    }
    const releases = await readAll(context, head, signal);
    if (releases !== undefined) return { schema: toSchema(head), releases };
    // A body goes after its release went, so a head that is read now no longer names it.
    if (retried) throw new Error(`schema ${input.name} names a body that is not there`);
  }
}

/** Undefined when a body is gone. */
async function readAll(
  { bodies }: SchemaContext,
  head: Head,
  signal?: AbortSignal,
): Promise<readonly Release[] | undefined> {
  const releases: Release[] = [];
  for (let at = 0; at < head.releases.length; at += BODY_READS) {
    const chunk = head.releases.slice(at, at + BODY_READS);
    const found = await bodies.getMany(
      chunk.map(({ b }) => b),
      { whole: true, ...(signal && { signal }) },
    );
    for (const release of chunk) {
      const body = found.get(release.b);
      if (body === undefined) return undefined;
      releases.push(toRelease(head.key, release, body, "full"));
    }
  }
  return releases;
}
