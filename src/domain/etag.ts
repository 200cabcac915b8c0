/**
 * Etags: they name one revision of one incarnation, so that what was written about a deleted object never passes
 * for its successor. Opaque to callers.
 */
import type { Violations } from "./validation.ts";

export interface Version {
  /** Made anew with every creation. */
  readonly incarnation: string;
  readonly revision: number;
}

const FORM = /^([1-9][0-9]{0,15})\.(.{1,128})$/su;

export function encodeEtag({ incarnation, revision }: Version): string {
  return Buffer.from(`${revision}.${incarnation}`, "utf8").toString("base64url");
}

/** The version that an etag names; undefined for the empty text (no condition), and, with a violation, for no etag. */
export function decodeEtag(v: Violations, etag: string): Version | undefined {
  if (etag === "") return undefined;
  const bytes = Buffer.from(etag, "base64url");
  // Decoding skips what is no base64url, so only a text that comes out again was made here.
  const parts = bytes.toString("base64url") === etag ? FORM.exec(bytes.toString("utf8")) : null;
  const [, revision, incarnation] = parts ?? [];
  if (revision === undefined || incarnation === undefined || !Number.isSafeInteger(Number(revision))) {
    v.add("etag", "must be one that this service gave");
    return undefined;
  }
  return { incarnation, revision: Number(revision) };
}
