/** DiffReleases. */
import type { Explanation } from "../../ports/schema-comparer.ts";
import { checkName, Violations } from "../validation.ts";
import { checkRelease } from "./checks.ts";
import type { SchemaContext } from "./context.ts";
import { noPredecessor } from "./errors.ts";
import { fastRead, readReleases } from "./reads.ts";
import { findRelease, type Head } from "./schema.ts";

export interface DiffInput {
  readonly name: string;
  /** 0 = the highest that remains below `toRelease`. */
  readonly fromRelease: number;
  /** 0 = the active one. */
  readonly toRelease: number;
  readonly violations?: Violations;
}

const NO_CHANGE: Explanation = {
  class: "IDENTICAL",
  changes: [],
  acceptedByOlderOnly: undefined,
  acceptedByNewerOnly: undefined,
  patch: [],
};

export interface Diff extends Explanation {
  readonly fromRelease: number;
  readonly toRelease: number;
}

/** `not_found` / SCHEMA_NOT_FOUND, SCHEMA_DELETED, RELEASE_NOT_FOUND, and what the validator throws. */
export async function diffReleases(
  context: SchemaContext,
  input: DiffInput,
  signal?: AbortSignal,
): Promise<Diff> {
  const v = input.violations ?? new Violations();
  checkName(v, "name", input.name);
  checkRelease(v, "from_release", input.fromRelease);
  checkRelease(v, "to_release", input.toRelease);
  v.throwIfAny();
  const pick = (head: Head) => {
    const to = findRelease(head, input.toRelease);
    if (input.fromRelease !== 0) return [findRelease(head, input.fromRelease), to] as const;
    const before = head.releases.findLast(({ n }) => n < to.n);
    if (before === undefined) throw noPredecessor(to.n);
    return [before, to] as const;
  };
  const { found } = await readReleases(context, input.name, fastRead(signal), pick);
  const [[from, fromBody], [to, toBody]] = found;
  const numbers = { fromRelease: from.n, toRelease: to.n };
  if (from.h === to.h) return { ...numbers, ...NO_CHANGE };
  const older = { text: fromBody.text, dialect: from.d, sha256: from.h };
  const newer = { text: toBody.text, dialect: to.d, sha256: to.h };
  return { ...numbers, ...(await context.comparer.explain(older, newer, signal)) };
}
