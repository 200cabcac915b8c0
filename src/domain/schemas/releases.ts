/** ListReleases: newest first. */
import type { Json } from "../../json.ts";
import { badPageToken, decodePageToken, encodePageToken, pageSize } from "../paging.ts";
import { checkName, Violations } from "../validation.ts";
import type { Admit, SchemaContext } from "./context.ts";
import { BODY_READ_BYTES, BODY_READS } from "./limits.ts";
import { readOptions } from "./reads.ts";
import { type Release, toRelease } from "./release.ts";
import { type HeadRelease, usable } from "./schema.ts";

export interface ListReleasesInput {
  readonly name: string;
  readonly pageSize: number;
  readonly pageToken: string;
  /** Without documents unless full. */
  readonly view: "basic" | "full";
  readonly violations?: Violations;
}

export interface ReleasePage {
  readonly releases: readonly Release[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

/** `not_found` / SCHEMA_NOT_FOUND, SCHEMA_DELETED. Always from the durable store. */
export async function listReleases(
  { objects, bodies }: SchemaContext,
  input: ListReleasesInput,
  admit: Admit<Release>,
  signal?: AbortSignal,
): Promise<ReleasePage> {
  const { name, view } = input;
  const v = input.violations ?? new Violations();
  checkName(v, "name", name);
  const size = pageSize(input.pageSize, v);
  v.throwIfAny();
  const identity = { list: "releases", name, view };
  const before = readNumber(decodePageToken(identity, input.pageToken));
  const { document } = await objects.read(
    name,
    readOptions({ consistency: "strong", minRevision: 0 }, signal),
  );
  const rest = usable(document).releases.filter(({ n }) => n < before);
  const wanted = rest.slice(-size).reverse();

  const releases: Release[] = [];
  let last = before;
  const page = (more: boolean): ReleasePage => ({
    releases,
    nextPageToken: more ? encodePageToken(identity, last) : "",
  });
  for (const chunk of chunksOf(wanted, view)) {
    const ids = chunk.map(({ b }) => b);
    const found = await bodies.getMany(ids, { whole: view === "full", ...(signal && { signal }) });
    for (const stored of chunk) {
      const body = found.get(stored.b);
      // Without its body it was deleted since the head was read.
      if (body !== undefined) {
        const release = toRelease(name, stored, body, view);
        if (!admit(release)) return page(true);
        releases.push(release);
      }
      last = stored.n;
    }
  }
  return page(rest.length > wanted.length);
}

/** Releases whose bodies are read in one go: few enough that a page that ends early has not read much in vain. */
export function chunksOf(releases: readonly HeadRelease[], view: "basic" | "full"): readonly HeadRelease[][] {
  const chunks: HeadRelease[][] = [];
  let chunk: HeadRelease[] = [];
  let size = 0;
  for (const release of releases) {
    const bytes = view === "full" ? release.l : 0;
    if (chunk.length > 0 && (chunk.length === BODY_READS || size + bytes > BODY_READ_BYTES)) {
      chunks.push(chunk);
      chunk = [];
      size = 0;
    }
    chunk.push(release);
    size += bytes;
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}

function readNumber(position: Json | undefined): number {
  if (position === undefined) return Number.POSITIVE_INFINITY;
  if (!Number.isSafeInteger(position) || Number(position) < 1) throw badPageToken();
  return Number(position);
}
