import type { AnyDesc, DescFile } from "@bufbuild/protobuf";
import { getComments } from "@bufbuild/protoplugin";

/** The comment before a declaration, as one paragraph; empty when there is none. */
export function commentOf(desc: Exclude<AnyDesc, DescFile>): string {
  const { leading = "" } = getComments(desc);
  return leading
    .split("\n")
    .map((line) => line.trim())
    .join(" ")
    .replace(/ {2,}/g, " ")
    .trim();
}
